//! What is said to a holder that is one no more.

use std::sync::Arc;

use crate::fence::Fence;

/// A write was refused, because a later holder of the lock was here before.
///
/// Whoever sees it does not hold the lock any more, whatever it believes: it ends what it does, and writes nothing.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("`{resource}` refuses the token {fence}: it has seen {greatest}, of a later holder")]
#[non_exhaustive]
pub struct Stale {
    /// What was to be written to.
    pub resource: Arc<str>,
    /// The token that was shown.
    pub fence: Fence,
    /// The greatest one that the resource knows.
    pub greatest: Fence,
}

//! What cannot be written everywhere, and what to do instead.

/// A command that cannot be written everywhere. Nothing was sent.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{command} cannot be written everywhere: {why}; {instead}")]
pub(crate) struct Unshippable {
    /// Its name.
    pub(crate) command: String,
    /// Why not.
    pub(crate) why: &'static str,
    /// What to do instead.
    pub(crate) instead: &'static str,
}

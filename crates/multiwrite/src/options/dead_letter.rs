//! What a remote refused.

use std::sync::Arc;

use redfleet_core::Error;

/// What a remote refused, for the callback of [`RemoteOptions`](crate::RemoteOptions).
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct DeadLetter {
    /// The remote's name.
    pub remote: Arc<str>,
    /// The names of the commands. Their arguments may be secret, so they are not here.
    pub commands: Vec<String>,
    /// The keys. They are copied whole, so that the remote becomes equal all the same.
    pub keys: Vec<Arc<[u8]>>,
    /// What the remote said.
    pub error: Error,
}

/// Takes dead letters. It runs in the remote's own task, and must not block.
pub(crate) type OnDeadLetter = Arc<dyn Fn(&DeadLetter) + Send + Sync>;

//! What can be wrong with the network, and what has passed through it.

use std::time::Duration;

/// How the network between client and server does.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum Fault {
    /// All bytes pass at once.
    #[default]
    None,
    /// All bytes pass, each way after its time. Later bytes do not wait for earlier ones to arrive: it is
    /// distance, not a narrow line.
    Delay {
        /// How long bytes take from the client to the server.
        requests: Duration,
        /// How long bytes take from the server to the client.
        replies: Duration,
    },
    /// What the client sends never arrives.
    LoseRequests,
    /// What the client sends arrives; what the server answers does not.
    LoseReplies,
    /// Connections are taken, and nothing passes either way. Nothing is lost: all passes when the hang ends.
    Hang,
    /// Whatever the client sends is answered by something that is not RESP. The server sees none of it.
    Garbage,
    /// Open connections are closed, and new ones refused by the operating system.
    Cut,
}

/// What has passed through a proxy since it started.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Traffic {
    /// Connections that were taken from clients.
    pub connections: u64,
    /// Bytes from clients that were sent on to the server, those still on their way included.
    pub request_bytes: u64,
    /// Bytes from the server that were sent on to clients, those still on their way included.
    pub reply_bytes: u64,
    /// Bytes of either side that were swallowed: whoever heals the network sees by them what was lost before.
    pub lost_bytes: u64,
}

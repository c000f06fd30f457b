//! How much a door holds for its clients.

use super::parse;

/// The limits of one door.
#[derive(Clone, Copy, Debug)]
pub(super) struct Limits {
    /// Connections at once.
    pub(super) connections_max: usize,
    /// What one request may be.
    pub(super) requests: parse::Limits,
    /// Bytes of replies that nobody has read yet; beyond it no command is carried out.
    pub(super) unread_max_bytes: usize,
    /// Bytes that came but cannot be looked at yet, because a command waits.
    pub(super) ahead_max_bytes: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            connections_max: 1000,
            requests: parse::Limits {
                words_max: 1 << 20,
                bulk_max_bytes: 512 << 20,
                request_max_bytes: 1 << 30,
            },
            unread_max_bytes: 64 << 20,
            ahead_max_bytes: 1 << 20,
        }
    }
}

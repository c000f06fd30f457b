//! What is on its way in one direction, in order, each piece with the time when it is due.

use std::collections::VecDeque;

use tokio::time::Instant;

/// How many bytes may be on their way in one direction; more stay with the sender.
const MAX_BYTES: usize = 1024 * 1024;

#[derive(Debug, Default)]
pub(super) struct Queue {
    pieces: VecDeque<(Instant, Vec<u8>)>,
    /// How much of the first piece is delivered.
    delivered: usize,
    bytes: usize,
}

impl Queue {
    pub(super) fn push(&mut self, due: Instant, piece: &[u8]) {
        self.bytes += piece.len();
        self.pieces.push_back((due, piece.to_vec()));
    }

    /// When the first piece is due; later ones wait behind it.
    pub(super) fn due(&self) -> Option<Instant> {
        self.pieces.front().map(|(due, _)| *due)
    }

    /// What is left of the first piece.
    pub(super) fn front(&self) -> &[u8] {
        self.pieces.front().and_then(|(_, piece)| piece.get(self.delivered..)).unwrap_or_default()
    }

    /// Forgets `count` bytes of the first piece: they are delivered.
    pub(super) fn advance(&mut self, count: usize) {
        self.bytes = self.bytes.saturating_sub(count);
        self.delivered += count;
        if self.front().is_empty() {
            self.pieces.pop_front();
            self.delivered = 0;
        }
    }

    pub(super) fn is_empty(&self) -> bool {
        self.pieces.is_empty()
    }

    pub(super) const fn is_full(&self) -> bool {
        self.bytes >= MAX_BYTES
    }
}

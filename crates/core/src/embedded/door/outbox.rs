//! Bytes on their way to a client.

/// How much memory is kept for the next replies.
const KEPT_MAX_BYTES: usize = 1 << 20;

/// What is written, the part that is gone already included.
#[derive(Debug, Default)]
pub(super) struct Outbox {
    bytes: Vec<u8>,
    gone: usize,
}

impl Outbox {
    /// Where replies are appended.
    pub(super) fn end(&mut self) -> &mut Vec<u8> {
        // What is gone is let go before it is more than what is left.
        if self.gone > KEPT_MAX_BYTES && self.gone * 2 > self.bytes.len() {
            self.bytes.drain(..self.gone);
            self.gone = 0;
        }
        &mut self.bytes
    }

    pub(super) fn rest(&self) -> &[u8] {
        self.bytes.get(self.gone..).unwrap_or_default()
    }

    pub(super) fn is_empty(&self) -> bool {
        self.rest().is_empty()
    }

    pub(super) fn len(&self) -> usize {
        self.rest().len()
    }

    /// So many bytes were taken.
    pub(super) fn advance(&mut self, bytes: usize) {
        self.gone += bytes;
        if self.is_empty() {
            self.gone = 0;
            if self.bytes.capacity() > KEPT_MAX_BYTES {
                self.bytes = Vec::new();
            }
            self.bytes.clear();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_gone_is_gone_and_its_memory_too() {
        let mut outbox = Outbox::default();
        outbox.end().extend_from_slice(&[1; 4 * KEPT_MAX_BYTES]);
        outbox.advance(3 * KEPT_MAX_BYTES);
        outbox.end().extend_from_slice(&[2; 3]);
        assert_eq!((outbox.len(), outbox.gone), (KEPT_MAX_BYTES + 3, 0));
        outbox.advance(KEPT_MAX_BYTES);
        assert_eq!(outbox.rest(), [2; 3]);
        outbox.advance(3);
        assert!(outbox.is_empty() && outbox.bytes.capacity() == 0);
    }
}

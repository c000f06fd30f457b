//! One request: its words, side by side.

/// What the list of a queued command's words costs for each, and what the command costs besides.
const WORD_BYTES: usize = 24;
const COMMAND_BYTES: usize = 64;

/// The words of a command, its name first.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Request {
    bytes: Vec<u8>,
    /// Where each word ends; it begins where the one before it ends.
    ends: Vec<usize>,
}

impl Request {
    /// Adds to the word that is being read.
    pub(super) fn extend(&mut self, bytes: &[u8]) {
        self.bytes.extend_from_slice(bytes);
    }

    /// Ends the word that is being read.
    pub(super) fn end_word(&mut self) {
        self.ends.push(self.bytes.len());
    }

    pub(super) fn is_empty(&self) -> bool {
        self.ends.is_empty()
    }

    pub(super) fn size_bytes(&self) -> usize {
        self.bytes.len()
    }

    /// How much memory it holds as long as it is queued. Words of no bytes are not for nothing.
    pub(super) fn cost_bytes(&self) -> usize {
        self.bytes.len() + self.ends.len() * WORD_BYTES + COMMAND_BYTES
    }

    /// How much memory it holds.
    #[cfg(test)]
    pub(super) fn capacity_bytes(&self) -> usize {
        self.bytes.capacity() + self.ends.capacity() * size_of::<usize>()
    }

    pub(super) fn words(&self) -> Vec<&[u8]> {
        let mut start = 0;
        let word = |end: &usize| {
            let word = self.bytes.get(start..*end).unwrap_or_default();
            start = *end;
            word
        };
        self.ends.iter().map(word).collect()
    }
}

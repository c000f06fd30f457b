//! The ids of a stream's entries.

use std::fmt;

use crate::embedded::number;

/// The longest word that is read as an id.
const MAX_WORD_BYTES: usize = 127;

/// When an entry was added, and how many came before it at that time. Any two are different and in order.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct StreamId {
    pub(crate) ms: u64,
    pub(crate) seq: u64,
}

impl StreamId {
    /// Before all entries, of which none has it.
    pub(crate) const ZERO: Self = Self { ms: 0, seq: 0 };
    pub(crate) const MAX: Self = Self { ms: u64::MAX, seq: u64::MAX };

    /// Reads `ms-seq`, or `ms` alone, with this `seq`.
    pub(crate) fn read(word: &[u8], missing_seq: u64) -> Option<Self> {
        if word.len() > MAX_WORD_BYTES {
            return None;
        }
        // What is behind a zero byte is not seen.
        let word = word.split(|byte| *byte == 0).next().unwrap_or_default();
        let mut parts = word.splitn(2, |byte| *byte == b'-');
        let ms = number::unsigned(parts.next()?)?;
        let seq = parts.next().map_or(Some(missing_seq), number::unsigned)?;
        Some(Self { ms, seq })
    }

    /// The one right behind it, unless it is the last.
    pub(crate) const fn next(self) -> Option<Self> {
        match (self.seq.checked_add(1), self.ms.checked_add(1)) {
            (Some(seq), _) => Some(Self { seq, ..self }),
            (None, Some(ms)) => Some(Self { ms, seq: 0 }),
            (None, None) => None,
        }
    }

    /// The one right before it, unless it is the first.
    pub(crate) const fn previous(self) -> Option<Self> {
        match (self.seq.checked_sub(1), self.ms.checked_sub(1)) {
            (Some(seq), _) => Some(Self { seq, ..self }),
            (None, Some(ms)) => Some(Self { ms, seq: u64::MAX }),
            (None, None) => None,
        }
    }

    /// In the order in which they sort.
    pub(super) fn bytes(self) -> [u8; 16] {
        (u128::from(self.ms) << 64 | u128::from(self.seq)).to_be_bytes()
    }
}

impl fmt::Display for StreamId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}-{}", self.ms, self.seq)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_are_read_as_redis_reads_them() {
        let id = |word: &str| StreamId::read(word.as_bytes(), 9).map(|id| id.to_string());
        assert_eq!(id("5"), Some("5-9".into()));
        assert_eq!(id("007-+5"), Some("7-5".into()));
        assert_eq!(id("1\0-1"), Some("1-9".into()));
        assert_eq!(id(&"0".repeat(127)), Some("0-9".into()));
        assert_eq!(id(&"0".repeat(128)), None);
        assert_eq!(id("18446744073709551615-18446744073709551615"), Some(StreamId::MAX.to_string()));
        for wrong in ["", "-", "-1", "1-", "1-2-3", "x", "1-x", "1-*", "18446744073709551616", "+", "$"] {
            assert_eq!(id(wrong), None, "{wrong}");
        }
    }

    #[test]
    fn neighbours_are_found_up_to_the_ends() {
        let edge = StreamId { ms: 3, seq: u64::MAX };
        assert_eq!(edge.next(), Some(StreamId { ms: 4, seq: 0 }));
        assert_eq!(edge.next().and_then(StreamId::previous), Some(edge));
        assert_eq!((StreamId::ZERO.previous(), StreamId::MAX.next()), (None, None));
        assert!(edge.bytes() < StreamId { ms: 4, seq: 0 }.bytes());
    }
}

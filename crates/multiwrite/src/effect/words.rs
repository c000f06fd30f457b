//! The words of a command, read by their place.

use redis::{Arg, Cmd};

/// The words of a command, the name first. A place that is not there reads as an empty word, as the server, which refuses such a
/// command anyway, is asked all the same.
#[derive(Clone, Debug)]
pub(super) struct Words<'a>(Vec<&'a [u8]>);

impl<'a> Words<'a> {
    pub(super) fn of(command: &'a Cmd) -> Self {
        let word = |arg| if let Arg::Simple(word) = arg { word } else { b"0".as_slice() };
        Self(command.args_iter().map(word).collect())
    }

    pub(super) fn len(&self) -> usize {
        self.0.len()
    }

    pub(super) fn at(&self, index: usize) -> &'a [u8] {
        self.0.get(index).copied().unwrap_or_default()
    }

    /// The words from here on.
    pub(super) fn from(&self, index: usize) -> &[&'a [u8]] {
        self.0.get(index..).unwrap_or_default()
    }

    pub(super) fn is(&self, index: usize, wanted: &str) -> bool {
        self.at(index).eq_ignore_ascii_case(wanted.as_bytes())
    }

    pub(super) fn number(&self, index: usize) -> Option<i64> {
        number(self.at(index))
    }

    /// The word here in upper case.
    pub(super) fn upper(&self, index: usize) -> Vec<u8> {
        self.at(index).to_ascii_uppercase()
    }

    /// Whether such a word is at this place or later.
    pub(super) fn has(&self, from: usize, wanted: &str) -> bool {
        self.find(from, wanted).is_some()
    }

    /// Where the first such word is, at this place or later.
    pub(super) fn find(&self, from: usize, wanted: &str) -> Option<usize> {
        (from..self.len()).find(|index| self.is(*index, wanted))
    }
}

/// A whole number in decimal digits, as Redis reads one.
pub(super) fn number(word: &[u8]) -> Option<i64> {
    std::str::from_utf8(word).ok()?.parse().ok()
}

/// The command of these words.
pub(super) fn command<'a>(words: impl IntoIterator<Item = &'a [u8]>) -> Cmd {
    let mut command = Cmd::new();
    for word in words {
        command.arg(word);
    }
    command
}

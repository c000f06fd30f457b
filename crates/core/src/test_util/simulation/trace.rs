//! The trace: one line for everything that happens, the same for the same seed to the byte.

use std::fmt::{self, Write};
use std::time::Duration;

/// A run that writes more than this is not read by anybody.
const MAX_BYTES: usize = 256 * 1024 * 1024;

/// What has happened so far.
#[derive(Debug, Default)]
pub(super) struct Trace {
    text: String,
}

impl Trace {
    /// Writes one line.
    pub(super) fn line(&mut self, now: Duration, what: fmt::Arguments<'_>) {
        if self.text.len() < MAX_BYTES {
            // Writing into a string cannot fail.
            write!(self.text, "{:>7} ", now.as_millis()).ok();
            self.text.write_fmt(what).ok();
            self.text.push('\n');
        }
    }

    pub(super) fn text(&self) -> &str {
        &self.text
    }
}

/// The first line in which two traces differ, for people.
pub(super) fn difference(one: &str, other: &str) -> Option<String> {
    if one == other {
        return None;
    }
    let mut lines = one.lines().zip(other.lines()).enumerate();
    let text = match lines.find(|(_, (one, other))| one != other) {
        Some((index, (one, other))) => format!("line {} is once {one:?} and once {other:?}", index + 1),
        None => format!("one has {} lines, the other {}", one.lines().count(), other.lines().count()),
    };
    Some(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_difference_is_told() {
        assert_eq!(difference("a\nb\n", "a\nb\n"), None);
        assert_eq!(difference("a\nb\n", "a\nc\n").unwrap(), "line 2 is once \"b\" and once \"c\"");
        assert_eq!(difference("a\n", "a\nb\n").unwrap(), "one has 1 lines, the other 2");
    }

    #[test]
    fn lines_begin_with_the_time() {
        let mut trace = Trace::default();
        trace.line(Duration::from_millis(1234), format_args!("c0 > n1 {}", 7));
        assert_eq!(trace.text(), "   1234 c0 > n1 7\n");
    }
}

//! The options that say how long something lives: EX, PX, EXAT, PXAT, KEEPTTL and PERSIST.

use super::expiry::{From, Unit, invalid_time, unix_ms};
use crate::embedded::number;
use crate::embedded::refusal::Refusal;

/// The options with a time, and how each counts it.
const TIMES: [(&str, Unit, From); 4] = [
    ("EX", Unit::Seconds, From::Now),
    ("PX", Unit::Milliseconds, From::Now),
    ("EXAT", Unit::Seconds, From::Epoch),
    ("PXAT", Unit::Milliseconds, From::Epoch),
];

/// What is said of a life. The time is looked at late, because other things go wrong first.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Life<'a> {
    /// Nothing.
    Unsaid,
    /// What there is stays as it is: KEEPTTL.
    Keep,
    /// It has no end: PERSIST.
    Persist,
    /// It ends then.
    Until { count: &'a [u8], unit: Unit, from: From },
}

impl<'a> Life<'a> {
    /// Reads the option at the front of `words`, after what was said before. What is said then, and the words behind
    /// it; nothing if it is no such option, or contradicts. `word` is the one without a time that the command knows.
    pub(super) fn option<'w>(
        self,
        words: &'w [&'a [u8]],
        word: &str,
        said: Self,
    ) -> Option<(Self, &'w [&'a [u8]])> {
        let (name, rest) = words.split_first()?;
        if name.eq_ignore_ascii_case(word.as_bytes()) {
            return (self == Self::Unsaid || self == said).then_some((said, rest));
        }
        let is_named = |(time, ..): &&(&str, Unit, From)| name.eq_ignore_ascii_case(time.as_bytes());
        let (_, unit, from) = *TIMES.iter().find(is_named)?;
        let (count, rest) = rest.split_first()?;
        let is_compatible = match self {
            Self::Unsaid => true,
            Self::Until { unit: unit_before, from: from_before, .. } => {
                unit == unit_before && from == from_before
            }
            Self::Keep | Self::Persist => false,
        };
        is_compatible.then_some((Self::Until { count, unit, from }, rest))
    }

    /// When it ends by unix time in milliseconds, if an end is said.
    pub(super) fn end(self, now_ms: i64, command: &str) -> Result<Option<i64>, Refusal> {
        match self {
            Self::Unsaid | Self::Keep | Self::Persist => Ok(None),
            Self::Until { count, unit, from } => {
                let count = number::integer(count).ok_or(Refusal::NO_INTEGER)?;
                let end = if count > 0 { unix_ms(count, from, unit, now_ms) } else { None };
                end.map(Some).ok_or_else(|| invalid_time(command))
            }
        }
    }
}

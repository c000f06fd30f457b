//! What is known of a command before it runs.

use redis::Value;

use super::call::Call;
use super::refusal::Refusal;
use crate::backend::keys::stored_at;

/// What a command does, as a function of what it sees.
pub(crate) type Run = fn(&mut Call<'_>) -> Result<Value, Refusal>;

/// One command.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Spec {
    /// Lower case, as error texts have it.
    pub(crate) name: &'static str,
    /// How many words it has, the name included; a negative number is a minimum.
    pub(crate) arity: i32,
    /// Which of its words are keys.
    pub(crate) keys: Keys,
    pub(crate) kind: Kind,
    /// Whether a script may call it.
    pub(crate) is_scriptable: bool,
    pub(crate) run: Run,
    /// What its second word chooses among, each by its full name, as in `object|encoding`.
    pub(crate) subcommands: &'static [Self],
}

/// What a command is allowed to do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    /// Looks at keys and changes none.
    Read,
    /// May change keys.
    Write,
    /// Has nothing to do with keys.
    Other,
    /// Runs at once inside of MULTI, instead of being queued.
    Transaction,
}

/// Where a command's keys are among its words.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Keys {
    None,
    /// From `first` to `last`, every `step`th; a `last` below zero counts from the end.
    Range {
        first: usize,
        last: i32,
        step: usize,
    },
    /// The word at `count` says how many keys follow it, and there is perhaps one more before it.
    Counted {
        count: usize,
        also: Option<usize>,
    },
    /// All that follow the word STREAMS, in its first half.
    Streams,
    /// The first, and the one that follows the last STORE.
    Sort,
}

impl Keys {
    pub(crate) const FIRST: Self = Self::Range { first: 1, last: 1, step: 1 };
    pub(crate) const FIRST_TWO: Self = Self::Range { first: 1, last: 2, step: 1 };
    pub(crate) const ALL: Self = Self::Range { first: 1, last: -1, step: 1 };

    /// The keys among these words.
    pub(crate) fn of<'a>(self, words: &[&'a [u8]]) -> Vec<&'a [u8]> {
        match self {
            Self::None => Vec::new(),
            Self::Range { first, last, step } => {
                let len = i32::try_from(words.len()).unwrap_or(i32::MAX);
                let last = if last < 0 { len + last } else { last };
                let end = usize::try_from(last + 1).unwrap_or(0).min(words.len());
                words.get(first..end).unwrap_or_default().iter().step_by(step).copied().collect()
            }
            Self::Counted { count, also } => {
                let number = words.get(count).and_then(|word| std::str::from_utf8(word).ok()?.parse().ok());
                let counted = words.iter().skip(count + 1).take(number.unwrap_or(0_usize));
                also.and_then(|at| words.get(at)).into_iter().chain(counted).copied().collect()
            }
            Self::Streams => {
                let found = words.iter().position(|word| word.eq_ignore_ascii_case(b"STREAMS"));
                let after = found.and_then(|at| words.get(at + 1..)).unwrap_or_default();
                after.iter().take(after.len() / 2).copied().collect()
            }
            Self::Sort => {
                let stored = stored_at(words.iter().copied(), 2).and_then(|at| words.get(at));
                words.get(1).into_iter().chain(stored).copied().collect()
            }
        }
    }
}

impl Spec {
    /// A command that looks at the keys and changes none.
    pub(crate) const fn read(name: &'static str, arity: i32, keys: Keys, run: Run) -> Self {
        Self { name, arity, keys, kind: Kind::Read, is_scriptable: true, run, subcommands: &[] }
    }

    /// A command that may change keys.
    pub(crate) const fn write(name: &'static str, arity: i32, keys: Keys, run: Run) -> Self {
        Self { name, arity, keys, kind: Kind::Write, is_scriptable: true, run, subcommands: &[] }
    }

    /// A command that has nothing to do with keys.
    pub(crate) const fn other(name: &'static str, arity: i32, run: Run) -> Self {
        Self { name, arity, keys: Keys::None, kind: Kind::Other, is_scriptable: true, run, subcommands: &[] }
    }

    /// A command that does nothing but choose among others by its second word.
    pub(crate) const fn container(name: &'static str, subcommands: &'static [Self]) -> Self {
        Self { subcommands, ..Self::other(name, -2, |_call| Err(Refusal::SYNTAX)) }
    }

    /// The same, but no script may call it.
    pub(crate) const fn not_in_scripts(mut self) -> Self {
        self.is_scriptable = false;
        self
    }

    /// The same, but it runs at once inside of MULTI.
    pub(crate) const fn never_queued(mut self) -> Self {
        self.kind = Kind::Transaction;
        self
    }

    /// Whether a RESP2 connection may send it that listens to channels.
    pub(crate) fn is_for_subscribers(&self) -> bool {
        ["subscribe", "psubscribe", "unsubscribe", "punsubscribe", "ping", "quit", "reset"]
            .contains(&self.name)
    }

    /// The subcommand with this name, in upper or lower case.
    pub(crate) fn subcommand(&self, word: &[u8]) -> Option<&'static Self> {
        let is_meant = |spec: &&Self| {
            let (_, own) = spec.name.split_once('|').unwrap_or_default();
            own.as_bytes().eq_ignore_ascii_case(word)
        };
        self.subcommands.iter().find(is_meant)
    }

    /// Whether it may have this many words.
    pub(crate) fn takes(&self, words: usize) -> bool {
        let words = i32::try_from(words).unwrap_or(i32::MAX);
        if self.arity < 0 { words >= -self.arity } else { words == self.arity }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn keys(keys: Keys, text: &'static str) -> Vec<&'static str> {
        let words: Vec<_> = text.split(' ').map(str::as_bytes).collect();
        keys.of(&words).into_iter().map(|key| std::str::from_utf8(key).unwrap()).collect()
    }

    #[test]
    fn keys_are_found_wherever_a_command_has_them() {
        assert_eq!(keys(Keys::FIRST, "GET a"), ["a"]);
        assert_eq!(keys(Keys::ALL, "DEL a b c"), ["a", "b", "c"]);
        assert_eq!(keys(Keys::Range { first: 1, last: -1, step: 2 }, "MSET a 1 b 2"), ["a", "b"]);
        assert_eq!(keys(Keys::Range { first: 1, last: -2, step: 1 }, "BLPOP a b 0"), ["a", "b"]);
        assert_eq!(keys(Keys::Counted { count: 2, also: Some(1) }, "ZUNIONSTORE d 2 a b"), ["d", "a", "b"]);
        assert_eq!(keys(Keys::Counted { count: 2, also: None }, "EVAL x 9 a"), ["a"]);
        assert_eq!(keys(Keys::Streams, "XREAD COUNT 1 STREAMS a b 0 0"), ["a", "b"]);
        assert_eq!(keys(Keys::Sort, "SORT a STORE b BY c STORE d"), ["a", "d"]);
        assert_eq!(keys(Keys::Sort, "SORT a STORE"), ["a"]);
        assert_eq!(keys(Keys::FIRST, "GET"), [""; 0]);
    }
}

//! A command of a sequence, and how a person types it.

use std::fmt::{self, Display, Formatter};

use super::words::quoted;

pub(super) type Words = Vec<Vec<u8>>;

#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Command {
    pub(super) words: Words,
    /// 0 or 1: which of the two connections.
    pub(super) link: usize,
    /// Whether the next command is sent before this one has its reply.
    pub(super) blocks: bool,
}

/// Commands that only make sense together; shrinking takes all or none of them away.
pub(super) type Step = Vec<Command>;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Protocol {
    Resp2,
    Resp3,
}

#[derive(Clone, Debug)]
pub(super) struct Sequence {
    pub(super) seed: u64,
    pub(super) protocol: Protocol,
    pub(super) steps: Vec<Step>,
}

impl Command {
    pub(super) fn new(words: Words) -> Self {
        Self { words, link: 0, blocks: false }
    }

    /// Whether it is a pause.
    pub(super) fn is_wait(&self) -> bool {
        self.name() == "@WAIT"
    }

    /// Whether it is sent alone: Redis 8.0 does not answer a failed AUTH behind another command of the same burst.
    pub(super) fn is_alone(&self) -> bool {
        ["AUTH", "HELLO"].contains(&self.name().as_str())
    }

    /// Whether it is more than one round trip, see [`super::player`].
    pub(super) fn is_compound(&self) -> bool {
        self.words.first().is_some_and(|word| word.starts_with(b"@"))
    }

    pub(super) fn of(words: &[&str]) -> Self {
        Self::new(words.iter().map(|word| word.as_bytes().to_vec()).collect())
    }

    /// The command's name in upper case. What starts with `@` is several commands, see [`super::player`].
    pub(super) fn name(&self) -> String {
        name_of(&self.words)
    }
}

pub(super) fn name_of(words: &[Vec<u8>]) -> String {
    words.first().map(|word| String::from_utf8_lossy(word).to_uppercase()).unwrap_or_default()
}

impl Sequence {
    pub(super) fn commands(&self) -> Vec<Command> {
        self.steps.concat()
    }
}

impl Display for Command {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        let waits = if self.blocks { "~" } else { "" };
        write!(f, "{}{waits}>", if self.link == 0 { "A" } else { "B" })?;
        self.words.iter().try_for_each(|word| write!(f, " {}", quoted(word)))
    }
}

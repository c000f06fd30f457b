//! What a write does elsewhere: its commands in the form in which they can be carried out late, and what they touch.

mod fields;
mod form;
mod from_reply;
mod plain;
mod plan;
mod questions;
mod said;
mod slots;
mod state;
mod steps;
mod table;
#[cfg(test)]
mod tests;
mod typed;
mod unshippable;
mod words;

use std::sync::Arc;

use redis::Cmd;

pub(crate) use fields::{GONE, ends, question_of_ends};
pub(crate) use plain::plain;
pub(crate) use plan::{Plan, Shipped};
pub(crate) use state::{from_dump, questions_for_dump, read_typed};
pub(crate) use unshippable::Unshippable;

/// A key. Shared, because it stands in several lists at once.
pub(crate) type Key = Arc<[u8]>;

/// How long a key is to live once an effect was carried out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Life {
    /// It has no end.
    Forever,
    /// It ends at this Unix time, in milliseconds.
    Until {
        /// The end.
        unix_ms: i64,
    },
    /// There is no such key.
    Gone,
}

/// What can be done with an effect besides carrying it out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    /// It leaves its one key as it says, whatever was there: it takes the place of everything before it on the key, and twice is
    /// the same as once.
    Overwrites,
    /// It settles the life of its one key, and takes the place of another such effect right before it.
    SetsLife,
    /// It adds this to the integer at its one key, and can be joined with another such effect right before it.
    Adds(i64),
    /// What it leaves depends on what was there, or it has several keys.
    Builds,
    /// It changes nothing.
    Reads,
}

/// What one write does elsewhere, in one atomic step.
#[derive(Clone, Debug)]
pub(crate) struct Effect {
    /// What is carried out, in this order. No command here depends on chance, on the time, or on a relative life.
    pub(crate) steps: Vec<Cmd>,
    /// All keys of the steps, each once.
    pub(crate) keys: Vec<Key>,
    /// How long keys live afterwards on local. A remote where that is otherwise has lost or kept what local did not.
    pub(crate) lives: Vec<(Key, Life)>,
    /// What can be done with it.
    pub(crate) kind: Kind,
}

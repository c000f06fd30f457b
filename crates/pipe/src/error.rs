//! Why a deferred has no value.

use std::sync::Arc;

use redfleet_core::Effect;

use crate::field::InvalidValue;

/// The result of one deferred, or of a whole pipe.
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// Why a deferred has no value, or why a pipe was not sent.
///
/// Each text is complete in itself, and of its own holds no key, no value and no password. What a server said is told in its
/// words: of a command that it does not know it quotes the arguments.
#[derive(Clone, Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// The deferred was read before its pipe was executed.
    #[error("not executed yet: await the pipe's execute() first")]
    NotExecuted,

    /// The pipe was dropped, or cleared, with the command in it: nothing was sent.
    #[error("the pipe was dropped before it was executed: nothing was sent")]
    Dropped,

    /// The command stood in a nested scope that failed: it was not sent.
    #[error("the nested scope that queued it was rolled back: it was not sent")]
    RolledBack,

    /// The pipe was to be executed within the closure of a nested scope, a block or an idempotent part, so with half of that
    /// in it: nothing was sent.
    #[error(
        "nothing was sent: a pipe cannot be executed while a closure queues a part of it: execute it afterwards"
    )]
    HalfQueued,

    /// The execution was dropped before the replies came.
    #[error("the execution was dropped before the reply came: whether it was carried out is unknown")]
    Interrupted,

    /// The [`Promise`](crate::Promise) was dropped before anybody fulfilled it: its callback did not run, because its scope was
    /// rolled back or its pipe was not sent, or ran and did not set it.
    #[error("the promise was dropped before it was fulfilled: its callback did not run, or did not set it")]
    Unfulfilled,

    /// No connection is called so: nothing was sent.
    #[error("nothing was sent: no connection is called `{name}`; there are {known}")]
    #[non_exhaustive]
    UnknownConnection {
        /// The name that was asked for.
        name: Arc<str>,
        /// The names that there are.
        known: Arc<str>,
    },

    /// The value cannot be stored as its field: nothing was sent. Or what is stored is no such value.
    #[error(transparent)]
    Invalid(#[from] InvalidValue),

    /// The command cannot run in a pipe, or not where it was queued: nothing was sent.
    #[error("nothing was sent: {0}")]
    Refused(redfleet_core::Error),

    /// A command in an atomic block is for another connection than the block: nothing was sent.
    #[error(
        "nothing was sent: an atomic block is of one connection, `{block}`, but a command in it is for `{command}`"
    )]
    #[non_exhaustive]
    AtomicElsewhere {
        /// The connection of the block.
        block: Arc<str>,
        /// The connection of the command.
        command: Arc<str>,
    },

    /// The keys of an atomic block lie in several slots of a cluster: nothing was sent.
    #[error("nothing was sent: the keys of an atomic block must be of one slot: give them one {{hash tag}}")]
    AtomicSlots,

    /// More commands than a pipe may hold for one connection, those that were taken back included: nothing was sent.
    #[error(
        "nothing was sent: a pipe holds {limit} commands at most for one connection, those taken back included: execute it in \
         between, or raise the limit"
    )]
    #[non_exhaustive]
    TooLong {
        /// The limit.
        limit: usize,
    },

    /// Too many callers wait already: nothing was sent.
    #[error(
        "nothing was sent: {limit} commands are queued or in flight already: wait for some, or raise the limit"
    )]
    #[non_exhaustive]
    Overloaded {
        /// The limit.
        limit: usize,
    },

    /// What one connection said about one command.
    #[error("{command} on `{connection}`: {cause}")]
    #[non_exhaustive]
    Command {
        /// The connection's name.
        connection: Arc<str>,
        /// The command's name.
        command: Arc<str>,
        /// What was said.
        cause: redfleet_core::Error,
    },

    /// The reply is of another type than was asked for. The command was carried out.
    #[error("{0}")]
    Reply(redfleet_core::Error),

    /// A command before it, in the same pipe and on the same connection, has unknown effect, so this one was not sent.
    #[error("not sent, because one before it on the connection may not have been carried out: {cause}")]
    #[non_exhaustive]
    NotSent {
        /// What happened to the one before.
        cause: redfleet_core::Error,
    },

    /// A watched key was changed by somebody else, in every one of the attempts: nothing was written.
    #[error("a watched key changed in each of {attempts} attempts: nothing was written")]
    #[non_exhaustive]
    Conflict {
        /// How many attempts were made.
        attempts: u32,
    },

    /// The record is not there, and the change alone would not make a whole one: nothing was written.
    #[error("{keyspace}: no such record, and the change does not make a whole one: nothing was written")]
    #[non_exhaustive]
    Absent {
        /// The model's keyspace.
        keyspace: &'static str,
    },

    /// The record does not have the version that the change was made for: nothing was written.
    #[error("{keyspace}: the record was changed since it was read: nothing was written")]
    #[non_exhaustive]
    Outdated {
        /// The model's keyspace.
        keyspace: &'static str,
    },
}

impl Error {
    /// What this connection said about this command.
    pub(crate) fn said(connection: &Arc<str>, command: &str, cause: redfleet_core::Error) -> Self {
        Self::Command { connection: Arc::clone(connection), command: command.into(), cause }
    }

    /// Whether the command may have changed anything.
    #[must_use]
    pub const fn effect(&self) -> Effect {
        match self {
            Self::NotExecuted
            | Self::Dropped
            | Self::RolledBack
            | Self::HalfQueued
            | Self::UnknownConnection { .. }
            | Self::Refused(_)
            | Self::AtomicElsewhere { .. }
            | Self::AtomicSlots
            | Self::TooLong { .. }
            | Self::Overloaded { .. }
            | Self::NotSent { .. }
            | Self::Conflict { .. }
            | Self::Absent { .. }
            | Self::Outdated { .. } => Effect::None,
            // Whether it was written or read, only the caller knows; what was read was carried out. What a promise was of, and
            // whether that was sent, nobody knows here.
            Self::Invalid(_) | Self::Interrupted | Self::Reply(_) | Self::Unfulfilled => Effect::Unknown,
            Self::Command { cause, .. } => cause.effect(),
        }
    }

    /// The first word of the server's refusal (`WRONGTYPE`, `NOSCRIPT`, ..), if it is one.
    #[must_use]
    pub fn code(&self) -> Option<&str> {
        match self {
            Self::Command { cause, .. } | Self::NotSent { cause } => cause.code(),
            Self::NotExecuted
            | Self::Dropped
            | Self::HalfQueued
            | Self::RolledBack
            | Self::Interrupted
            | Self::Unfulfilled
            | Self::UnknownConnection { .. }
            | Self::Invalid(_)
            | Self::Refused(_)
            | Self::AtomicElsewhere { .. }
            | Self::AtomicSlots
            | Self::TooLong { .. }
            | Self::Overloaded { .. }
            | Self::Reply(_)
            | Self::Conflict { .. }
            | Self::Absent { .. }
            | Self::Outdated { .. } => None,
        }
    }
}

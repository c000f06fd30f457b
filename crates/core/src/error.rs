//! What one node said when it did not say what was asked for.

mod config;
mod link;
mod redis_rs;
mod reply;

use std::borrow::Cow;
use std::sync::Arc;
use std::time::Duration;

use redis::{ServerError, Value};

pub use config::ConfigError;
pub use link::LinkError;
pub(crate) use redis_rs::wrapped;
pub(crate) use reply::answer;
pub use reply::convert;

/// The result of one command on one node.
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// Whether a failed operation may have changed anything on the node.
///
/// Retrying, releasing and hinting decide on this, never on the text of an error.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[expect(clippy::exhaustive_enums, reason = "there is no third answer, and callers must match on both")]
pub enum Effect {
    /// The operation certainly did not happen: it may be repeated, here or elsewhere.
    None,
    /// The operation may have happened: a time-out is ignorance, not failure.
    Unknown,
}

/// Why one node did not answer one operation as asked.
///
/// Each text is complete in itself, says what and where, and never holds a secret. What the whole fleet
/// said is a [`Shortfall`](crate::Shortfall).
#[derive(Clone, Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// The deadline passed first. The operation may still happen on the node, unless `effect` says that it
    /// was never sent.
    #[error("no reply within {after:?}")]
    #[non_exhaustive]
    Deadline {
        /// The deadline that passed, counted from the send.
        after: Duration,
        /// [`Effect::None`] if the operation was still waiting for its turn to be sent.
        effect: Effect,
    },

    /// The connection could not be made, or broke.
    #[error("link: {reason}")]
    #[non_exhaustive]
    Link {
        /// What is wrong with the link.
        reason: Arc<LinkError>,
        /// [`Effect::None`] if the link was not up when the operation was to be sent.
        effect: Effect,
    },

    /// The server answered with an error.
    ///
    /// A command that the server refused has done nothing. One exception is the caller's own doing: a script
    /// that raises an error after it wrote keeps what it wrote.
    #[error("refused: {} {}", error.code(), error.details().unwrap_or("(no details)"))]
    #[non_exhaustive]
    Refused {
        /// The server's own words.
        error: ServerError,
    },

    /// Of several commands, or of the parts of one that goes to several servers, only some were carried out, and
    /// the others not, or perhaps not.
    #[error("{done} of its {parts} parts were carried out, the others not or perhaps not: {cause}")]
    #[non_exhaustive]
    Partial {
        /// How many parts were certainly carried out: at least one.
        done: usize,
        /// How many parts there were.
        parts: usize,
        /// What one of the other servers said.
        cause: Arc<Self>,
    },

    /// The command cannot run here; the text says where it can.
    #[error("{command} is not supported here: {instead}")]
    #[non_exhaustive]
    Unsupported {
        /// The name of the command or operation.
        command: String,
        /// What to do instead.
        instead: &'static str,
    },

    /// A watched key changed, so the transaction did nothing.
    #[error("a watched key changed: nothing was done")]
    Conflict,

    /// The reply came, but is not of the type that was asked for. The command was carried out.
    ///
    /// It names types and never the value, which may be a secret.
    #[error("the reply is {got}, which is no {wanted}")]
    #[non_exhaustive]
    Conversion {
        /// The type that was asked for.
        wanted: &'static str,
        /// What the reply is, in Redis's terms.
        got: &'static str,
    },

    /// No reply came to this command, although others of its batch were replied to.
    #[error("no reply came to this command, although others were replied to")]
    Unanswered,

    /// MULTI was refused, so the commands of an atomic batch or block ran one by one, some of them perhaps not at all.
    #[error("not atomic: MULTI was refused ({}), so the commands ran one by one", error.code())]
    #[non_exhaustive]
    NotAtomic {
        /// The server's own words about MULTI.
        error: ServerError,
    },

    /// The operation's own code does not take the reply for an acknowledgement.
    #[error("declined: {reason}")]
    #[non_exhaustive]
    Declined {
        /// Why.
        reason: Cow<'static, str>,
        /// Whether the operation may have changed anything all the same.
        effect: Effect,
    },

    /// An error of redis-rs that did not come from here, raised by the operation's own code.
    #[error("{reason}")]
    #[non_exhaustive]
    Foreign {
        /// What redis-rs says.
        reason: Arc<str>,
    },

    /// The node's breaker is open: nothing was sent. The node is being probed and comes back by itself.
    #[error("down: {cause}")]
    #[non_exhaustive]
    Down {
        /// The failure that opened the breaker.
        cause: Arc<Self>,
    },

    /// The node is the same server as another node of the fleet, so it does not count as a second one.
    #[error("the same server as {of}: every node of a fleet must be a server of its own")]
    #[non_exhaustive]
    Duplicate {
        /// The name of the node that this one repeats.
        of: Arc<str>,
    },

    /// Too many operations are in flight on the node: nothing was sent.
    #[error("{limit} operations are in flight already: wait for some, or raise the limit")]
    #[non_exhaustive]
    Overloaded {
        /// The limit that was reached.
        limit: usize,
    },

    /// The policy of the operation cannot be met by this fleet: nothing was sent.
    #[error("nothing was sent: {reason}")]
    #[non_exhaustive]
    Policy {
        /// What is wrong with the policy.
        reason: ConfigError,
    },

    /// The fleet was shut down: nothing was sent.
    #[error("the fleet was shut down")]
    Shutdown,

    /// The operation's own code panicked.
    #[error("the operation panicked: {message}")]
    #[non_exhaustive]
    Panicked {
        /// The panic's message.
        message: Arc<str>,
    },
}

impl Error {
    /// Whether the operation may have changed anything on the node.
    #[must_use]
    pub const fn effect(&self) -> Effect {
        match self {
            Self::Deadline { effect, .. } | Self::Link { effect, .. } | Self::Declined { effect, .. } => {
                *effect
            }
            Self::Conversion { .. }
            | Self::Unanswered
            | Self::NotAtomic { .. }
            | Self::Foreign { .. }
            | Self::Partial { .. }
            | Self::Panicked { .. } => Effect::Unknown,
            Self::Refused { .. }
            | Self::Unsupported { .. }
            | Self::Conflict
            | Self::Down { .. }
            | Self::Duplicate { .. }
            | Self::Overloaded { .. }
            | Self::Policy { .. }
            | Self::Shutdown => Effect::None,
        }
    }

    /// The deadline `after` passed with the operation in flight.
    #[must_use]
    pub const fn deadline(after: Duration) -> Self {
        Self::Deadline { after, effect: Effect::Unknown }
    }

    /// The link was lost, or never made.
    #[must_use]
    pub fn link(reason: LinkError, effect: Effect) -> Self {
        Self::Link { reason: Arc::new(reason), effect }
    }

    /// The server refused with these words, but for arguments that it quotes because it does not know their command.
    #[must_use]
    pub fn refused(error: ServerError) -> Self {
        // What a server does not know it quotes with its arguments, which may be secret.
        let quoted = error.details().and_then(|details| details.split_once(", with args beginning with"));
        match quoted {
            Some((known, _)) => Self::refused_with(error.code(), known),
            None => Self::Refused { error },
        }
    }

    /// The server refused with `code` and `details`, as in `-CODE details`: for backends of one's own.
    #[must_use]
    pub fn refused_with(code: &str, details: &str) -> Self {
        // One line, as the protocol has it: then it is always an error reply.
        let line = |text: &str| text.replace(['\r', '\n'], " ");
        match redis::parse_redis_value(format!("-{} {}\r\n", line(code), line(details)).as_bytes()) {
            Ok(Value::ServerError(error)) => Self::Refused { error },
            Ok(_) | Err(_) => Self::Unanswered,
        }
    }

    /// The reply does not count as an acknowledgement, for this reason; `effect` says whether the operation may
    /// have changed anything all the same.
    #[must_use]
    pub fn declined(reason: impl Into<Cow<'static, str>>, effect: Effect) -> Self {
        Self::Declined { reason: reason.into(), effect }
    }

    /// The node is the same server as `of`, and so does not count: for those who keep nodes apart by themselves.
    #[must_use]
    pub fn duplicate(of: impl Into<Arc<str>>) -> Self {
        Self::Duplicate { of: of.into() }
    }

    /// A reply did not fit, and neither type is known here.
    const fn misfit() -> Self {
        Self::Conversion { wanted: "value of the type asked for", got: "of another type" }
    }

    /// The reply `got` is no `T`: for code that reads replies by itself. It names types, never the value.
    #[must_use]
    pub fn conversion<T>(got: &Value) -> Self {
        Self::Conversion { wanted: std::any::type_name::<T>(), got: reply::kind(got) }
    }

    /// `command` cannot run here; `instead` says what to do.
    #[must_use]
    pub fn unsupported(command: impl Into<String>, instead: &'static str) -> Self {
        Self::Unsupported { command: command.into(), instead }
    }

    /// The first word of the server's refusal (`WRONGTYPE`, `NOSCRIPT`, ..), if it is one.
    #[must_use]
    pub fn code(&self) -> Option<&str> {
        if let Self::Refused { error } = self { Some(error.code()) } else { None }
    }
}

//! Why a write was not taken, or what is not known of it.

use std::sync::Arc;
use std::time::Duration;

use redfleet_core::{ConfigError, Effect, Error as CoreError, Result as CoreResult};
use redis::Value;

use crate::receipt::Shortfall;
use crate::spool::SpoolError;

/// The result of one write.
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// Why a write was not taken, or what is not known of it.
///
/// Each text is complete in itself, and holds no value. What local said is told in its words.
#[derive(Clone, Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// What local said. If the effect is unknown, the keys are copied from local to all remotes.
    #[error("local: {0}")]
    Local(CoreError),

    /// What a remote said, where it was asked for itself.
    #[error("`{name}`: {error}")]
    #[non_exhaustive]
    Remote {
        /// The remote's name.
        name: Arc<str>,
        /// What it said.
        error: CoreError,
    },

    /// The command cannot be written everywhere: nothing was sent.
    #[error("nothing was sent: {command} cannot be written everywhere: {why}: {instead}")]
    #[non_exhaustive]
    Unshippable {
        /// The command's name.
        command: String,
        /// What stands against it.
        why: &'static str,
        /// What to do instead.
        instead: &'static str,
    },

    /// A remote's queue had no room in time, and was to block: nothing was sent.
    #[error(
        "nothing was sent: the queue of `{remote}` had no room within {within:?}: wait until it is shorter, raise its limits, or \
         choose another way to overflow"
    )]
    #[non_exhaustive]
    Full {
        /// The remote's name.
        remote: Arc<str>,
        /// How long the writer waited.
        within: Duration,
    },

    /// The journal cannot take the write: nothing was sent.
    #[error("nothing was sent: {0}")]
    Spool(SpoolError),

    /// A key lies outside of what this store writes: nothing was sent.
    #[error("nothing was sent: only keys that begin with {prefixes} are written everywhere here")]
    #[non_exhaustive]
    OutOfScope {
        /// The prefixes that there are.
        prefixes: Arc<str>,
    },

    /// A key is one of those that the store keeps on servers for its own use: nothing was sent.
    #[error("nothing was sent: keys that begin with `redfleet:mw:` are the store's own: choose another name")]
    OwnKey,

    /// What an outbox still has from before cannot be read, so that no write is taken yet: nothing was sent.
    #[error("nothing was sent: the outbox cannot be read: {0}")]
    Outbox(CoreError),

    /// The store was shut down: nothing was sent.
    #[error("nothing was sent: the store was shut down")]
    Shutdown,

    /// No remote is called so.
    #[error("no remote is called `{name}`; there are {known}")]
    #[non_exhaustive]
    NoSuchRemote {
        /// The name that was asked for.
        name: Arc<str>,
        /// The names that there are.
        known: Arc<str>,
    },

    /// Local has it, but not as many remotes as the writer waited for. It is still on its way to the others.
    #[error("local has it, but {shortfall}")]
    #[non_exhaustive]
    Short {
        /// Which remotes have it, and which do not. Of a batch, the first write that too few have.
        shortfall: Shortfall,
        /// What local replied, one entry a command: what it took out for the caller is here.
        replies: Vec<CoreResult<Value>>,
    },
}

impl Error {
    /// Whether the write may have changed anything anywhere.
    #[must_use]
    pub const fn effect(&self) -> Effect {
        match self {
            Self::Local(error) | Self::Remote { error, .. } => error.effect(),
            Self::Short { .. } => Effect::Unknown,
            Self::Unshippable { .. }
            | Self::Full { .. }
            | Self::Spool(_)
            | Self::OutOfScope { .. }
            | Self::OwnKey
            | Self::Outbox(_)
            | Self::Shutdown
            | Self::NoSuchRemote { .. } => Effect::None,
        }
    }
}

/// As a backend says it: what a server said as it is, and all else in the same words and with the same effect.
impl From<Error> for CoreError {
    fn from(error: Error) -> Self {
        match error {
            Error::Local(error) | Error::Remote { error, .. } => error,
            Error::Unshippable { command, instead, .. } => Self::unsupported(command, instead),
            Error::Full { .. }
            | Error::Spool(_)
            | Error::OutOfScope { .. }
            | Error::OwnKey
            | Error::Outbox(_)
            | Error::Shutdown
            | Error::NoSuchRemote { .. }
            | Error::Short { .. } => Self::declined(error.to_string(), error.effect()),
        }
    }
}

/// Why a store cannot be built, or a remote not be added.
#[derive(Clone, Debug, thiserror::Error)]
#[non_exhaustive]
pub enum BuildError {
    /// Two remotes have one name.
    #[error("two remotes are called `{name}`: give each a name of its own")]
    #[non_exhaustive]
    SameName {
        /// The name.
        name: Arc<str>,
    },

    /// An option of a remote has an impossible value.
    #[error("`{name}`: {reason}")]
    #[non_exhaustive]
    Options {
        /// The remote.
        name: Arc<str>,
        /// What is wrong.
        reason: ConfigError,
    },

    /// A remote has no name.
    #[error("a remote has no name: give it one, it is what its place is kept under")]
    NoName,

    /// A remote is the same backend as local, or as another remote.
    #[error("`{name}` is the same backend as {other}: every remote must be a server of its own")]
    #[non_exhaustive]
    SameServer {
        /// The remote.
        name: Arc<str>,
        /// What it repeats: local, or another remote.
        other: Arc<str>,
    },

    /// A remote is to spill, but there is no spool.
    #[error("`{name}` is to spill what overflows, but there is no spool: give the store a directory for one")]
    #[non_exhaustive]
    SpillWithoutSpool {
        /// The remote.
        name: Arc<str>,
    },

    /// An outbox must lie in the same atomic step as the command, which a sharded local cannot do.
    #[error("local is sharded, so it cannot hold an outbox in one step with every command: use a spool")]
    OutboxOnSharded,

    /// What is sent ahead of local is in no outbox yet when a remote has it.
    #[error(
        "an outbox knows what local has carried out, and not what is sent ahead of it: use the order `LocalFirst`, or a spool"
    )]
    OutboxInParallel,

    /// Both a spool and an outbox were asked for.
    #[error("a store keeps either a spool or an outbox: choose one")]
    TwoJournals,

    /// A setting has an impossible value.
    #[error("{setting} must be {expected}")]
    #[non_exhaustive]
    Setting {
        /// The setting.
        setting: &'static str,
        /// What it must be.
        expected: &'static str,
    },

    /// The spool cannot be used.
    #[error(transparent)]
    Spool(#[from] SpoolError),

    /// There is no tokio runtime here to run the remotes' tasks on.
    #[error("a store needs a tokio runtime when it is built: build it in an async function")]
    NoRuntime,

    /// The store was shut down.
    #[error("the store was shut down")]
    Shutdown,
}

#[cfg(test)]
mod tests {
    use std::io;

    use super::*;

    #[test]
    fn as_a_backend_says_it_nothing_is_lost_that_says_what_to_do() {
        let spool = SpoolError::Full {
            directory: "/spool".into(),
            cause: Arc::new(io::Error::from(io::ErrorKind::StorageFull)),
        };
        let errors = [
            (
                Error::Full { remote: "eu".into(), within: Duration::from_secs(1) },
                "`eu` had no room within 1s",
            ),
            (Error::Spool(spool), "/spool"),
            (Error::OutOfScope { prefixes: "`a:` or `b:`".into() }, "`a:` or `b:`"),
            (Error::Shutdown, "shut down"),
            (Error::NoSuchRemote { name: "x".into(), known: "`eu`".into() }, "there are `eu`"),
        ];
        for (error, part) in errors {
            let told = CoreError::from(error.clone());
            assert_eq!(told.effect(), Effect::None, "{told}");
            assert!(
                told.to_string().contains(part) && told.to_string().ends_with(&error.to_string()),
                "{told}"
            );
            let by_redis_rs = redis::RedisError::from(told.clone());
            assert!(by_redis_rs.to_string().contains(part), "{by_redis_rs}");
        }
        let local = CoreError::from(Error::Local(CoreError::refused_with("WRONGTYPE", "no list")));
        assert_eq!(local.code(), Some("WRONGTYPE"));
    }
}

//! Why a lock was not taken, or is not held any more.

use std::borrow::Cow;
use std::sync::Arc;
use std::time::Duration;

use redfleet_core::{Effect, Shortfall};

/// The result of an operation on a lock.
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// Why a lock was not taken, or is not held any more.
///
/// Each text is complete in itself. Where servers were asked, what each of them said is in it.
#[derive(Clone, Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// Somebody else holds it.
    #[error("`{name}` is held: {answers}")]
    #[non_exhaustive]
    Held {
        /// The lock's name.
        name: Arc<str>,
        /// What each server said.
        answers: Shortfall,
    },

    /// It was not free within the time that the caller would wait.
    #[error("`{name}` was not free within {wait:?}: {last}")]
    #[non_exhaustive]
    TimedOut {
        /// The lock's name.
        name: Arc<str>,
        /// How long the caller waited.
        wait: Duration,
        /// Why it was not taken the last time.
        last: Box<Self>,
    },

    /// It is held in this process, or others here are before: the servers were not asked.
    #[error("`{name}` is held or waited for in this process, and its turn had not come")]
    #[non_exhaustive]
    HeldHere {
        /// The lock's name.
        name: Arc<str>,
    },

    /// Too many wait for it in this process already; nothing was sent.
    #[error("nothing was sent: {most} wait for `{name}` in this process already")]
    #[non_exhaustive]
    Crowded {
        /// The lock's name.
        name: Arc<str>,
        /// How many may.
        most: usize,
    },

    /// Fewer servers answered than a majority, or may vote: nobody can have it now.
    #[error("`{name}` cannot be taken: {answers}")]
    #[non_exhaustive]
    Unreachable {
        /// The lock's name.
        name: Arc<str>,
        /// What each server said.
        answers: Shortfall,
    },

    /// The rate gives no more now.
    #[error("`{name}` gives no more for {retry_after:?}: {answers}")]
    #[non_exhaustive]
    Limited {
        /// The rate's name.
        name: Arc<str>,
        /// When it would give what was asked for, if nobody else took.
        retry_after: Duration,
        /// What each server said.
        answers: Shortfall,
    },

    /// A majority granted it so late that hardly anything of its life was left, so it was given back.
    #[error("`{name}` was granted too late: of its ttl of {ttl:?} nothing was left: choose a longer one")]
    #[non_exhaustive]
    TooLate {
        /// The lock's name.
        name: Arc<str>,
        /// The ttl asked for.
        ttl: Duration,
    },

    /// The lease is lost: its time is over, or a majority does not know it any more.
    #[error("the lease on `{name}` is lost: what it protects may be somebody else's now")]
    #[non_exhaustive]
    Lost {
        /// The lock's name.
        name: Arc<str>,
    },

    /// The lease was released before.
    #[error("the lease on `{name}` was released before")]
    #[non_exhaustive]
    Released {
        /// The lock's name.
        name: Arc<str>,
    },

    /// It was released, but fewer servers than a majority confirmed it.
    ///
    /// The lease is over in any case, and the release is sent again in the background; but where it did not arrive, the lock stays taken
    /// until its ttl has passed.
    #[error(
        "`{name}` was released, but too few servers confirmed it, so it may stay taken for up to {ttl:?}: {answers}"
    )]
    #[non_exhaustive]
    Unconfirmed {
        /// The lock's name.
        name: Arc<str>,
        /// What each server said.
        answers: Shortfall,
        /// For how long it may stay taken at most: the ttl of the lease, or the longest one of the fleet if only its id is known.
        ttl: Duration,
    },

    /// The id is not the one that holds the lock.
    #[error("`{name}` is not held under this id: {answers}")]
    #[non_exhaustive]
    NotHolder {
        /// The lock's name.
        name: Arc<str>,
        /// What each server said.
        answers: Shortfall,
    },

    /// What was asked for is impossible; nothing was sent.
    #[error("nothing was sent: {what} must be {expected}")]
    #[non_exhaustive]
    Request {
        /// What is impossible as it is.
        what: &'static str,
        /// What it must be.
        expected: Cow<'static, str>,
    },

    /// This process holds as many locks as it may; nothing was sent.
    #[error("nothing was sent: {limit} locks are held by this process, as many as it may hold")]
    #[non_exhaustive]
    TooMany {
        /// How many it may hold.
        limit: usize,
    },

    /// The locks were shut down: nothing was sent, or whoever waited has left the line without the lock.
    #[error("the locks were shut down")]
    Shutdown,
}

impl Error {
    /// Whether anything may have been changed on a server that is still there.
    ///
    /// After a failed acquisition it is being given back already, and ends with its ttl at the latest: nobody has to clean up, but
    /// others may find the lock taken for a moment.
    #[must_use]
    pub fn effect(&self) -> Effect {
        match self {
            Self::Held { answers, .. }
            | Self::Unreachable { answers, .. }
            | Self::Limited { answers, .. }
            | Self::NotHolder { answers, .. } => answers.effect(),
            Self::TimedOut { last, .. } => last.effect(),
            Self::TooLate { .. } | Self::Lost { .. } | Self::Unconfirmed { .. } => Effect::Unknown,
            Self::HeldHere { .. }
            | Self::Crowded { .. }
            | Self::Released { .. }
            | Self::Request { .. }
            | Self::TooMany { .. }
            | Self::Shutdown => Effect::None,
        }
    }
}

/// Why locks cannot be built.
#[derive(Clone, Debug, thiserror::Error)]
#[non_exhaustive]
pub enum BuildError {
    /// A setting has an impossible value.
    #[error("{setting} must be {expected}")]
    #[non_exhaustive]
    Setting {
        /// The setting.
        setting: &'static str,
        /// What it must be.
        expected: &'static str,
    },

    /// A node is several servers: a member that is replaced by its replica forgets what it granted, and nobody is told.
    #[error(
        "`{node}` is a cluster, which cannot vote: its members forget what they granted when a replica takes over: give single servers"
    )]
    #[non_exhaustive]
    Sharded {
        /// The node's name.
        node: Arc<str>,
    },

    /// There is no tokio runtime here for the tasks that look after leases.
    #[error("locks need a tokio runtime when they are built: build them in an async function")]
    NoRuntime,
}

#[cfg(test)]
mod tests;

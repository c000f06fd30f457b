//! What the suite is put to: a backend, its key prefix, and what it is said to lack.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use super::disrupt::Disrupt;
use crate::{Backend, Delivery};

/// How long it is seen to that nothing happens, unless it is said otherwise: longer than clients' usual time-outs.
const PATIENCE: Duration = Duration::from_secs(1);
/// How long what must happen may take.
const LIMIT: Duration = Duration::from_secs(10);

/// What not every backend can do. A backend that lacks one of these must say so, and so must its author.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum Ability {
    /// A command is sent at most once. The backend's own [`delivery`](Backend::delivery) says whether it can.
    AtMostOnce,
    /// Atomic batches.
    Transactions,
    /// Connections of one's own.
    Sessions,
    /// Published messages: they need RESP3.
    Messages,
    /// CLIENT TRACKING on a session: it needs RESP3.
    Invalidations,
    /// The server's run id: a whole cluster has none, and some users may not ask for it.
    RunId,
    /// Being broken on demand: what lies between the backend and its server is in the author's hand.
    Disruption,
}

impl fmt::Display for Ability {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::AtMostOnce => "delivery at most once",
            Self::Transactions => "transactions",
            Self::Sessions => "sessions",
            Self::Messages => "published messages",
            Self::Invalidations => "invalidations",
            Self::RunId => "a run id",
            Self::Disruption => "a disruption",
        })
    }
}

/// A backend that is put to the suite.
///
/// Every clause makes keys and channels of its own under the prefix, all in one slot of a cluster, and deletes its
/// keys when it ends.
#[derive(Clone, Debug)]
pub struct Subject {
    backend: Arc<dyn Backend>,
    prefix: String,
    disruption: Option<Arc<dyn Disrupt>>,
    lacks: BTreeMap<Ability, String>,
    patience: Duration,
    limit: Duration,
}

/// Why an ability is not there to be tried.
pub(super) enum Lack {
    /// The backend or its author says so, for this reason.
    Said(String),
    /// Nobody says so.
    Unsaid,
}

impl Subject {
    /// A backend that can do everything, with keys that begin with `prefix`.
    #[must_use]
    pub fn new(backend: Arc<dyn Backend>, prefix: impl Into<String>) -> Self {
        Self {
            backend,
            prefix: prefix.into(),
            disruption: None,
            lacks: BTreeMap::new(),
            patience: PATIENCE,
            limit: LIMIT,
        }
    }

    /// What breaks the way between the backend and its server. Without one, and without a
    /// [reason](Self::without) for having none, a backend does not pass.
    #[must_use]
    pub fn broken_by(mut self, disruption: impl Disrupt) -> Self {
        self.disruption = Some(Arc::new(disruption));
        self
    }

    /// The backend lacks this: the clauses that need it are left out, for this reason. That it is refused as
    /// [`Error::Unsupported`](crate::Error::Unsupported), or answered as the contract has it, is tried instead.
    #[must_use]
    pub fn without(mut self, ability: Ability, because: impl Into<String>) -> Self {
        self.lacks.insert(ability, because.into());
        self
    }

    /// How long it is seen to that nothing happens: that a hung server is waited for. A second unless it is said
    /// otherwise; under paused time, an hour costs nothing.
    #[must_use]
    pub const fn patience(mut self, patience: Duration) -> Self {
        self.patience = patience;
        self
    }

    /// How long what must happen may take before it counts as not happening. Ten seconds unless it is said otherwise.
    #[must_use]
    pub const fn limit(mut self, limit: Duration) -> Self {
        self.limit = limit;
        self
    }

    pub(super) fn backend(&self) -> &dyn Backend {
        &*self.backend
    }

    pub(super) fn prefix(&self) -> &str {
        &self.prefix
    }

    pub(super) fn disruption(&self) -> Option<&dyn Disrupt> {
        self.disruption.as_deref()
    }

    pub(super) const fn how_long_nothing(&self) -> Duration {
        self.patience
    }

    pub(super) const fn how_long_at_most(&self) -> Duration {
        self.limit
    }

    /// What its author says that it lacks.
    pub(super) fn lacks(&self) -> impl Iterator<Item = Ability> {
        self.lacks.keys().copied()
    }

    /// Why this ability is not there to be tried, if it is not.
    pub(super) fn lack(&self, ability: Ability) -> Option<Lack> {
        if let Some(because) = self.lacks.get(&ability) {
            return Some(Lack::Said(because.clone()));
        }
        match ability {
            Ability::AtMostOnce if self.backend.delivery() == Delivery::AtLeastOnce => {
                Some(Lack::Said("it delivers at least once".into()))
            }
            Ability::Disruption if self.disruption.is_none() => Some(Lack::Unsaid),
            Ability::AtMostOnce
            | Ability::Transactions
            | Ability::Sessions
            | Ability::Messages
            | Ability::Invalidations
            | Ability::RunId
            | Ability::Disruption => None,
        }
    }
}

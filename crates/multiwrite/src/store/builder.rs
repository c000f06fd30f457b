//! How a store is put together.

use std::fmt;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use redfleet_core::{Backend, Breaker, Clock, Layer};
use tokio::runtime::Handle as Runtime;

use super::local::{Local, STRIPES};
use super::scope::Scope;
use super::sequencer::Sequencer;
use super::{MultiWrite, Shared};
use crate::error::BuildError;
use crate::gate::Gate;
use crate::options::{Order, Overflow, RemoteOptions};
use crate::remote::Remote;

/// How long local may take to answer, unless it is said.
const LOCAL_DEADLINE: Duration = Duration::from_secs(5);

/// Puts a [`MultiWrite`] together. There is no store without local: it comes first.
#[must_use = "nothing is built before build()"]
pub struct Builder {
    local: Arc<dyn Backend>,
    remotes: Vec<(Arc<str>, Arc<dyn Backend>, RemoteOptions)>,
    order: Order,
    deadline: Duration,
    scope: Scope,
    clock: Clock,
    seed: Option<u64>,
}

impl fmt::Debug for Builder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let remotes: Vec<_> = self.remotes.iter().map(|(name, _, _)| name).collect();
        f.debug_struct("Builder")
            .field("local", &self.local)
            .field("remotes", &remotes)
            .finish_non_exhaustive()
    }
}

impl Builder {
    pub(super) fn new(local: Arc<dyn Backend>) -> Self {
        Self {
            local,
            remotes: Vec::new(),
            order: Order::default(),
            deadline: LOCAL_DEADLINE,
            scope: Scope::default(),
            clock: Clock::system(),
            seed: None,
        }
    }

    /// Adds a remote, with the options that are meant to do. Its name is for people, and for what is kept about it: it must stay
    /// the same from run to run.
    pub fn remote(self, name: impl Into<Arc<str>>, backend: Arc<dyn Backend>) -> Self {
        self.remote_with(name, backend, RemoteOptions::default())
    }

    /// Adds a remote with these options.
    pub fn remote_with(
        mut self,
        name: impl Into<Arc<str>>,
        backend: Arc<dyn Backend>,
        options: RemoteOptions,
    ) -> Self {
        self.remotes.push((name.into(), backend, options));
        self
    }

    /// When remotes are sent a write; after local has carried it out, unless it is said.
    pub const fn order(mut self, order: Order) -> Self {
        self.order = order;
        self
    }

    /// How long local may take to answer; 5 s unless it is said. After that its effect is unknown: the caller is told so, and the
    /// keys are copied to all remotes.
    pub const fn local_deadline(mut self, deadline: Duration) -> Self {
        self.deadline = deadline;
        self
    }

    /// Writes, copies and compares only keys that begin with `prefix`; several add up. All keys, unless it is said.
    pub fn only(mut self, prefix: impl AsRef<[u8]>) -> Self {
        self.scope.add(prefix.as_ref());
        self
    }

    /// The clock by which the age of what is queued and pauses between retries are told; the machine's unless it is said.
    pub fn clock(mut self, clock: Clock) -> Self {
        self.clock = clock;
        self
    }

    /// What all chance is drawn from: the pauses between retries, and with the time of the clock the store's own id.
    pub const fn seed(mut self, seed: u64) -> Self {
        self.seed = Some(seed);
        self
    }

    /// The store, whose remotes are taken to be equal to local: [`resync`](MultiWrite::resync) copies what they lack. Nothing
    /// is sent yet.
    ///
    /// # Errors
    ///
    /// [`BuildError`], which says what to do.
    pub fn build(self) -> Result<MultiWrite, BuildError> {
        Runtime::try_current().map_err(|_| BuildError::NoRuntime)?;
        if self.deadline.is_zero() {
            let expected = "longer than zero";
            return Err(BuildError::Setting { setting: "local's deadline", expected });
        }
        let mut random = fastrand::Rng::with_seed(self.seed.unwrap_or_else(|| fastrand::u64(..)));
        let mut remotes: Vec<Arc<Remote>> = Vec::with_capacity(self.remotes.len());
        for (name, backend, options) in self.remotes {
            let remote = make(name, backend, options, self.clock.clone(), random.u64(..));
            check(&remote, &self.local, &remotes)?;
            remotes.push(Arc::new(remote));
        }
        // Two runs with one seed must not be taken for one source, whose numbers go on.
        let born = self.clock.unix().as_nanos();
        let source = format!("{:016x}{born:x}", random.u64(..)).into();
        let begun = remotes.clone();
        let local = Local {
            backend: self.local,
            deadline: self.deadline,
            clock: self.clock,
            gate: Gate::new(STRIPES),
            sequencer: Sequencer::new(0, remotes),
            scope: self.scope,
            source,
        };
        let random = Mutex::new(random);
        let store = MultiWrite::new(Shared::new(Arc::new(local), self.order, random));
        begun.iter().for_each(|remote| store.shared.begin(remote));
        Ok(store)
    }
}

/// A remote behind a breaker of its own.
pub(super) fn make(
    name: Arc<str>,
    given: Arc<dyn Backend>,
    options: RemoteOptions,
    clock: Clock,
    seed: u64,
) -> Remote {
    let backend = Breaker::default().layer(Arc::clone(&given));
    Remote::new(name, given, backend, options, clock, seed)
}

/// Whether this remote can stand beside the others.
pub(super) fn check(
    remote: &Remote,
    local: &Arc<dyn Backend>,
    others: &[Arc<Remote>],
) -> Result<(), BuildError> {
    let name = Arc::clone(&remote.name);
    if name.is_empty() {
        return Err(BuildError::NoName);
    }
    if others.iter().any(|other| other.name == name) {
        return Err(BuildError::SameName { name });
    }
    if Arc::ptr_eq(&remote.given, local) {
        return Err(BuildError::SameServer { name, other: "local".into() });
    }
    if let Some(other) = others.iter().find(|other| Arc::ptr_eq(&other.given, &remote.given)) {
        return Err(BuildError::SameServer { name, other: format!("`{}`", other.name).into() });
    }
    if remote.options.overflow == Overflow::Spill {
        return Err(BuildError::SpillWithoutSpool { name });
    }
    Ok(())
}

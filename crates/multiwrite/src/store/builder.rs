//! How a store is put together.

use std::fmt;
use std::path::PathBuf;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use redfleet_core::{Backend, Breaker, Clock, Layer};
use tokio::runtime::Handle as Runtime;
use tokio::sync::watch;

use super::life::Life;
use super::local::{Local, STRIPES, UNFENCED};
use super::recovered::open;
use super::scope::Scope;
use super::sequencer::Sequencer;
use super::{MultiWrite, Shared, keeper, porter};
use crate::error::BuildError;
use crate::gate::Gate;
use crate::journal::Journal;
use crate::options::{Order, Overflow, RemoteOptions};
use crate::remote::Remote;
use crate::spool::SpoolOptions;

/// How long local may take to answer, unless it is said.
const LOCAL_DEADLINE: Duration = Duration::from_secs(5);
/// When a remote whose breaker has opened is probed first.
const FIRST_PROBE: Duration = Duration::from_millis(100);

/// Puts a [`MultiWrite`] together. There is no store without local: it comes first.
#[must_use = "nothing is built before build()"]
pub struct Builder {
    local: Arc<dyn Backend>,
    remotes: Vec<(Arc<str>, Arc<dyn Backend>, RemoteOptions)>,
    order: Order,
    deadline: Duration,
    is_durable: bool,
    scope: Scope,
    clock: Clock,
    seed: Option<u64>,
    spool: Option<(PathBuf, SpoolOptions)>,
    outbox: Option<String>,
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
            is_durable: false,
            scope: Scope::default(),
            clock: Clock::system(),
            seed: None,
            spool: None,
            outbox: None,
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
    ///
    /// # Example
    ///
    /// ```
    /// use redfleet_core::Embedded;
    /// use redfleet_multiwrite::MultiWrite;
    /// use redis::AsyncCommands;
    ///
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let (here, there) = (Embedded::new(), Embedded::new());
    /// let store = MultiWrite::builder(here.shared()).only("users:").remote("eu", there.shared()).build()?;
    /// let () = store.everywhere().set("users:1", "bob").await?;
    /// let error = store.everywhere().set::<_, _, ()>("sessions:1", "..").await.unwrap_err();
    /// assert!(error.to_string().contains("only keys that begin with `users:` are written"));
    /// # Ok(())
    /// # }
    /// ```
    pub fn only(mut self, prefix: impl AsRef<[u8]>) -> Self {
        self.scope.add(prefix.as_ref());
        self
    }

    /// Says that local never comes back with less than it acknowledged: its log is synced with each write, and no replica that is
    /// behind takes its place. Unless this is said, everything is copied to all remotes after a restart of local, because it may
    /// have lost what they have.
    pub const fn durable_local(mut self) -> Self {
        self.is_durable = true;
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

    /// Keeps in this directory what is on its way, so that a crash of the process loses no write: what every remote lacks is known
    /// when the store is built again with the same directory. No other store may have the same one.
    ///
    /// # Example
    ///
    /// ```
    /// use std::time::Duration;
    ///
    /// use redfleet_core::Embedded;
    /// use redfleet_multiwrite::{MultiWrite, SpoolOptions};
    /// use redis::AsyncCommands;
    ///
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let (here, there) = (Embedded::new(), Embedded::new());
    /// # let directory = std::env::temp_dir().join(format!("redfleet-doc-{}", std::process::id()));
    /// let build = || {
    ///     let builder = MultiWrite::builder(here.shared()).spool(&directory, SpoolOptions::new());
    ///     builder.remote("eu", there.shared()).build()
    /// };
    /// let store = build()?;
    /// store.pause("eu")?;
    /// let () = store.everywhere().incr("visits", 1).await?;
    /// let left = store.shutdown(Duration::from_millis(10)).await.unwrap_err();
    /// assert_eq!(left.to_string(), "eu: 1 writes queued, 0 keys to be copied");
    /// drop(store);
    ///
    /// let store = build()?; // another process, later
    /// store.flush(Duration::from_secs(5)).await?;
    /// assert!(store.verify("eu").await?.is_equal());
    /// # store.shutdown(Duration::from_secs(5)).await?;
    /// # std::fs::remove_dir_all(directory)?;
    /// # Ok(())
    /// # }
    /// ```
    pub fn spool(mut self, directory: impl Into<PathBuf>, options: SpoolOptions) -> Self {
        self.spool = Some((directory.into(), options));
        self
    }

    /// Keeps on local, in the same atomic step as each write, which keys not all remotes have, so that a crash of the process loses no
    /// write: they are copied when the store is built again with the same name. No other store may have the same one.
    ///
    /// Each write costs local one more command, in one transaction, and no round trip. While everything is to be copied to a remote
    /// nothing leaves the outbox: if that remote is down for days, it grows to all keys that are written meanwhile, which
    /// [removing](MultiWrite::remove_remote) the remote ends. It needs [`Order::LocalFirst`]. What is
    /// copied after a crash is copied once more ten seconds later, because local may carry out late what a process that is gone had
    /// sent.
    ///
    /// # Example
    ///
    /// ```
    /// use redfleet_core::Embedded;
    /// use redfleet_multiwrite::MultiWrite;
    /// use redis::AsyncCommands;
    ///
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let (here, there) = (Embedded::new(), Embedded::new());
    /// let build = || MultiWrite::builder(here.shared()).outbox("shop").remote("eu", there.shared()).build();
    /// let store = build()?;
    /// store.pause("eu")?;
    /// let () = store.everywhere().incr("visits", 1).await?;
    /// drop(store); // and the process with it
    ///
    /// let store = build()?;
    /// let () = store.everywhere().set("a", 1).await?; // waits until the outbox is read
    /// assert_eq!(store.health()[0].dirty_keys, 1); // `visits` is copied
    /// # Ok(())
    /// # }
    /// ```
    pub fn outbox(mut self, name: impl Into<String>) -> Self {
        self.outbox = Some(name.into());
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
        if self.order == Order::Parallel && self.outbox.is_some() {
            return Err(BuildError::OutboxInParallel);
        }
        let mut random = fastrand::Rng::with_seed(self.seed.unwrap_or_else(|| fastrand::u64(..)));
        // Two runs with one seed must not be taken for one source, whose numbers go on.
        let source = format!("{:016x}{:x}", random.u64(..), self.clock.unix().as_nanos());
        let has_spool = self.spool.is_some();
        let names: Vec<_> = self.remotes.iter().map(|(name, _, _)| Arc::clone(name)).collect();
        let recovered = open(self.spool, self.outbox, &*self.local, &names, &source)?;
        let journal = Arc::new(recovered.journal);
        let mut remotes: Vec<Arc<Remote>> = Vec::with_capacity(self.remotes.len());
        for (name, backend, options) in self.remotes {
            let remote =
                make(name, backend, options, self.clock.clone(), random.u64(..), Arc::clone(&journal));
            check(&remote, &self.local, &remotes, has_spool)?;
            remotes.push(Arc::new(remote));
        }
        let begun = remotes.clone();
        let has_journal = !matches!(*journal, Journal::None);
        let haunted = if has_journal { UNFENCED } else { Duration::ZERO };
        let local = Local {
            haunted_until: self.clock.now().saturating_add(haunted),
            backend: self.local,
            deadline: self.deadline,
            life: Life::new(self.is_durable),
            clock: self.clock,
            gate: Gate::new(STRIPES),
            sequencer: Sequencer::new(recovered.last_seq, remotes, Arc::clone(&journal)),
            scope: self.scope,
            is_ready: watch::Sender::new(!matches!(*journal, Journal::Outbox(_))),
            unread: Mutex::new(None),
            is_known: watch::Sender::new(!matches!(*journal, Journal::Outbox(_))),
            journal,
            source: recovered.source,
        };
        for (remote, lack) in begun.iter().zip(&recovered.lacks) {
            remote.take_over(lack, &recovered.unknown, recovered.last_seq);
        }
        let random = Mutex::new(random);
        let store = MultiWrite::new(Shared::new(Arc::new(local), self.order, random));
        begun.iter().for_each(|remote| store.shared.begin(remote));
        tokio::spawn(keeper::run(Arc::downgrade(&store.shared.local)));
        let arrived = Arc::clone(&store.shared.local.sequencer.arrived);
        tokio::spawn(porter::run(Arc::downgrade(&store.shared.local), arrived));
        Ok(store)
    }
}

/// A remote behind a breaker of its own, which is probed no more rarely than rounds are sent again: a remote that is back is to
/// be noticed before much more has gathered.
pub(super) fn make(
    name: Arc<str>,
    given: Arc<dyn Backend>,
    options: RemoteOptions,
    clock: Clock,
    seed: u64,
    journal: Arc<Journal>,
) -> Remote {
    let (first, last) = (FIRST_PROBE.min(options.last_retry), options.last_retry);
    // A pause of nothing is told when the remote is checked.
    let breaker = Breaker::default().probes(first, last).unwrap_or_default();
    let backend = breaker.layer(Arc::clone(&given));
    Remote::new(name, given, backend, options, clock, seed, journal)
}

/// Whether this remote can stand beside the others.
pub(super) fn check(
    remote: &Remote,
    local: &Arc<dyn Backend>,
    others: &[Arc<Remote>],
    has_spool: bool,
) -> Result<(), BuildError> {
    let name = Arc::clone(&remote.name);
    if name.is_empty() {
        return Err(BuildError::NoName);
    }
    if let Err(reason) = remote.options.check() {
        return Err(BuildError::Options { name, reason });
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
    if remote.options.overflow == Overflow::Spill && !has_spool {
        return Err(BuildError::SpillWithoutSpool { name });
    }
    Ok(())
}

//! The locks of a fleet.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use redfleet_core::Fleet;

use crate::builder::Builder;
use crate::error::{Error, Result};
use crate::id::{Ids, LeaseId};
use crate::keeper::Keeper;
use crate::kinds::Kind;
use crate::line::lines::Lines;
use crate::options::Options;
use crate::release::{self, ById, Released};
use crate::request::LockRequest;
use crate::servers::Servers;
use crate::settings::Settings;
use crate::wake::Wakes;

/// How long a shutdown waits for the servers: a release takes at most two seconds, its repetitions included.
const SHUTDOWN: Duration = Duration::from_secs(3);

/// The locks of a fleet, for one process. Cheap to clone: clones are the same.
#[derive(Clone, Debug)]
pub struct Locks {
    pub(crate) inner: Arc<Inner>,
}

/// What all locks and leases of a process share.
#[derive(Debug)]
pub(crate) struct Inner {
    pub(crate) servers: Arc<Servers>,
    pub(crate) ids: Ids,
    pub(crate) keeper: Keeper,
    /// Who waits here, and what is held.
    pub(crate) lines: Lines,
    pub(crate) wakes: Wakes,
    /// For pauses that differ from one process to the next.
    pub(crate) dice: Mutex<fastrand::Rng>,
}

impl Locks {
    /// Locks on a majority of this fleet's servers, with settings of one's own.
    pub fn builder(fleet: Fleet) -> Builder {
        Builder::new(fleet)
    }

    pub(crate) fn new(fleet: Fleet, settings: Settings) -> Self {
        let ids = Ids::new(settings.seed);
        let servers = Arc::new(Servers::new(fleet, settings));
        let keeper = Keeper::new(Arc::clone(&servers));
        let dice = Mutex::new(ids.dice());
        let (lines, wakes) = (Lines::default(), Wakes::default());
        Self { inner: Arc::new(Inner { servers, ids, keeper, lines, wakes, dice }) }
    }

    /// The lock of this name.
    pub fn lock(&self, name: impl Into<Arc<str>>) -> LockRequest {
        self.request(name.into(), Kind::Exclusive, self.options())
    }

    /// A lock of this kind and name, with these options.
    pub(crate) fn request(&self, name: Arc<str>, kind: Kind, options: Options) -> LockRequest {
        LockRequest::new(Arc::clone(&self.inner), name, kind, options)
    }

    /// The options that were set when the locks were built.
    pub(crate) fn options(&self) -> Options {
        Options::new(self.inner.servers.settings())
    }

    /// Gives back what this id holds of the lock of this name, also if another process took it: to clean up after one that is gone, or
    /// to end what hangs. A lease of this process under this id is lost at once.
    ///
    /// # Cost
    ///
    /// One round trip. To servers that do not answer it is sent twice more in the background, within half a second.
    ///
    /// # Errors
    ///
    /// [`Error::NotHolder`] if a majority answered, and none of them had it; [`Error::Unconfirmed`] if too few answered to know.
    ///
    /// # Cancel safety
    ///
    /// Once it was polled, the release goes on in the background.
    pub async fn release(&self, name: impl Into<Arc<str>>, id: &LeaseId) -> Result<Released> {
        let site = self.lock(name).site()?;
        if self.inner.keeper.is_closed() {
            return Err(Error::Shutdown);
        }
        let name = Arc::clone(&site.name);
        let was_held = self.inner.end_by_id(&site, id);
        let (found, answers) = release::by_id(&self.inner.servers, &site, id).await;
        match found {
            ById::Released(on) => Ok(Released { on, was_held }),
            ById::NotHolder => Err(Error::NotHolder { name, answers }),
            ById::Unconfirmed => {
                let ttl = self.inner.servers.settings().max_ttl;
                Err(Error::Unconfirmed { name, answers, ttl })
            }
        }
    }

    /// Lets nothing new in, gives back all that is held, whose leases are lost thereby, and waits until the servers have answered that,
    /// and all that was given back before, at most for 3 seconds. Then the fleet can be shut down, which is its owner's.
    ///
    /// What is asked for from now on is [`Error::Shutdown`], and so is what waits: at once, and its places in line are given up. What is
    /// granted meanwhile comes as a lease that is lost.
    /// To call it again waits for what is left, mostly nothing.
    ///
    /// # Cost
    ///
    /// One round trip where all servers answer.
    ///
    /// # Cancel safety
    ///
    /// Dropping the future leaves the locks closed, and the rest goes on in the background.
    pub async fn shutdown(&self) {
        self.inner.keeper.close();
        self.inner.give_all_back(self.inner.keeper.held());
        // What was handed over, or taken, at the same time.
        let rest = self.inner.keeper.shutdown().await;
        self.inner.give_all_back(rest);
        self.inner.servers.background().drained(SHUTDOWN).await;
    }
}

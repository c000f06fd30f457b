//! Giving back: to all servers, also to those that never answered, until each has heard of it.

mod summary;

use std::pin::pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::Duration;

use redfleet_core::{Effect, Error, Node, Outcome, Result, ScriptCall};
use tokio::sync::Notify;
use tokio::time::{Instant, sleep_until, timeout_at};

use crate::id::LeaseId;
use crate::servers::Servers;
use crate::site::Site;

pub use summary::Released;
pub(crate) use summary::{ById, by_id};

/// When a release is sent again to the servers that have not answered it, counted from its start.
const REPEATS: [Duration; 2] = [Duration::from_millis(150), Duration::from_millis(450)];

/// What a server says of the id that was released.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Found {
    /// It held the lock, and does not any more.
    Here,
    /// Nobody held it.
    Nobody,
    /// Another did, and still does.
    Another,
    /// It was not asked: it has answered before, or certainly has nothing.
    NotAsked,
}

/// One release on its way. It never fails as too late: where it is gone already, it is gone.
#[derive(Debug)]
pub(crate) struct Release {
    servers: Arc<Servers>,
    call: ScriptCall,
    /// What is sent at first, where that is another call which gives it back as well.
    first: Option<ScriptCall>,
    start: Instant,
    /// The server that was asked first to take it.
    asked_first: usize,
    /// By server: whether it has answered, or certainly has nothing.
    has_answered: Box<[AtomicBool]>,
    missing: AtomicUsize,
    all_answered: Notify,
    /// Whether only a server that held it acknowledges.
    is_strict: bool,
}

impl Release {
    /// On those servers alone that may have it.
    pub(crate) fn on(
        servers: &Arc<Servers>,
        site: &Site,
        id: &LeaseId,
        may_have: impl Fn(usize) -> bool,
    ) -> Arc<Self> {
        Arc::new(Self::new(servers, site, id, may_have))
    }

    /// On all servers, by this call, which gives it back in its own way. What has not answered that is told of the release.
    pub(crate) fn beginning_with(
        servers: &Arc<Servers>,
        site: &Site,
        id: &LeaseId,
        first: ScriptCall,
    ) -> Arc<Self> {
        Arc::new(Self { first: Some(first), ..Self::new(servers, site, id, |_| true) })
    }

    /// On all servers; only those that held it acknowledge.
    fn strict(servers: &Arc<Servers>, site: &Site, id: &LeaseId) -> Arc<Self> {
        Arc::new(Self { is_strict: true, ..Self::new(servers, site, id, |_| true) })
    }

    fn new(servers: &Arc<Servers>, site: &Site, id: &LeaseId, may_have: impl Fn(usize) -> bool) -> Self {
        // What is being put back for it now may come later than this, and is then taken away again.
        servers.restores().released(site, id);
        let has_answered: Box<[_]> =
            (0..servers.fleet().len()).map(|server| AtomicBool::new(!may_have(server))).collect();
        let missing = has_answered.iter().filter(|answered| !answered.load(Ordering::Relaxed)).count();
        Self {
            servers: Arc::clone(servers),
            call: call(servers, site, id),
            first: None,
            start: Instant::now(),
            asked_first: site.first(servers.fleet().len()),
            has_answered,
            missing: AtomicUsize::new(missing),
            all_answered: Notify::new(),
            is_strict: false,
        }
    }

    /// Sends it to all, and answers when a majority has.
    ///
    /// # Cost
    ///
    /// One round trip. To the servers that do not answer it is sent again 150 and 450 ms after the start, in the background.
    ///
    /// # Cancel safety
    ///
    /// Once it was polled, it goes on in the background.
    pub(crate) async fn run(self: &Arc<Self>) -> Outcome<Found> {
        let repeating = Repeating(self);
        let mut round = pin!(self.round(true));
        let outcome = timeout_at(self.start + REPEATS[0], &mut round).await;
        // Also where a majority hangs, those that hang are told again in time.
        drop(repeating);
        match outcome {
            Ok(outcome) => outcome,
            Err(_) => round.await,
        }
    }

    /// The whole of it in the background.
    pub(crate) fn in_background(self: Arc<Self>) {
        if self.is_answered_by_all() {
            return;
        }
        let servers = Arc::clone(&self.servers);
        servers.background().spawn(async move { drop(self.run().await) });
    }

    /// How many servers have answered.
    fn answered(&self) -> usize {
        self.has_answered.len() - self.missing.load(Ordering::SeqCst)
    }

    fn is_answered_by_all(&self) -> bool {
        self.missing.load(Ordering::SeqCst) == 0
    }

    async fn round(self: &Arc<Self>, is_first: bool) -> Outcome<Found> {
        let this = Arc::clone(self);
        let operation = move |node: Node| {
            let this = Arc::clone(&this);
            async move { this.tell(&node, is_first).await }
        };
        let deadline = self.servers.round_trip().deadline();
        if self.is_of_those_asked_first() {
            // Each of them is waited for, unless it is late: then nothing is left to be done in the background.
            return self.servers.run_from(self.asked_first, deadline, operation).await;
        }
        self.servers.run(deadline, operation).await
    }

    /// Whether those that are still to be told are the ones that are asked first for this lock, and all of them are up.
    fn is_of_those_asked_first(&self) -> bool {
        let (nodes, majority) = (self.servers.fleet().nodes(), self.servers.majority());
        self.missing.load(Ordering::SeqCst) == majority
            && (0..majority).map(|place| (self.asked_first + place) % nodes.len().max(1)).all(|place| {
                let is_missing =
                    self.has_answered.get(place).is_some_and(|answered| !answered.load(Ordering::SeqCst));
                is_missing && nodes.get(place).is_some_and(|node| node.down().is_none())
            })
    }

    async fn tell(&self, node: &Node, is_first: bool) -> Result<Found> {
        let Some(answered) = self.has_answered.get(node.index()) else { return Ok(Found::NotAsked) };
        if answered.load(Ordering::SeqCst) {
            return Ok(Found::NotAsked);
        }
        let call = self.first.as_ref().filter(|_| is_first).unwrap_or(&self.call);
        let word: String = call.run(&**node).await?;
        if !answered.swap(true, Ordering::SeqCst) && self.missing.fetch_sub(1, Ordering::SeqCst) == 1 {
            self.all_answered.notify_one();
        }
        match word.as_str() {
            "released" => Ok(Found::Here),
            "absent" if self.is_strict => Err(Error::declined("nobody holds it there", Effect::None)),
            "other" if self.is_strict => Err(Error::declined("another holds it there", Effect::None)),
            "other" => Ok(Found::Another),
            _ => Ok(Found::Nobody),
        }
    }

    /// Sends it again to those that have not answered, until all have or it was sent often enough.
    async fn repeat(self: Arc<Self>) {
        let Some(_leave) = self.servers.background().may_repeat() else { return };
        let rounds = async {
            for (place, after) in REPEATS.iter().enumerate() {
                sleep_until(self.start + *after).await;
                let round = async {
                    self.round(false).await.settle().await;
                };
                match REPEATS.get(place + 1) {
                    // What has not been answered until the next one goes on beside it.
                    Some(next) => timeout_at(self.start + *next, round).await.unwrap_or_default(),
                    None => round.await,
                }
            }
        };
        tokio::select! {
            biased;
            () = self.all_answered.notified() => {}
            () = rounds => {}
        }
    }
}

/// Has a release repeated when its first round is over or takes long, or its caller is gone.
struct Repeating<'a>(&'a Arc<Release>);

impl Drop for Repeating<'_> {
    fn drop(&mut self) {
        if !self.0.is_answered_by_all() {
            self.0.servers.background().spawn(Arc::clone(self.0).repeat());
        }
    }
}

/// The call that releases it on a server.
pub(crate) fn call(servers: &Servers, site: &Site, id: &LeaseId) -> ScriptCall {
    site.kind
        .scripts()
        .release
        .key(&[&site.owner, &site.reservation, &site.line])
        .key(site.readers.as_deref())
        .arg(id.as_str())
        .arg(servers.channels())
        .arg(&site.message)
        .arg(servers.round_trip().reservation().as_millis())
}

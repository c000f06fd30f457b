//! A world: its nodes, its clients, and what goes wrong between them.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use tokio::time::sleep;

use super::conditions::Delays;
use super::dice::dice;
use super::network::Network;
use super::state::{Place, State};
use super::{Fault, Plan, SimulatedClient, SimulatedNode};
use crate::Embedded;
use crate::test_util::SimulatedClock;

/// What time it is when a world begins: on every clock, and in every run.
const BEGINNING: Duration = Duration::from_secs(1_700_000_000);

/// One world: it belongs to one run of a [`Scenario`](super::Scenario), with one seed. Cheap to clone: clones are the same.
#[derive(Clone)]
pub struct World {
    shared: Arc<Shared>,
}

struct Shared {
    seed: u64,
    network: Network,
    nodes: Vec<SimulatedNode>,
    clients: Vec<SimulatedClock>,
    calm_at: Option<Duration>,
}

impl World {
    pub(super) fn new(seed: u64, clients: usize, nodes: usize, delays: Delays, plan: Plan) -> Self {
        let clients: Vec<_> = (0..clients).map(|_| SimulatedClock::new(BEGINNING)).collect();
        let node = |place: usize| {
            let clock = SimulatedClock::new(BEGINNING);
            let chance = dice(seed, &format!("store n{place}")).u64(..);
            let store = Embedded::builder().name(format!("n{place}")).clock(clock.clock()).seed(chance);
            let store = store.synced_every_second().build();
            (Place { store: store.clone(), clock: clock.clone() }, SimulatedNode::new(place, store, clock))
        };
        let (places, nodes) = (0..nodes).map(node).unzip();
        let calm_at = plan.calm_at();
        let network = Network::new(State::new(seed, clients.clone(), places, delays, plan));
        Self { shared: Arc::new(Shared { seed, network, nodes, clients, calm_at }) }
    }

    pub(super) fn network(&self) -> &Network {
        &self.shared.network
    }

    /// The seed of all chance in this world.
    #[must_use]
    pub fn seed(&self) -> u64 {
        self.shared.seed
    }

    /// Chance of one's own, from the seed: another stream for every purpose, so that what is drawn for one does not shift
    /// what is drawn for another.
    #[must_use]
    pub fn dice(&self, purpose: &str) -> fastrand::Rng {
        dice(self.shared.seed, &format!("test {purpose}"))
    }

    /// The nodes, in order.
    #[must_use]
    pub fn nodes(&self) -> &[SimulatedNode] {
        &self.shared.nodes
    }

    /// The clients, in order.
    pub fn clients(&self) -> impl Iterator<Item = SimulatedClient> {
        let clients = self.shared.clients.iter().enumerate();
        clients.map(|(place, clock)| SimulatedClient::new(self.clone(), place, clock.clone()))
    }

    /// The client with this place.
    ///
    /// # Panics
    ///
    /// If there is none.
    #[must_use]
    pub fn client(&self, place: usize) -> SimulatedClient {
        let clients = self.shared.clients.len();
        let client = self.clients().nth(place);
        client
            .unwrap_or_else(|| panic!("there is no client {place}: the world has {clients}, counted from 0"))
    }

    /// How much true time has passed.
    #[must_use]
    pub fn now(&self) -> Duration {
        self.network().now()
    }

    /// Lets this go wrong from now on, besides what is in the plan.
    ///
    /// # Panics
    ///
    /// If it is about a node or a client that is not there.
    #[expect(clippy::must_use_candidate, reason = "whoever wants the fault to go on has no use for its end")]
    pub fn inject(&self, fault: Fault) -> Ongoing {
        fault.expect_places(self.shared.clients.len(), self.shared.nodes.len());
        let number = self.network().with(|state| state.begin(fault));
        Ongoing { world: self.clone(), number }
    }

    /// Ends all faults of links and nodes now, also those of the plan that have begun.
    pub fn heal(&self) {
        self.network().with(State::on_heal);
    }

    /// Waits until the plan's faults of links and nodes are over.
    ///
    /// # Panics
    ///
    /// If they never are: see [`Plan::calm_at`].
    pub async fn calm(&self) {
        let Some(at) = self.shared.calm_at else {
            panic!("it is never calm: a fault of the plan goes on for ever, and no `healed_at` ends it");
        };
        sleep(at.saturating_sub(self.now())).await;
    }

    /// Waits until nothing is on its way any more: no request, no reply, and nothing that a cut holds up. It never
    /// comes to that while something goes on being sent.
    pub async fn quiet(&self) {
        while !self.network().with(|state| state.is_quiet()) {
            sleep(Duration::from_millis(5)).await;
        }
    }

    /// Writes a line of one's own into the trace.
    pub fn note(&self, what: impl fmt::Display) {
        self.network().with(|state| state.trace.line(state.now, format_args!("~ {what}")));
    }

    /// Everything that has happened so far, a line each.
    #[must_use]
    pub fn trace(&self) -> String {
        self.network().with(|state| state.trace.text().to_owned())
    }

    pub(super) fn requests(&self) -> u64 {
        self.network().with(|state| state.requests)
    }
}

impl fmt::Debug for World {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("World").field("seed", &self.seed()).field("now", &self.now()).finish_non_exhaustive()
    }
}

/// A fault that was injected. Dropped, it goes on until it is healed.
#[derive(Debug)]
pub struct Ongoing {
    world: World,
    number: u64,
}

impl Ongoing {
    /// Ends the fault.
    pub fn end(self) {
        self.world.network().with(|state| state.on_end(self.number));
    }
}

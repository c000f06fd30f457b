//! A named test that runs in many worlds, one a seed.

use std::ops::Range;
use std::time::Duration;

use super::conditions::Delays;
use super::orders::{self, Orders};
use super::run::{Ran, Setup, Wrong, run};
use super::trace::difference;
use super::{Failure, Plan, Storm, World, work};
use crate::test_util::history::Violation;

/// How many seeds are run twice, to see that nothing depends on anything but the seed.
const TWICE: usize = 3;

/// How many shorter plans are tried, to find what it takes to fail.
const MAX_SHORTENINGS: usize = 100;

/// A test that runs in many worlds.
///
/// `cargo test` runs a few dozen seeds. More are run by `cargo xtask sim`, or by these variables: `REDFLEET_SIM_SEEDS` says how
/// many, `REDFLEET_SIM_SEED` runs one alone, whose failure is then told with the whole trace, and its success too if
/// `REDFLEET_SIM_TRACE` is set.
///
/// # Example
///
/// ```
/// use redfleet_core::BackendExt;
/// use redfleet_core::test_util::history::Violation;
/// use redfleet_core::test_util::simulation::{Scenario, Storm};
/// use redis::cmd;
/// use std::time::Duration;
///
/// let storm = Storm::lasting(Duration::from_secs(2));
/// Scenario::new("a_counter_never_goes_back").nodes(1).storm(storm).seeds(5).run(|world| async move {
///     let link = world.client(0).link(0);
///     let mut last = 0;
///     for _ in 0..20 {
///         if let Ok(sum) = link.query::<i64>(cmd("INCR").arg("sum")).await {
///             let rule = "a counter never goes back";
///             Violation::unless(sum > last, rule, || format!("{last}, then {sum}"))?;
///             last = sum;
///         }
///     }
///     Ok(())
/// });
/// ```
#[derive(Clone, Debug)]
#[must_use = "nothing happens before run()"]
pub struct Scenario {
    name: String,
    setup: Setup,
    weather: Weather,
    seeds: u64,
}

/// What goes wrong.
#[derive(Clone, Debug)]
enum Weather {
    Planned(Plan),
    Drawn(Storm),
}

/// What was run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Summary {
    /// How many seeds.
    pub seeds: u64,
    /// How many requests the clients sent in all runs.
    pub requests: u64,
    /// How much simulated time passed in all runs.
    pub lasted: Duration,
}

impl Scenario {
    /// A scenario with this name. It is best that of the test, so that a failure says which one to run again.
    pub fn new(name: impl Into<String>) -> Self {
        let delays = Delays { from: Duration::from_millis(1), to: Duration::from_millis(5) };
        let setup = Setup { clients: 3, nodes: 3, delays };
        Self { name: name.into(), setup, weather: Weather::Planned(Plan::new()), seeds: 50 }
    }

    /// A world of so many nodes; 3 unless it is said.
    pub const fn nodes(mut self, nodes: usize) -> Self {
        self.setup.nodes = nodes;
        self
    }

    /// A world of so many clients; 3 unless it is said.
    pub const fn clients(mut self, clients: usize) -> Self {
        self.setup.clients = clients;
        self
    }

    /// Lets messages take this long, one way, while nothing is wrong; 1 to 5 ms unless it is said.
    pub const fn delays(mut self, range: Range<Duration>) -> Self {
        self.setup.delays = Delays { from: range.start, to: range.end };
        self
    }

    /// Lets this go wrong, in every run.
    pub fn plan(mut self, plan: Plan) -> Self {
        self.weather = Weather::Planned(plan);
        self
    }

    /// Lets go wrong what is drawn from the seed.
    pub fn storm(mut self, storm: Storm) -> Self {
        self.weather = Weather::Drawn(storm);
        self
    }

    /// How many seeds `cargo test` runs, at least one; 50 unless it is said.
    pub const fn seeds(mut self, seeds: u64) -> Self {
        self.seeds = seeds;
        self
    }

    /// Runs `body` in a world for each seed that was asked for, and prints what was run.
    ///
    /// # Panics
    ///
    /// With the seed, the reason, the plan and the trace of the first run that fails. Also if there is no seed to run, and
    /// if it is called in a runtime: every run has one of its own.
    pub fn run<F, R>(self, body: F)
    where
        F: Fn(World) -> R,
        R: Future<Output = Result<(), Violation>>,
    {
        let orders = Orders::from_environment(self.seeds);
        let started = work::so_far();
        match self.check(orders.seeds.clone(), &body) {
            Ok(summary) => orders.tell_success(&self.name, &summary, work::so_far().saturating_sub(started)),
            Err(failure) => panic!("{}", orders.whole(*failure)),
        }
        if orders.wants_trace() {
            let seed = orders.seeds.start;
            orders::tell(&run(&self.setup, seed, &self.plan_for(seed), &body).trace);
        }
    }

    /// Runs `body` in a world for each of these seeds, the first few twice, and answers with the first failure. Its plan
    /// is shortened to what it takes to fail.
    ///
    /// # Errors
    ///
    /// If `body` returns a violation or panics, does not end, or does not do the same with the same seed.
    ///
    /// # Panics
    ///
    /// If the plan is about a node or a client that is not there, or a storm would have none.
    pub fn check<F, R>(&self, seeds: Range<u64>, body: F) -> Result<Summary, Box<Failure>>
    where
        F: Fn(World) -> R,
        R: Future<Output = Result<(), Violation>>,
    {
        let mut summary = Summary { seeds: 0, requests: 0, lasted: Duration::ZERO };
        for (count, seed) in seeds.enumerate() {
            let plan = self.plan_for(seed);
            let mut ran = run(&self.setup, seed, &plan, &body);
            if count < TWICE && ran.failure.is_none() {
                ran = compared(ran, run(&self.setup, seed, &plan, &body));
            }
            if ran.failure.is_some() {
                return Err(Box::new(self.shortened(seed, plan, ran, &body)));
            }
            summary.seeds += 1;
            summary.requests += ran.requests;
            summary.lasted += ran.lasted;
        }
        Ok(summary)
    }

    fn plan_for(&self, seed: u64) -> Plan {
        let (clients, nodes) = (self.setup.clients, self.setup.nodes);
        let plan = match &self.weather {
            Weather::Planned(plan) => plan.clone(),
            Weather::Drawn(storm) => storm.plan(seed, clients, nodes),
        };
        plan.expect_places(clients, nodes);
        plan
    }

    /// The failure with a plan from which no fault can be left out.
    ///
    /// Only for a rule that is broken: whatever panics would print its panic at every further try, a run without end takes
    /// long each time, and what differs from run to run cannot be narrowed down by running it.
    fn shortened<F, R>(&self, seed: u64, plan: Plan, ran: Ran, body: &F) -> Failure
    where
        F: Fn(World) -> R,
        R: Future<Output = Result<(), Violation>>,
    {
        let faults = plan.steps().len();
        let (mut plan, mut ran, mut step, mut tries) = (plan, ran, 0, 0);
        let breaks_a_rule = |ran: &Ran| matches!(ran.failure, Some(Wrong::Rule(_)));
        while step < plan.steps().len() && tries < MAX_SHORTENINGS && breaks_a_rule(&ran) {
            tries += 1;
            let shorter = plan.without(step);
            let again = run(&self.setup, seed, &shorter, body);
            if breaks_a_rule(&again) {
                (plan, ran) = (shorter, again);
            } else {
                step += 1;
            }
        }
        let reason = ran.failure.map(|wrong| wrong.to_string()).unwrap_or_default();
        let scenario = self.name.clone();
        Failure { scenario, seed, reason, plan, faults, trace: ran.trace, is_whole: false }
    }
}

/// A run that was fine, compared with the second one of the same seed: both must end alike, having done the same.
fn compared(first: Ran, again: Ran) -> Ran {
    let text = match (&again.failure, difference(&first.trace, &again.trace)) {
        (None, None) => return first,
        (None, Some(text)) => text,
        (Some(wrong), _) => format!("it is fine once, and once {wrong}"),
    };
    Ran { failure: Some(Wrong::NotTheSame(text)), ..again }
}

//! One run: one seed, one plan, one world on a runtime of its own.

use std::any::Any;
use std::fmt;
use std::panic::AssertUnwindSafe;
use std::time::Duration;

use futures::FutureExt;
use tokio::runtime::Builder;
use tokio::time::timeout;

use super::conditions::Delays;
use super::{Plan, World};
use crate::test_util::history::Violation;

/// How much simulated time a run may take: more is a run that waits for ever.
const LIMIT: Duration = Duration::from_secs(3600);

/// What a world is made of.
#[derive(Clone, Debug)]
pub(super) struct Setup {
    pub(super) clients: usize,
    pub(super) nodes: usize,
    pub(super) delays: Delays,
}

/// What came of a run.
pub(super) struct Ran {
    pub(super) failure: Option<Wrong>,
    pub(super) trace: String,
    pub(super) requests: u64,
    pub(super) lasted: Duration,
}

/// What is wrong with a run.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Wrong {
    /// A rule of the test is broken.
    Rule(String),
    /// The test panicked.
    Panic(String),
    /// The test does not end.
    Endless,
    /// The simulator itself panicked.
    Simulator(String),
    /// It is not the run that it was before with the same seed.
    NotTheSame(String),
}

impl fmt::Display for Wrong {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Rule(violation) => f.write_str(violation),
            Self::Panic(text) => write!(f, "panicked: {text}"),
            Self::Endless => write!(f, "the run did not end within {} simulated seconds", LIMIT.as_secs()),
            Self::Simulator(text) => write!(f, "the simulator itself failed: {text}"),
            Self::NotTheSame(text) => write!(f, "broken: the same seed is the same run\n  {text}"),
        }
    }
}

/// Runs `body` in the world of this seed and plan.
#[expect(clippy::expect_used, reason = "a test process that cannot make a runtime cannot test anything")]
pub(super) fn run<F, R>(setup: &Setup, seed: u64, plan: &Plan, body: &F) -> Ran
where
    F: Fn(World) -> R,
    R: Future<Output = Result<(), Violation>>,
{
    // Time alone: no IO, no thread, nothing that chance could come from.
    let runtime = Builder::new_current_thread().enable_time().start_paused(true).build();
    let runtime = runtime.expect("a runtime without threads starts");
    runtime.block_on(async {
        let world = World::new(seed, setup.clients, setup.nodes, setup.delays, plan.clone());
        let mut driver = tokio::spawn(world.network().clone().drive());
        let body = timeout(LIMIT, AssertUnwindSafe(body(world.clone())).catch_unwind());
        let failure = tokio::select! {
            biased;
            driven = &mut driver => driven.err().map(|panic| Wrong::Simulator(panic.to_string())),
            ended = body => match ended {
                Ok(Ok(Ok(()))) => None,
                Ok(Ok(Err(violation))) => Some(Wrong::Rule(violation.to_string())),
                Ok(Err(panic)) => Some(Wrong::Panic(message(&*panic).to_owned())),
                Err(_) => Some(Wrong::Endless),
            },
        };
        Ran { failure, trace: world.trace(), requests: world.requests(), lasted: world.now() }
    })
}

fn message(panic: &(dyn Any + Send)) -> &str {
    let text = panic.downcast_ref::<&str>().copied();
    text.or_else(|| panic.downcast_ref::<String>().map(String::as_str)).unwrap_or("(no message)")
}

//! Fetching the slot map: one fetch at a time, from whichever node answers first.

use std::sync::{Arc, MutexGuard};
use std::time::Duration;

use futures::stream::{FuturesUnordered, StreamExt};
use tokio::time::{Instant, sleep, sleep_until};

use super::address::Address;
use super::layout::Layout;
use super::member::Member;
use super::state::{State, nobody};
use crate::error::{Error, Result};
use crate::lock::lock;

/// What the last fetch came to.
pub(crate) type Outcome = Result<()>;

/// How far apart fetches start at least: also how old a map may be to count as fresh.
pub(crate) const MIN_INTERVAL: Duration = Duration::from_millis(100);
/// How long a node is waited for before the next one is asked as well.
const STAGGER: Duration = Duration::from_millis(100);
/// How long a fetch may take in all. Having a map is part of having a connection, so this is no deadline of
/// a command.
const LIMIT: Duration = Duration::from_secs(5);
/// How many nodes are asked in one fetch, seeds aside.
const MAX_ASKED: usize = 16;

/// Which fetches run, and which are wanted.
#[derive(Debug, Default)]
pub(crate) struct Fetches {
    is_running: bool,
    /// Something happened since the running fetch began: one more is due after it.
    is_wanted: bool,
    /// Who probably knows best: the node that a MOVED named.
    prefer: Option<Address>,
    began: Option<Instant>,
    succeeded: Option<Instant>,
}

impl State {
    /// Has the map fetched in the background, once however many ask.
    pub(crate) fn refresh(self: &Arc<Self>, prefer: Option<Address>) {
        let mut fetches = self.fetches();
        fetches.is_wanted = true;
        fetches.prefer = prefer.or_else(|| fetches.prefer.take());
        self.start(fetches);
    }

    /// Waits for a map that is fresh: fetched after this call, or within the least interval before it.
    ///
    /// # Cancel safety
    ///
    /// The fetch runs in a task of its own: it goes on for those who still wait.
    pub(crate) async fn fresh(self: &Arc<Self>) -> Result<()> {
        let mut fetched = self.fetched.subscribe();
        {
            let mut fetches = self.fetches();
            let is_fresh = fetches.succeeded.is_some_and(|at| at.elapsed() < MIN_INTERVAL);
            if is_fresh && !self.is_doubted() {
                return Ok(());
            }
            // A fetch that runs already serves those who come while it runs.
            fetches.is_wanted |= !fetches.is_running;
            self.start(fetches);
        }
        // The sender lives in `self`: the wait cannot fail.
        fetched.changed().await.ok();
        fetched.borrow().clone()
    }

    fn start(self: &Arc<Self>, mut fetches: MutexGuard<'_, Fetches>) {
        if fetches.is_running {
            return;
        }
        fetches.is_running = true;
        drop(fetches);
        let running = Running { state: Arc::clone(self), is_done: false };
        tokio::spawn(running.run());
    }

    fn fetches(&self) -> MutexGuard<'_, Fetches> {
        lock(&self.fetches)
    }

    /// Asks node after node, the next one as soon as one fails or takes long, until one answers.
    async fn fetch(&self, prefer: Option<&Address>) -> Result<()> {
        let nodes = self.whom_to_ask(prefer);
        let mut waiting = nodes.iter();
        let mut asked = FuturesUnordered::new();
        let mut reasons: Vec<String> = Vec::new();
        let limit = sleep(LIMIT);
        tokio::pin!(limit);
        loop {
            let next = waiting.next();
            if let Some(node) = next {
                asked.push(ask(node));
            } else if asked.is_empty() {
                let reasons = if nodes.is_empty() { "no seed was given".into() } else { reasons.join("; ") };
                return Err(nobody(reasons));
            }
            tokio::select! {
                biased;
                Some(answer) = asked.next() => match answer {
                    Ok(layout) => {
                        self.install(&nodes, &layout);
                        return Ok(());
                    }
                    Err(reason) => reasons.push(reason),
                },
                () = &mut limit => {
                    reasons.push(format!("no other answer within {LIMIT:?}"));
                    return Err(nobody(reasons.join("; ")));
                }
                () = sleep(STAGGER), if next.is_some() => {}
            }
        }
    }

    /// Who is preferred, then the primaries in turn, then the seeds: each once.
    fn whom_to_ask(&self, prefer: Option<&Address>) -> Vec<Arc<Member>> {
        let mut members = self.members();
        let turn = self.turn().checked_rem(members.len()).unwrap_or_default();
        members.rotate_left(turn);
        members.sort_by_key(|member| Some(&member.address) != prefer);
        members.truncate(MAX_ASKED);
        for seed in &self.seeds {
            if !members.iter().any(|member| member.address == *seed) {
                members.push(self.make(seed));
            }
        }
        members
    }
}

/// Asks one node for the map; the error is its words.
async fn ask(node: &Arc<Member>) -> Result<Layout, String> {
    let mut command = redis::cmd("CLUSTER");
    command.arg("SLOTS");
    match node.backend.call(&command).await {
        Ok(reply) => {
            Layout::read(&reply, &node.address).map_err(|reason| format!("{}: {reason}", node.address))
        }
        // A link's error names the address by itself.
        Err(Error::Link { reason, .. }) => Err(reason.to_string()),
        Err(error) => Err(format!("{}: {error}", node.address)),
    }
}

/// The right to fetch. It is given back also if the task is dropped with its runtime.
struct Running {
    state: Arc<State>,
    is_done: bool,
}

impl Running {
    async fn run(mut self) {
        while !self.is_done {
            let earliest = self.state.fetches().began.map(|began| began + MIN_INTERVAL);
            if let Some(earliest) = earliest {
                sleep_until(earliest).await;
            }
            let prefer = {
                let mut fetches = self.state.fetches();
                fetches.is_wanted = false;
                fetches.began = Some(Instant::now());
                fetches.prefer.take()
            };
            self.state.trust();
            let outcome = self.state.fetch(prefer.as_ref()).await;
            self.is_done = {
                let mut fetches = self.state.fetches();
                fetches.succeeded = outcome.is_ok().then(Instant::now);
                fetches.is_running = fetches.is_wanted;
                !fetches.is_wanted
            };
            self.state.fetched.send_replace(outcome).ok();
        }
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        if self.is_done {
            return;
        }
        self.state.fetches().is_running = false;
        self.state.fetched.send_replace(Err(nobody("the fetch was cut short with its runtime".into()))).ok();
    }
}

//! The executor: one operation on every node, and one answer as early as the policy allows.

use std::borrow::Borrow;
use std::future::{Future, poll_fn};
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use futures::TryFutureExt;
use redis::{Cmd, FromRedisValue};
use tokio::runtime;

use super::flight::Flight;
use super::hedge::{Hedge, Turns};
use super::outcome::{Late, Outcome, Reply};
use super::tally::{Tally, Verdict};
use super::{Fleet, Node, Policy};
use crate::backend::BackendExt;
use crate::error::{ConfigError, Error, Result};
use crate::mutant;

/// An operation on a fleet, before it is run: its policy, its deadline, and whether it hedges.
///
/// # Guarantee
///
/// Every node whose breaker is closed is asked (unless it [hedges](Self::hedge)), and none twice. The caller is
/// answered as soon as the policy's verdict is certain, in both directions, and at most one deadline after the
/// start. Every reply until then is kept. A caller that goes away cancels nothing that was sent: what is under
/// way on other nodes is carried through, so that no write is left on half of the nodes by accident. That is why
/// an operation owns what it needs (`'static`): it may outlive its caller.
///
/// # What is an acknowledgement
///
/// `Ok` is, whatever is in it, and `Err` is not. An operation of several commands whose last one was refused is
/// [`Error::Partial`], with effect unknown: the ones before it were carried out. An operation whose reply may say no turns it into
/// [`Error::declined`]:
///
/// ```
/// use redfleet_core::{BackendExt, Effect, Error, Fleet, Node, test_util::Scripted};
/// use redis::cmd;
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let held = Scripted::new().on("SET", "$-1\r\n"); // nil: somebody else has it
/// let free = || Scripted::new().on("SET", "+OK\r\n").shared();
/// let fleet = Fleet::builder().node("a", free()).node("b", held.shared()).node("c", free()).build()?;
/// let take = |node: Node| async move {
///     let taken: Option<String> = node.query(cmd("SET").arg("seat").arg("me").arg("NX")).await?;
///     taken.ok_or(Error::declined("somebody else has it", Effect::None))
/// };
/// let outcome = fleet.run(fleet.majority(), take).await.require()?;
/// assert_eq!(outcome.to_string(), "a OK   b declined: somebody else has it   c OK");
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Debug)]
#[must_use = "nothing is sent before run()"]
pub struct FanOut {
    fleet: Fleet,
    policy: Policy,
    /// No reply counted yet: what every run begins with.
    tally: Tally,
    deadline: Duration,
    hedge: Option<Hedge>,
}

impl FanOut {
    pub(super) fn new(fleet: Fleet, policy: Policy, deadline: Duration) -> Result<Self, ConfigError> {
        let tally = Tally::new(policy, fleet.len())?;
        Ok(Self { fleet, policy, tally, deadline, hedge: None })
    }

    /// Gives the nodes this long to reply, counted from the start.
    ///
    /// # Errors
    ///
    /// If `deadline` is zero.
    pub fn deadline(mut self, deadline: Duration) -> Result<Self, ConfigError> {
        super::check_deadline(deadline)?;
        self.deadline = deadline;
        Ok(self)
    }

    /// Asks only as many nodes as the policy needs, and a further one each time `delay` passes, or one fails,
    /// without a verdict. For reads: it trades one more request now and then for the slowest replies.
    ///
    /// Which nodes are asked first goes round with every call.
    ///
    /// # Errors
    ///
    /// If `delay` is zero or not shorter than the deadline, or the policy asks for particular nodes
    /// (`All`, `Local`).
    ///
    /// # References
    ///
    /// Dean and Barroso, The Tail at Scale, 2013: hedged requests.
    pub fn hedge(self, delay: Duration) -> Result<Self, ConfigError> {
        self.hedged(Hedge { delay, first: None })
    }

    /// As [`hedge`](Self::hedge), but the nodes are asked in one order each time: from the one with this place on, and those whose
    /// breaker is open last. So all who run an operation of this kind ask the same nodes first. For what excludes others, such as a
    /// lock: a majority is enough, the same few nodes see all who want it, and the rest need not be asked.
    ///
    /// And it is patient: where a node fails, the next is asked only when all others that were asked have replied, or `delay` has
    /// passed; then at once as many as are still needed. For where one node says no, the others mostly do too.
    ///
    /// # Errors
    ///
    /// As [`hedge`](Self::hedge).
    pub fn hedge_from(self, delay: Duration, first: usize) -> Result<Self, ConfigError> {
        self.hedged(Hedge { delay, first: Some(first) })
    }

    fn hedged(mut self, hedge: Hedge) -> Result<Self, ConfigError> {
        let delay = hedge.delay;
        if delay.is_zero() || delay >= self.deadline {
            let expected = "longer than zero and shorter than the deadline";
            return Err(ConfigError::Setting { setting: "the hedging delay", expected });
        }
        if matches!(self.policy, Policy::All | Policy::Local(_)) {
            return Err(ConfigError::Setting {
                setting: "the policy of a hedged read",
                expected: "First or Quorum",
            });
        }
        self.hedge = Some(hedge);
        Ok(self)
    }

    /// Sends one command to every node and converts the replies: [`run`](Self::run) for the everyday case.
    ///
    /// # Cancel safety
    ///
    /// As [`run`](Self::run).
    pub async fn query<T: FromRedisValue + Send + 'static>(&self, command: impl Borrow<Cmd>) -> Outcome<T> {
        let command = Arc::new(command.borrow().clone());
        self.run(move |node| {
            let command = command.clone();
            async move { node.query(&*command).await }
        })
        .await
    }

    /// Runs `operation` on every node and answers with the verdict and all replies so far.
    ///
    /// # Cost
    ///
    /// What `operation` costs on each node, at the same time. One timer; one task if nodes are still under way
    /// at the verdict.
    ///
    /// # Cancel safety
    ///
    /// Dropping the future before its first poll sends nothing. Later, what was sent is carried through in the
    /// background and counted by [`Fleet::stragglers`].
    pub async fn run<T, E, F, O>(&self, mut operation: O) -> Outcome<T>
    where
        T: Send + 'static,
        E: Into<Error> + 'static,
        F: Future<Output = Result<T, E>> + Send + 'static,
        O: FnMut(Node) -> F + Send + 'static,
    {
        let Some(entry) = self.fleet.enter(self.deadline) else {
            return self.fleet.refused(self.policy, &Error::Shutdown);
        };
        let tally = self.tally.clone();
        let nodes = self.fleet.shared_nodes();
        let operation = move |node| operation(node).err_into::<Error>();
        let flight = match self.hedge {
            None => Flight::launch(nodes, tally, self.deadline, entry, operation),
            Some(Hedge { delay, first }) => {
                let order = first.map_or_else(|| self.fleet.rotation(), |first| self.fleet.order_from(first));
                let turns = Turns::new(delay, order, first.is_some());
                Flight::launch_hedged(nodes, tally, self.deadline, entry, operation, turns)
            }
        };
        let runtime = runtime::Handle::try_current().ok();
        let mut flight = Carried { flight: Some(Box::new(flight)), runtime };
        let verdict = poll_fn(|cx| flight.poll_verdict(cx)).await;
        let (replies, late) = flight.part();
        Outcome { names: self.fleet.shared_names(), policy: self.policy, verdict, replies, late }
    }
}

/// A flight that is carried through also when its caller goes away.
struct Carried<T, O, F>
where
    T: Send + 'static,
    F: Future<Output = Result<T>> + Send + 'static,
    O: FnMut(Node) -> F + Send + 'static,
{
    flight: Option<Box<Flight<T, O, F>>>,
    /// Where it began: the caller may go away somewhere else.
    runtime: Option<runtime::Handle>,
}

impl<T, O, F> Carried<T, O, F>
where
    T: Send + 'static,
    F: Future<Output = Result<T>> + Send + 'static,
    O: FnMut(Node) -> F + Send + 'static,
{
    fn poll_verdict(&mut self, cx: &mut Context<'_>) -> Poll<Verdict> {
        self.flight.as_mut().map_or(Poll::Pending, |flight| flight.poll_verdict(cx))
    }

    /// The replies so far, and the task that collects the rest.
    fn part(&mut self) -> (Vec<Reply<T>>, Option<Late<T>>) {
        let Some(mut flight) = self.flight.take() else { return (Vec::new(), None) };
        let replies = flight.take_replies();
        if mutant::is_on("late_replies_are_lost") {
            return (replies, None);
        }
        (replies, carry_on(flight, self.runtime.as_ref()))
    }
}

impl<T, O, F> Drop for Carried<T, O, F>
where
    T: Send + 'static,
    F: Future<Output = Result<T>> + Send + 'static,
    O: FnMut(Node) -> F + Send + 'static,
{
    fn drop(&mut self) {
        if let Some(flight) = self.flight.take()
            && !mutant::is_on("caller_cancels")
        {
            drop(carry_on(flight, self.runtime.as_ref()));
        }
    }
}

/// Collects in a task what is still under way. Without a runtime there is nobody to carry it on.
fn carry_on<T, O, F>(mut flight: Box<Flight<T, O, F>>, runtime: Option<&runtime::Handle>) -> Option<Late<T>>
where
    T: Send + 'static,
    F: Future<Output = Result<T>> + Send + 'static,
    O: FnMut(Node) -> F + Send + 'static,
{
    if !flight.is_under_way() {
        return None;
    }
    let runtime = runtime?;
    flight.becomes_straggler();
    Some(runtime.spawn(async move {
        poll_fn(|cx| flight.poll_all(cx)).await;
        let late = flight.take_replies().into_iter().enumerate();
        late.filter(|(_, reply)| matches!(reply, Reply::Said { .. })).collect()
    }))
}

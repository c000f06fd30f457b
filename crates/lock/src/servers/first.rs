//! Who is asked first: a majority, and the same one by all who want the same lock.

use std::time::Duration;

use redfleet_core::{FanOut, Node, Outcome, Policy, Result};

use super::Servers;

/// The least time after which further servers are asked: on a busy machine a reply is soon late by less.
const LEAST_DELAY: Duration = Duration::from_millis(2);

impl Servers {
    /// As [`run`](Self::run), but a majority is asked first, counted from the server at `first` on, and the others only when one
    /// of those fails or says no and all of those have replied, or when one is late by what hardly any reply takes. After the verdict
    /// nobody else is asked.
    ///
    /// All are asked at once while it is not known how long the servers take, and where one that would be the first may not vote:
    /// its turn would be wasted.
    pub(crate) async fn run_from<T, F>(
        &self,
        first: usize,
        deadline: Duration,
        operation: impl Fn(Node) -> F + Send + 'static,
    ) -> Outcome<T>
    where
        T: Send + 'static,
        F: Future<Output = Result<T>> + Send + 'static,
    {
        let policy = Policy::Quorum(self.majority());
        let hedged = |delay: Duration| -> Option<FanOut> {
            let fan_out = self.fleet.fan_out(policy).and_then(|fan_out| fan_out.deadline(deadline));
            fan_out.and_then(|fan_out| fan_out.hedge_from(delay, first)).ok()
        };
        let Some(fan_out) = self.delay(first).and_then(hedged) else {
            return self.run_by(policy, deadline, operation).await;
        };
        let outcome = fan_out.run(operation).await;
        self.note_twins(&outcome);
        outcome
    }

    /// After what time a server that was asked first is late; nothing, if all are to be asked at once.
    fn delay(&self, first: usize) -> Option<Duration> {
        let (count, majority) = (self.fleet.len(), self.majority());
        if majority == count {
            return None;
        }
        let longest = self.round_trip.longest()?;
        // Those that are known to be down are asked last.
        let order = (0..count).filter_map(|place| self.fleet.nodes().get((first + place) % count));
        let asked_first = order.filter(|node| node.down().is_none()).take(majority);
        let votes = |node: &Node| {
            let server = self.server(node).ok();
            // It is warm once it has voted on this connection, and no more when it did not.
            server
                .and_then(|server| server.enlisted(node.incarnation()))
                .is_some_and(|enlisted| enlisted.is_warm)
        };
        (asked_first.filter(|node| votes(node)).count() == majority).then(|| longest.max(LEAST_DELAY))
    }
}

//! What is done when a clock went forward: it is found out whose, and who may have ended leases too early does not vote.

use std::sync::atomic::Ordering;
use std::time::Duration;

use futures::future::join_all;
use redfleet_core::{BackendExt, Node, Result};
use redis::cmd;

use super::Servers;
use crate::scripts;
use crate::server::Standing;
use crate::time::Whose;
use crate::validity;

/// How long the other servers have to tell what time it is.
const LOOK: Duration = Duration::from_millis(250);

impl Servers {
    /// Decides whose clock was set when this server's went forward, and acts on it.
    ///
    /// The server's: it gets a quarantine. If that cannot be written, it remains undecided, and its replies count for nothing until it
    /// is. Ours: what it lost is made up for, so that our leases end in time; and as the servers may all have been set forward as well,
    /// nothing is taken until every lease has ended that they may have ended too early.
    ///
    /// Where nobody can tell, as with one server, it is taken for both: the server gets a quarantine, because others may hold what it
    /// ended too early; and our leases age, because it may have given to others what we believe to hold.
    ///
    /// # Cost
    ///
    /// Two round trips, each time that a clock went forward.
    pub(super) async fn judge_clock(&self, node: &Node) {
        let _turn = self.judging.lock().await;
        if !self.time.is_suspect(node.index()) {
            return;
        }
        self.look_at_clocks(node.index()).await;
        let quarantine = validity::quarantine(self.settings.max_ttl, self.settings.drift_ppm);
        let ms = |time: Duration| u64::try_from(time.as_millis()).unwrap_or(u64::MAX);
        match self.time.whose(node.index(), self.majority()) {
            Whose::Nobodys => {}
            Whose::Ours(by) => {
                // First this: once it is made up for, the next vote counts again.
                let from_ns = u64::try_from((self.now() + by + quarantine).as_nanos()).unwrap_or(u64::MAX);
                self.grants_from_ns.fetch_max(from_ns, Ordering::AcqRel);
                self.time.make_up(node.index(), by);
                tracing::warn!(
                    by_ms = ms(by),
                    left_ms = ms(quarantine),
                    "our clock stood still: nothing is taken for a while"
                );
            }
            Whose::Its(by) => self.accuse(node, quarantine, by).await,
            Whose::Either { by, lost } => {
                self.time.make_up_in_doubt(node.index(), lost);
                self.accuse(node, quarantine, by).await;
            }
        }
    }

    /// This server's clock was set forward: it does not vote for a while.
    async fn accuse(&self, node: &Node, quarantine: Duration, by: Duration) {
        let Ok(left_ms) = self.put_in_quarantine(node, quarantine).await else { return };
        self.time.accept(node.index());
        let by_ms = u64::try_from(by.as_millis()).unwrap_or(u64::MAX);
        tracing::warn!(
            node = node.name(),
            by_ms,
            left_ms,
            "a server's clock was set forward: it does not vote"
        );
        if let Ok(server) = self.server(node) {
            server.jumped(self.now());
            let until = self.now().saturating_add(Duration::from_millis(left_ms));
            let _ = server.stand(Standing::Quarantined(until));
        }
    }

    async fn put_in_quarantine(&self, node: &Node, quarantine: Duration) -> Result<u64> {
        let call = scripts::QUARANTINE.key(&self.keys.quarantine).arg("jumped").arg(quarantine.as_millis());
        let left_ms: i64 = call.run(&**node).await?;
        Ok(u64::try_from(left_ms).unwrap_or(u64::MAX))
    }

    /// Asks all others that are connected what time it is. Who does not answer is no witness.
    async fn look_at_clocks(&self, but: usize) {
        let others = self.fleet.nodes().iter().filter(|node| node.index() != but);
        let look = |node: Node| async move {
            let command = cmd("TIME");
            let asked = self.now();
            let told = tokio::time::timeout(LOOK, node.query::<(i64, i64)>(&command)).await;
            if let Ok(Ok((seconds, micros))) = told {
                let told_us = seconds.saturating_mul(1_000_000).saturating_add(micros);
                let _ = self.time.note(node.index(), told_us, asked, self.now());
            }
        };
        let connected = others.filter(|node| node.incarnation().is_some()).cloned();
        join_all(connected.map(look)).await;
    }
}

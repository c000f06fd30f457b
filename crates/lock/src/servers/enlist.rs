//! How servers become members: a new fleet at once, a new life of a server after its quarantine.

use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use redfleet_core::{Effect, Error, FanOut, Incarnation, Node, Outcome, Policy, Reply, Result, ScriptCall};
use redis::{Value, from_redis_value_ref};
use tokio::time::Instant;

use super::Servers;
use super::ask::Parts;
use super::founding::{self, Look, Next};
use crate::scripts;
use crate::server::{Enlisted, Server, Standing};
use crate::validity;

/// How long one look at all servers of a fleet that was declared to be new takes at most: connections are made for it.
const LOOK: Duration = Duration::from_secs(1);
/// How long a server remembers that a process has looked at it: longer than all its looks.
const LOOK_LIFE: Duration = Duration::from_secs(60);

impl Servers {
    /// Founds the fleet if it was declared to be new, and enlists the servers, as many as a majority, if none has told its time yet.
    ///
    /// # Cost
    ///
    /// None once it was done. Three round trips for a new fleet, as long as all answer; about 3 s if one does not.
    pub(crate) async fn ready(self: &Arc<Self>) {
        if self.is_founded.load(Ordering::Acquire) && self.time.is_known() {
            return;
        }
        self.found().await;
        let servers = Arc::clone(self);
        let enlist = move |node: Node| {
            let servers = Arc::clone(&servers);
            async move { servers.enlisted(&node).await }
        };
        // Whoever cannot be enlisted says so when it is asked for its vote.
        let majority = Policy::Quorum(self.majority());
        self.note_twins(&self.fleet.run(majority, enlist).await);
    }

    /// Finds out whether the fleet is new, if that was declared, and makes it one. Once a process: whatever has no mark later has
    /// forgotten it.
    async fn found(self: &Arc<Self>) {
        let _turn = self.founding.lock().await;
        if self.is_founded.load(Ordering::Acquire) {
            return;
        }
        let mut since = None;
        loop {
            let looks = self.look().await;
            let since = *since.get_or_insert_with(Instant::now);
            match founding::next(&looks, since.elapsed()) {
                Next::Look(pause) => tokio::time::sleep(pause).await,
                Next::Enlist => break,
                Next::Found => {
                    // Who cannot be reached any more is enlisted later, and not as new.
                    drop(
                        self.on_all(|servers, node| async move { servers.enlist(&node, "found").await })
                            .await,
                    );
                    break;
                }
            }
        }
        self.is_founded.store(true, Ordering::Release);
    }

    async fn look(self: &Arc<Self>) -> Vec<Look> {
        let outcome = self.on_all(|servers, node| async move { servers.look_at(&node).await }).await;
        let look = |reply: Option<&Reply<Look>>| match reply {
            Some(Reply::Said { result: Ok(look), .. }) => *look,
            _ => Look::Silent,
        };
        (0..self.fleet.len()).map(|node| look(outcome.reply(node))).collect()
    }

    /// All replies of all servers, whoever failed.
    async fn on_all<T, F>(
        self: &Arc<Self>,
        operation: impl Fn(Arc<Self>, Node) -> F + Send + 'static,
    ) -> Outcome<T>
    where
        T: Send + 'static,
        F: Future<Output = Result<T>> + Send + 'static,
    {
        let servers = Arc::clone(self);
        let operation = move |node| operation(Arc::clone(&servers), node);
        let all = self.fleet.fan_out(Policy::All).and_then(|all: FanOut| all.deadline(LOOK));
        let mut outcome = match all {
            Ok(all) => all.run(operation).await,
            // Neither is a policy for all impossible, nor is the deadline zero.
            Err(_) => self.fleet.run(Policy::All, operation).await,
        };
        outcome.settle().await;
        self.note_twins(&outcome);
        outcome
    }

    async fn look_at(&self, node: &Node) -> Result<Look> {
        let (word, detail, _) = self.introduce(node, "look").await?;
        let number = || detail.first().and_then(|seen| from_redis_value_ref::<i64>(seen).ok());
        match word.as_str() {
            "unmarked" => Ok(Look::Unmarked { was_seen: number() == Some(1) }),
            _ => Ok(Look::Marked),
        }
    }

    /// The mark of a server, which is enlisted first if it is not.
    ///
    /// # Cost
    ///
    /// None if it is enlisted on this connection, else one round trip for all who ask at the same time.
    pub(crate) async fn enlisted(&self, node: &Node) -> Result<Enlisted> {
        let server = self.server(node)?;
        if let Some(enlisted) = server.enlisted(node.incarnation()) {
            return Ok(enlisted);
        }
        let _turn = server.turn().await;
        if let Some(enlisted) = server.enlisted(node.incarnation()) {
            return Ok(enlisted);
        }
        self.enlist(node, if self.settings.is_durable { "durable" } else { "" }).await
    }

    /// Enlists a server in its present life. `how` is as in the script.
    async fn enlist(&self, node: &Node, how: &'static str) -> Result<Enlisted> {
        let server = self.server(node)?;
        let (word, detail, by) = match self.introduce(node, how).await {
            Err(error @ Error::Unsupported { .. }) => {
                if server.stand(Standing::Unfit(Arc::new(error.clone()))) {
                    tracing::warn!(node = node.name(), %error, "a server cannot vote");
                }
                return Err(error);
            }
            introduced => introduced?,
        };
        let rest = &self.membership;
        if word == "mixed" {
            let there: String =
                detail.first().and_then(|mark| from_redis_value_ref(mark).ok()).unwrap_or_default();
            if server.stand(Standing::Mixed(there.as_str().into())) {
                tracing::warn!(
                    node = node.name(),
                    there,
                    ours = &**rest,
                    "a server belongs to another fleet"
                );
            }
            let reason = format!("it belongs to another fleet: it has `{there}`, and we say `{rest}`");
            return Err(Error::declined(reason, Effect::None));
        }
        let left_ms: u64 = detail.first().and_then(|ms| from_redis_value_ref(ms).ok()).unwrap_or(0);
        self.stands(node, server, Duration::from_millis(left_ms));
        let mark: Arc<str> = format!("{} {rest}", by.run_id().unwrap_or_default()).into();
        server.set_enlisted(by.clone(), Arc::clone(&mark));
        Ok(Enlisted { by, mark, is_warm: false })
    }

    /// Sends the script that enlists: its word, what comes behind the time, and who said it.
    async fn introduce(&self, node: &Node, how: &'static str) -> Result<(String, Vec<Value>, Incarnation)> {
        if node.is_sharded() {
            return Err(Error::unsupported(
                "a lock",
                "give single servers: who takes over in a cluster forgets",
            ));
        }
        let by = node.identify().await?;
        let call = self.enlist_call(&by, how)?;
        let asked = self.now();
        let reply: Value = call.run(&**node).await?;
        let Parts { word, told_us, rest } = Parts::of(reply)?;
        self.told(node, told_us, asked, self.now()).await?;
        Ok((word, rest, by))
    }

    fn enlist_call(&self, by: &Incarnation, how: &'static str) -> Result<ScriptCall> {
        let Some(run_id) = by.run_id() else {
            let instead = "permit INFO: without its run id nobody knows what a server forgot";
            return Err(Error::unsupported("a lock", instead));
        };
        let quarantine = validity::quarantine(self.settings.max_ttl, self.settings.drift_ppm);
        let call = scripts::ENLIST.key(&self.keys.mark).key(&self.keys.quarantine).key(&self.keys.founding);
        let call = call.arg(run_id).arg(&*self.membership).arg(quarantine.as_millis()).arg(how);
        Ok(call.arg(&self.name).arg(LOOK_LIFE.as_millis()))
    }

    /// It votes, or does not for so long; and somebody is told where that is news.
    pub(super) fn stands(&self, node: &Node, server: &Server, left: Duration) {
        if left.is_zero() {
            let _ = server.stand(Standing::Voting);
        } else if server.stand(Standing::Quarantined(self.now().saturating_add(left))) {
            let left_ms = u64::try_from(left.as_millis()).unwrap_or(u64::MAX);
            tracing::warn!(
                node = node.name(),
                left_ms,
                "a server does not vote: it may have forgotten leases"
            );
        }
    }

    /// Notes who is the same server as another node.
    pub(super) fn note_twins<T>(&self, outcome: &Outcome<T>) {
        for (server, (node, reply)) in self.servers.iter().zip(outcome.replies()) {
            if let Reply::Said { result: Err(Error::Duplicate { of, .. }), .. } = reply
                && server.stand(Standing::Twin(Arc::clone(of)))
            {
                tracing::warn!(node, of = &**of, "two nodes are one server: the second does not vote");
            }
        }
    }
}

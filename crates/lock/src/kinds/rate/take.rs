//! Taking from a rate once: every server's say, and giving back what was taken in vain.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use redfleet_core::{Effect, Error as CoreError, Node, Outcome, Policy, Result as CoreResult, Shortfall};
use redis::{Value, from_redis_value_ref};

use crate::scripts;
use crate::servers::Servers;
use redfleet_core::lock;

/// What is taken, and where.
#[derive(Debug)]
pub(super) struct Order {
    pub(super) key: String,
    /// The time that earns what is wanted, in microseconds.
    pub(super) earned_us: u64,
    /// The time that earns a whole burst, in microseconds.
    pub(super) burst_us: u64,
    /// The one server that decides, if one does; else a majority.
    pub(super) one: Option<usize>,
}

/// What the servers said.
#[derive(Debug)]
pub(super) enum Said {
    /// Enough of them gave it; so much time is left of the burst.
    Taken(Duration),
    /// Not enough of them gave it: they would after this time, if nobody else took.
    Limited { retry_after: Duration, answers: Shortfall },
    /// Too few of them answered.
    Unreachable(Shortfall),
}

/// What one server gave: enough to give it back.
#[derive(Clone, Debug)]
struct Given {
    new: String,
    old: String,
    left_us: u64,
}

/// What is known of a taking while it goes on.
#[derive(Debug, Default)]
struct Known {
    /// It came to nothing: whoever gives after that is given back at once.
    is_over: bool,
    given: Vec<(Node, Given)>,
    waits_us: Vec<u64>,
}

/// Takes on all servers at once.
pub(super) async fn take(servers: &Arc<Servers>, order: Order) -> Said {
    let order = Arc::new(order);
    let known: Arc<Mutex<Known>> = Arc::default();
    let needed = order.one.map_or_else(|| servers.majority(), |_| 1);
    let outcome = ask(servers, &order, &known).await;
    if outcome.is_reached() {
        let mut left: Vec<u64> = outcome.acks().map(|(_, given)| given.left_us).collect();
        left.sort_unstable_by(|one, other| other.cmp(one));
        let left_us = left.get(needed - 1).copied().unwrap_or(0);
        return Said::Taken(Duration::from_micros(left_us));
    }
    let (given, waits_us) = {
        let mut known = lock(&known);
        known.is_over = true;
        (std::mem::take(&mut known.given), known.waits_us.clone())
    };
    let retry_after = retry_after(given.len(), waits_us, needed);
    for (node, given) in given {
        let order = Arc::clone(&order);
        servers.background().spawn(async move { give_back(&node, &order.key, &given).await });
    }
    let answers = outcome.shortfall();
    match retry_after {
        Some(retry_after) => Said::Limited { retry_after, answers },
        None => Said::Unreachable(answers),
    }
}

/// When as many servers as are needed would have given, if nobody else took: from how many gave, and how long the others want to
/// wait. Nothing if too few answered.
fn retry_after(given: usize, mut waits_us: Vec<u64>, needed: usize) -> Option<Duration> {
    waits_us.sort_unstable();
    let lacking = needed.saturating_sub(given).max(1);
    waits_us.get(lacking - 1).copied().map(Duration::from_micros)
}

async fn ask(servers: &Arc<Servers>, order: &Arc<Order>, known: &Arc<Mutex<Known>>) -> Outcome<Given> {
    let policy = order.one.map_or_else(|| Policy::Quorum(servers.majority()), Policy::Local);
    let (order, known, shared) = (Arc::clone(order), Arc::clone(known), Arc::clone(servers));
    let operation = move |node: Node| {
        let (order, known) = (Arc::clone(&order), Arc::clone(&known));
        let on_its_way = shared.background().token();
        async move {
            // A shutdown waits for it, and for what it gives back.
            let _on_its_way = on_its_way;
            if order.one.is_some_and(|one| one != node.index()) {
                return Err(CoreError::declined("another server keeps this rate", Effect::None));
            }
            let call = scripts::TAKE_RATE.key(&order.key).arg(order.earned_us).arg(order.burst_us);
            let reply: Vec<Value> = call.run(&*node).await?;
            note(&node, &order, &known, &reply).await
        }
    };
    servers.run_by(policy, servers.round_trip().deadline(), operation).await
}

/// What a reply comes to, noted; what comes too late is given back.
async fn note(node: &Node, order: &Order, known: &Mutex<Known>, reply: &[Value]) -> CoreResult<Given> {
    let odd = || CoreError::declined("its reply is none that a rate knows", Effect::Unknown);
    let text = |place: usize| reply.get(place).and_then(|value| from_redis_value_ref::<String>(value).ok());
    let number = |place: usize| reply.get(place).and_then(|value| from_redis_value_ref::<u64>(value).ok());
    match text(0).as_deref() {
        Some("taken") => {
            let (new, old) = (text(3).ok_or_else(odd)?, text(4).ok_or_else(odd)?);
            let given = Given { new, old, left_us: number(5).ok_or_else(odd)? };
            let is_over = {
                let mut known = lock(known);
                if !known.is_over {
                    known.given.push((node.clone(), given.clone()));
                }
                known.is_over
            };
            if is_over {
                give_back(node, &order.key, &given).await;
            }
            Ok(given)
        }
        Some("limited") => {
            let wait_us = number(3).ok_or_else(odd)?;
            lock(known).waits_us.push(wait_us);
            let reason = format!("it has no more for {:?}", Duration::from_micros(wait_us));
            Err(CoreError::declined(reason, Effect::None))
        }
        _ => Err(odd()),
    }
}

/// Gives back, if nobody took since. Where that does not reach the server it stays taken: less is allowed, never more.
async fn give_back(node: &Node, key: &str, given: &Given) {
    let call = scripts::UNTAKE_RATE.key(key).arg(&given.new).arg(&given.old);
    let done: CoreResult<u64> = call.run(&**node).await;
    if let Err(error) = done {
        tracing::debug!(node = node.name(), %error, "what was taken in vain from a rate stays taken");
    }
}

#[cfg(test)]
mod tests {
    use redfleet_core::{BackendExt, Embedded, Fleet};

    use super::*;

    #[tokio::test(start_paused = true)]
    async fn what_somebody_took_after_is_not_given_back() {
        let fleet = Fleet::builder().node("n0", Embedded::new().shared()).build().unwrap();
        let node = fleet.nodes()[0].clone();
        let order = Order { key: "k".to_owned(), earned_us: 1_000, burst_us: 5_000, one: None };
        let mut given = Vec::new();
        for _ in 0..2 {
            let call = scripts::TAKE_RATE.key(&order.key).arg(order.earned_us).arg(order.burst_us);
            let reply: Vec<Value> = call.run(&*node).await.unwrap();
            given.push(note(&node, &order, &Mutex::default(), &reply).await.unwrap());
        }
        give_back(&node, "k", &given[0]).await;
        let arrival: String = node.query(redis::cmd("GET").arg("k")).await.unwrap();
        assert_eq!(arrival, given[1].new, "the second was judged by the first");
        give_back(&node, "k", &given[1]).await;
        let arrival: String = node.query(redis::cmd("GET").arg("k")).await.unwrap();
        assert_eq!(arrival, given[0].new, "as if the second had never been taken");
        give_back(&node, "k", &given[0]).await;
        let arrival: Option<String> = node.query(redis::cmd("GET").arg("k")).await.unwrap();
        assert_eq!(arrival, None);
    }

    #[test]
    fn it_is_told_when_a_majority_would_give() {
        let us = |micros| Some(Duration::from_micros(micros));
        assert_eq!(retry_after(0, vec![30, 10, 20], 2), us(20));
        assert_eq!(retry_after(1, vec![30, 10], 2), us(10));
        assert_eq!(retry_after(0, vec![30, 10], 2), us(30));
        assert_eq!(retry_after(0, vec![30], 2), None);
        assert_eq!(retry_after(1, vec![], 2), None);
        assert_eq!(retry_after(0, vec![7], 1), us(7));
    }
}

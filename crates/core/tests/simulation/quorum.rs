//! Quorums under a storm: what each outcome says is held against what is on the nodes.

use std::cell::RefCell;

use redfleet_core::test_util::history::Violation;
use redfleet_core::test_util::simulation::{Scenario, SimulatedClient, World};
use redfleet_core::{BackendExt, Effect, Fleet, Outcome, Policy, Reply, Verdict};
use redis::cmd;
use tokio::time::sleep;

use super::world::{DEADLINE, breaker, counts, incr, ms, storm};

const OPERATIONS: u64 = 67;

/// One write of a key that nobody else writes: whoever carries it out counts to one.
struct Write {
    key: String,
    policy: Policy,
    /// Who had acknowledged when the caller was answered, and of whom nothing was known yet.
    acks: Vec<String>,
    pending: usize,
    outcome: Outcome<i64>,
}

impl Write {
    fn new(key: String, policy: Policy, outcome: Outcome<i64>) -> Self {
        let acks = outcome.acks().map(|(name, _)| name.to_owned()).collect();
        let pending = outcome.replies().filter(|(_, reply)| matches!(reply, Reply::Pending)).count();
        Self { key, policy, acks, pending, outcome }
    }

    /// Holds all that was told against what each node counts.
    fn judge(&self, counts: &[i64]) -> Result<(), Violation> {
        let evidence =
            || format!("{} by {}: {}\non the nodes: {counts:?}", self.key, self.policy, self.outcome);
        for ((name, reply), count) in self.outcome.replies().zip(counts) {
            let (holds, rule) = match reply {
                Reply::Said { result: Ok(said), .. } => {
                    ((*said, *count) == (1, 1), "an acknowledgement means that it was applied, once")
                }
                Reply::Said { result: Err(error), .. } if error.effect() == Effect::None => {
                    (*count == 0, "what had no effect was not applied")
                }
                Reply::Said { .. } => (*count <= 1, "nothing is applied twice"),
                Reply::NotAsked => (*count == 0, "who was not asked was sent nothing"),
                Reply::Pending | _ => (false, "after settling, every node that was asked has replied"),
            };
            Violation::unless(holds, rule, || format!("{name}\n{}", evidence()))?;
        }
        let needed = self.policy.needed(counts.len());
        let applied = counts.iter().filter(|count| **count > 0).count();
        let holds = match self.outcome.verdict() {
            Verdict::Reached => self.acks.len() >= needed && applied >= needed,
            Verdict::Unreachable => self.acks.len() < needed,
            Verdict::Pending => false,
        };
        Violation::unless(holds, "a reached quorum is on a quorum", evidence)?;
        let is_early = self.outcome.is_reached() || self.acks.len() + self.pending < needed;
        Violation::unless(is_early, "a quorum that can still be reached is not given up", evidence)?;
        let late: Vec<_> = self.outcome.acks().map(|(name, _)| name).collect();
        let is_kept = self.acks.iter().all(|name| late.contains(&name.as_str()));
        Violation::unless(is_kept, "an acknowledgement stays one", evidence)
    }
}

/// What the clients know of each other.
#[derive(Default)]
struct Shared {
    written: Vec<Write>,
    /// The keys that somebody was told are on a majority.
    reached: Vec<String>,
}

/// One client, which writes, and reads what anybody was told is written.
async fn client(
    world: World,
    client: SimulatedClient,
    fleet: Fleet,
    shared: &RefCell<Shared>,
) -> Result<(), Violation> {
    let mut dice = world.dice(&client.name());
    for round in 0..OPERATIONS {
        sleep(ms(dice.u64(0..60))).await;
        let known = dice.choice(&shared.borrow().reached).cloned();
        if let Some(key) = known.filter(|_| dice.u8(0..4) == 0) {
            let read: Outcome<Option<i64>> = fleet.query(fleet.majority(), cmd("GET").arg(&key)).await;
            let is_seen = !read.is_reached() || read.acks().any(|(_, value)| *value == Some(1));
            let rule = "a quorum of reads sees what a quorum of writes wrote";
            Violation::unless(is_seen, rule, || format!("{key}: {read:?}"))?;
            continue;
        }
        let key = format!("{}:{round}", client.name());
        let policy = match dice.u8(0..6) {
            0 => Policy::All,
            1 => Policy::First,
            _ => fleet.majority(),
        };
        let fan_out = fleet.fan_out(policy).unwrap();
        let fan_out = match policy {
            Policy::First => fan_out.hedge(ms(20)).unwrap(),
            Policy::All | Policy::Local(_) | Policy::Quorum(_) => fan_out,
        };
        let outcome = fan_out.run({
            let key = key.clone();
            move |node| incr(node, key.clone())
        });
        let outcome = outcome.await;
        client.note(format_args!("{key} by {policy}: {outcome}"));
        let mut shared = shared.borrow_mut();
        if policy == fleet.majority() && outcome.is_reached() {
            shared.reached.push(key.clone());
        }
        shared.written.push(Write::new(key, policy, outcome));
    }
    Ok(())
}

async fn clients(world: World) -> Result<(), Violation> {
    let shared = RefCell::new(Shared::default());
    let fleets: Vec<_> = world
        .clients()
        .map(|client| client.fleet().deadline(DEADLINE).breaker(breaker()).build().unwrap())
        .collect();
    let clients = world.clients().zip(&fleets);
    let clients = clients.map(|(one, fleet)| client(world.clone(), one, fleet.clone(), &shared));
    futures::future::try_join_all(clients).await?;
    world.calm().await;
    let mut written = shared.into_inner().written;
    for write in &mut written {
        write.outcome.settle().await;
    }
    world.quiet().await;
    for write in &written {
        write.judge(&counts(&world, &write.key).await)?;
    }
    Ok(())
}

#[test]
fn what_an_outcome_says_of_three_nodes_is_what_happened() {
    Scenario::new("what_an_outcome_says_of_three_nodes_is_what_happened").storm(storm()).run(clients);
}

#[test]
fn what_an_outcome_says_of_five_nodes_is_what_happened() {
    let scenario = Scenario::new("what_an_outcome_says_of_five_nodes_is_what_happened");
    scenario.nodes(5).storm(storm().skewing_clocks(500, 1000).jumping_clocks(2000)).seeds(25).run(clients);
}

/// A fleet whose nodes lose nothing, so that everything is reached: the checks above are no empty words.
#[test]
fn without_a_storm_every_quorum_is_reached_by_all() {
    Scenario::new("without_a_storm_every_quorum_is_reached_by_all").seeds(10).run(|world| async move {
        let fleet = world.client(0).fleet().deadline(DEADLINE).build().unwrap();
        for round in 0..20 {
            let key = format!("k{round}");
            let mut outcome =
                fleet.run(fleet.majority(), move |node| incr(node, key.clone())).await.require().unwrap();
            assert_eq!(outcome.settle().await.acks().count(), 3);
        }
        let ping = world.client(0).link(0).query::<String>(cmd("PING")).await.unwrap();
        assert_eq!(ping, "PONG");
        Ok(())
    });
}

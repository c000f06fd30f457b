//! A key on one node is a register: what clients are told could have happened one after another.

use redfleet_core::test_util::history::{History, Model, linearizable_by_key};
use redfleet_core::test_util::simulation::Scenario;
use redfleet_core::{BackendExt, Effect, Error, Outcome, Policy, Reply};
use redis::cmd;
use tokio::time::sleep;

use super::world::{DEADLINE, breaker, ms, storm};

#[derive(Clone, Copy, Debug)]
enum Op {
    Read(u8),
    Write(u8, u64),
    /// INCR.
    Add(u8),
}

/// Counts from nothing.
struct Register;

impl Model for Register {
    type State = Option<u64>;
    type Op = Op;
    type Reply = Option<u64>;

    fn start(&self) -> Option<u64> {
        None
    }

    fn step(&self, state: &Option<u64>, op: &Op, reply: Option<&Option<u64>>) -> Option<Option<u64>> {
        let (said, after) = match op {
            Op::Read(_) => (*state, *state),
            Op::Write(_, value) => (None, Some(*value)),
            Op::Add(_) => (Some(state.unwrap_or_default() + 1), Some(state.unwrap_or_default() + 1)),
        };
        reply.is_none_or(|reply| *reply == said).then_some(after)
    }
}

/// What came of it on the only node.
fn result(outcome: &Outcome<Option<u64>>) -> Result<Option<u64>, Error> {
    match outcome.reply(0) {
        Some(Reply::Said { result, .. }) => result.clone(),
        Some(_) | None => Err(Error::declined("nothing was said", Effect::Unknown)),
    }
}

#[test]
fn a_key_on_one_node_is_linearizable() {
    let scenario = Scenario::new("a_key_on_one_node_is_linearizable");
    scenario.nodes(1).clients(4).storm(storm()).run(|world| async move {
        let history = History::new();
        let clients = world.clients().map(|client| {
            let (mut dice, history) = (world.dice(&client.name()), history.clone());
            async move {
                let fleet = client.fleet().deadline(DEADLINE).breaker(breaker()).build().unwrap();
                for round in 0..50 {
                    sleep(ms(dice.u64(0..60))).await;
                    let key = dice.u8(0..4);
                    let value = u64::try_from(client.place()).unwrap() * 1_000_000 + round * 1000;
                    let (op, command) = match dice.u8(0..4) {
                        0 => (Op::Write(key, value), cmd("SET").arg(key).arg(value).take()),
                        1 => (Op::Add(key), cmd("INCR").arg(key).take()),
                        _ => (Op::Read(key), cmd("GET").arg(key).take()),
                    };
                    let invocation = history.invoke(client.place(), op);
                    let outcome = fleet.run(Policy::Local(0), move |node| {
                        let command = command.clone();
                        async move {
                            if let Op::Write(..) = op {
                                return node.query::<()>(&command).await.map(|()| None);
                            }
                            node.query::<Option<u64>>(&command).await
                        }
                    });
                    invocation.end(&result(&outcome.await));
                }
            }
        });
        futures::future::join_all(clients).await;
        linearizable_by_key(&Register, &history.operations(), |op| match op {
            Op::Read(key) | Op::Write(key, _) | Op::Add(key) => *key,
        })
    });
}

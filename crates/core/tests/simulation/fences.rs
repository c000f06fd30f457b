//! Fences: a write whose reply never came lands late, and after a fence it does not.

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use redfleet_core::test_util::history::Violation;
use redfleet_core::test_util::simulation::{Fault, Plan, Scenario, Way, Which, World};
use redfleet_core::{Backend, BackendExt, Kept, Result};
use redis::cmd;
use tokio::time::{sleep, timeout};

use super::world::ms;

/// How long a client waits for one reply.
const PATIENCE: Duration = ms(60);
const RULE: &str = "what was read after a fence stays, until somebody writes";

async fn write(link: &dyn Backend, value: u64) -> Option<Result<()>> {
    timeout(PATIENCE, link.query::<()>(cmd("SET").arg("k").arg(value))).await.ok()
}

async fn read(link: &dyn Backend) -> Option<u64> {
    let value = timeout(PATIENCE, link.query::<Option<u64>>(cmd("GET").arg("k"))).await.ok()?.ok()?;
    Some(value.unwrap_or_default())
}

/// Fences, and reads what is there then.
async fn settled(link: &dyn Backend, fences: bool) -> Option<u64> {
    if fences {
        timeout(PATIENCE, link.fence()).await.ok()?.ok()?;
    }
    read(link).await
}

/// The only one who writes to its node: whenever the effect of a write is unknown it drops the connection and looks what
/// came of it, until it knows; from then on nothing may change. How often something changed all the same.
async fn writer(world: World, fences: bool) -> u64 {
    let (client, mut dice) = (world.client(0), world.dice("writer"));
    let link = client.link(0);
    let mut late = 0;
    for value in 1..=40 {
        sleep(ms(dice.u64(0..40))).await;
        if let Some(Ok(())) = write(&*link, value).await {
            continue;
        }
        link.disconnect();
        let seen = loop {
            match settled(&*link, fences).await {
                Some(seen) => break seen,
                None => link.disconnect(),
            }
            sleep(ms(20)).await;
        };
        for _ in 0..5 {
            sleep(ms(dice.u64(20..200))).await;
            let now = held(&world).await;
            if now != seen {
                client.note(format_args!("read {seen}, and now it is {now}"));
                late += 1;
                break;
            }
        }
    }
    late
}

/// What the node has, looked at from outside of the world.
async fn held(world: &World) -> u64 {
    let Some(node) = world.nodes().first() else { return 0 };
    let value: Result<Option<u64>> = node.store().query(cmd("GET").arg("k")).await;
    value.ok().flatten().unwrap_or_default()
}

/// Now and then requests get stuck for much longer than anybody waits, and those sent a little later do not. The node
/// restarts at times, and the link is cut.
fn stuck() -> Plan {
    let (client, node) = (Which::One(0), Which::One(0));
    let losses = Fault::Lose { client, node, requests: 0.03, replies: 0.03 };
    (0..20).fold(Plan::new().during(ms(0)..ms(10_000), losses), |plan, turn| {
        let begin = ms(100 + 400 * turn);
        let plan = plan.during(begin..begin + ms(80), Fault::Slow { client, node, by: ms(900) });
        let then = begin + ms(150);
        match turn % 4 {
            1 => plan.during(then..then + ms(60), Fault::Restart { node: 0, kept: Kept::All }),
            3 => plan.during(then..then + ms(60), Fault::Cut { client, node, way: Way::Both }),
            _ => plan,
        }
    })
}

fn scenario(name: &str) -> Scenario {
    Scenario::new(name).clients(1).nodes(1).plan(stuck())
}

#[test]
fn without_a_fence_a_write_lands_after_a_later_read() {
    let (runs, late) = (AtomicU64::new(0), AtomicU64::new(0));
    scenario("without_a_fence_a_write_lands_after_a_later_read").seeds(100).run(|world| {
        let (runs, late) = (&runs, &late);
        async move {
            runs.fetch_add(1, Ordering::Relaxed);
            late.fetch_add(writer(world, false).await, Ordering::Relaxed);
            Ok(())
        }
    });
    let is_one_seed = runs.into_inner() < 100;
    assert!(is_one_seed || late.into_inner() > 0, "the storm must be such that a fence is needed");
}

#[test]
fn after_a_fence_no_write_lands_late() {
    scenario("after_a_fence_no_write_lands_late").seeds(400).run(|world| async move {
        let late = writer(world, true).await;
        Violation::unless(late == 0, RULE, || format!("{late} times"))
    });
}

/// A session that blocks is dropped; without a fence its client would still take what is pushed later.
#[test]
fn a_session_that_was_dropped_takes_nothing_after_a_fence() {
    let scenario =
        Scenario::new("a_session_that_was_dropped_takes_nothing_after_a_fence").clients(2).nodes(1);
    scenario.seeds(100).run(|world| async move {
        let (link, other) = (world.client(0).link(0), world.client(1).link(0));
        let asked = async {
            other.identify().await?;
            let session = link.session(None).await?;
            let pop = cmd("BLPOP").arg("list").arg(0).take();
            drop(timeout(ms(50), session.call(&pop)).await);
            drop(session);
            link.fence().await?;
            other.query::<i64>(cmd("RPUSH").arg("list").arg(1)).await?;
            sleep(ms(100)).await;
            other.query::<i64>(cmd("LLEN").arg("list")).await
        };
        let left = asked.await;
        Violation::unless(matches!(left, Ok(1)), "nobody takes it", || format!("{left:?}"))
    });
}

//! The simulator itself: what its network does, and that the same seed is the same run.

mod clocks;
mod listening;
mod lives;
mod running;
mod ways;

use std::time::Duration;

use redis::{Cmd, cmd};

use super::{Plan, Scenario, World};
use crate::test_util::history::Violation;
use crate::{Backend, BackendExt, Result};

const fn ms(ms: u64) -> Duration {
    Duration::from_millis(ms)
}

fn get(key: &str) -> Cmd {
    cmd("GET").arg(key).take()
}

fn set(key: &str, value: impl redis::ToRedisArgs) -> Cmd {
    cmd("SET").arg(key).arg(value).take()
}

async fn incr(node: &dyn Backend, key: &str) -> Result<i64> {
    node.query(cmd("INCR").arg(key)).await
}

/// What a node holds, looked at from outside of the world.
async fn held(world: &World, node: usize, key: &str) -> Option<String> {
    world.nodes()[node].store().query(get(key)).await.unwrap()
}

/// Runs `body`, which asserts, in thirty worlds with this plan.
fn in_worlds<F, R>(plan: Plan, body: F)
where
    F: Fn(World) -> R,
    R: Future<Output = ()>,
{
    let body = |world| {
        let ran = body(world);
        async {
            ran.await;
            Ok::<(), Violation>(())
        }
    };
    if let Err(failure) = Scenario::new("in_worlds").clients(2).plan(plan).check(0..30, body) {
        panic!("{failure}");
    }
}

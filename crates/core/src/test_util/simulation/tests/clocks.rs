//! Clocks of clients and nodes: off, fast, and jumping, each by itself.

use redis::cmd;
use tokio::time::sleep;

use super::{held, in_worlds, ms};
use crate::BackendExt;
use crate::test_util::simulation::{Fault, Plan, Whose, World};

/// Sets a key that lives for two seconds, and says whether it is there 1.5 s later on each node.
async fn is_there(world: &World) -> Vec<bool> {
    for node in world.nodes() {
        node.store().query::<()>(cmd("SET").arg("k").arg(1).arg("PX").arg(2000)).await.unwrap();
    }
    sleep(ms(1500)).await;
    let mut there = Vec::new();
    for node in 0..world.nodes().len() {
        there.push(held(world, node, "k").await.is_some());
    }
    there
}

#[test]
fn a_node_whose_clock_runs_fast_loses_keys_early_and_no_other_does() {
    let fast = Fault::ClockDrift { whose: Whose::Node(1), drift_ppm: 500_000 };
    in_worlds(Plan::new().from(ms(0), fast), |world| async move {
        sleep(ms(1)).await;
        assert_eq!(is_there(&world).await, [true, false, true]);
    });
    in_worlds(Plan::new(), |world| async move {
        assert_eq!(is_there(&world).await, [true, true, true]);
    });
}

#[test]
fn a_jump_expires_keys_at_once_and_lasts() {
    let jump = Fault::ClockJump { whose: Whose::Node(2), by_ms: 5000 };
    in_worlds(Plan::new().during(ms(1000)..ms(1100), jump), |world| async move {
        assert_eq!(is_there(&world).await, [true, true, false]);
        let [straight, jumped] = [0, 2].map(|node| world.nodes()[node].clock().now());
        assert_eq!(jumped - straight, ms(5000), "a jump does not end");
    });
}

#[test]
fn a_clients_clock_is_its_own_and_an_offset_ends_with_its_fault() {
    let off = Fault::ClockOffset { whose: Whose::Client(0), offset_ms: -250 };
    in_worlds(Plan::new().during(ms(100)..ms(200), off), |world| async move {
        let clocks = [0, 1].map(|client| world.client(client).clock());
        let behind = || clocks[1].unix() - clocks[0].unix();
        assert_eq!(behind(), ms(0));
        sleep(ms(150)).await;
        assert_eq!(behind(), ms(250));
        assert_eq!(clocks[0].now(), clocks[1].now(), "no time has passed by it");
        sleep(ms(100)).await;
        assert_eq!(behind(), ms(0));
    });
}

#[test]
fn when_a_fault_of_a_clock_ends_the_ones_that_go_on_hold_again() {
    let whose = Whose::Client(0);
    let off = |offset_ms| Fault::ClockOffset { whose, offset_ms };
    let other = Fault::ClockOffset { whose: Whose::Client(1), offset_ms: 7 };
    let fast = |drift_ppm| Fault::ClockDrift { whose, drift_ppm };
    let plan = Plan::new().from(ms(0), off(300)).during(ms(10)..ms(900), other).from(ms(0), fast(500_000));
    let plan = plan.during(ms(20)..ms(100), off(5000)).during(ms(20)..ms(100), fast(900_000));
    in_worlds(plan, |world| async move {
        let clock = world.client(0).clock();
        let off_by = || clock.unix() - clock.now();
        let beginning = world.client(1).clock();
        let start = beginning.unix() - beginning.now();
        sleep(ms(50)).await;
        assert_eq!(off_by() - start, ms(5000));
        sleep(ms(150)).await;
        assert_eq!(off_by() - start, ms(300), "and not 0");
        let before = clock.now();
        sleep(ms(1000)).await;
        assert_eq!(clock.now() - before, ms(1500), "and not 1000");
    });
}

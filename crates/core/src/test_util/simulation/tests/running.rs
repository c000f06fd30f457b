//! Runs and scenarios: the same seed is the same run, and a failure tells all that it takes to see it again.

use std::cell::Cell;

use tokio::time::sleep;

use super::{incr, ms, set};
use crate::Kept;
use crate::test_util::history::Violation;
use crate::test_util::simulation::{Fault, Plan, Scenario, Storm, Which, World};

/// Three clients that each write to every node for as long as the storm lasts.
async fn busy(world: World) -> Result<(), Violation> {
    let clients = world.clients().map(|client| {
        let mut dice = world.dice(&client.name());
        let world = world.clone();
        async move {
            for round in 0..20 {
                let link = client.link(dice.usize(0..world.nodes().len()));
                let is_ok = link.call(&set("k", round)).await.is_ok();
                client.note(format_args!("round {round}: {is_ok}"));
                sleep(ms(dice.u64(1..100))).await;
            }
        }
    });
    futures::future::join_all(clients).await;
    Ok(())
}

fn stormy() -> Scenario {
    let storm = Storm::lasting(ms(2000)).wiping(1).losing_the_last_second(1).skewing_clocks(500, 1000);
    Scenario::new("busy").storm(storm)
}

fn trace(seed: u64) -> String {
    let seen = Cell::new(None);
    let body = |world: World| {
        let seen = &seen;
        async move {
            busy(world.clone()).await?;
            seen.set(Some(world.trace()));
            Ok(())
        }
    };
    stormy().check(seed..seed + 1, body).unwrap();
    seen.take().unwrap()
}

#[test]
fn the_same_seed_is_the_same_run_to_the_byte_and_another_is_not() {
    for seed in 0..5 {
        let text = trace(seed);
        assert!(text.lines().count() > 100, "{text}");
        assert_eq!(text, trace(seed));
        assert_ne!(text, trace(seed + 1));
    }
}

#[test]
fn all_that_was_run_is_summed_up() {
    let summary = stormy().check(0..10, busy).unwrap();
    assert_eq!(summary.seeds, 10);
    assert!(summary.requests > 300 && summary.lasted > ms(5000), "{summary:?}");
}

#[test]
fn a_test_that_depends_on_more_than_the_seed_is_found_out() {
    let count = Cell::new(0);
    let body = |world: World| {
        count.set(count.get() + 1);
        let count = count.get();
        async move {
            world.note(count);
            Ok(())
        }
    };
    let failure = Scenario::new("count").check(0..5, body).unwrap_err();
    assert!(failure.reason().starts_with("broken: the same seed is the same run"), "{failure}");
    assert_eq!(failure.seed(), 0);
}

#[test]
fn a_test_that_fails_only_the_second_time_is_found_out() {
    let count = Cell::new(0);
    let body = |_| {
        count.set(count.get() + 1);
        let count = count.get();
        async move { Violation::unless(count < 2, "all is well", || format!("{count} runs")) }
    };
    let failure = Scenario::new("second").check(0..5, body).unwrap_err();
    let want =
        "broken: the same seed is the same run\n  it is fine once, and once broken: all is well\n  2 runs";
    assert_eq!((failure.seed(), failure.reason()), (0, want));
}

#[test]
fn a_failure_tells_its_seed_its_trace_and_no_fault_that_it_takes_none_of() {
    let ms_at = |from: u64, fault| (ms(from)..ms(from + 50), fault);
    let slow = Fault::Slow { client: Which::Every, node: Which::One(0), by: ms(30) };
    let faults = [
        ms_at(10, slow.clone()),
        ms_at(200, Fault::Restart { node: 1, kept: Kept::Nothing }),
        ms_at(300, Fault::isolate(2)),
        ms_at(400, slow),
    ];
    let plan = faults.into_iter().fold(Plan::new(), |plan, (time, fault)| plan.during(time, fault));
    let body = |world: World| async move {
        let link = world.client(0).link(1);
        let first = incr(&*link, "k").await.ok();
        world.calm().await;
        world.note("and again");
        let second = incr(&*link, "k").await.ok();
        let rule = "a counter never goes back";
        Violation::unless(world.seed() < 7 || first < second, rule, || format!("{first:?} {second:?}"))
    };
    let failure = Scenario::new("counter").plan(plan).check(0..20, body).unwrap_err();
    assert_eq!(failure.seed(), 7);
    let want = "   200 to    250 ms  restart n1 without its data\n";
    assert_eq!(failure.plan().to_string(), want);
    let text = failure.to_string();
    for part in [
        "scenario counter fails with seed 7",
        "broken: a counter never goes back\n  Some(1) Some(1)",
        "1 of its 4 faults are enough",
        want,
        "! restart n1 without its data",
        "~ and again",
        "cargo xtask sim --seed 7 --only counter",
    ] {
        assert!(text.contains(part), "{part:?} is not in\n{text}");
    }
}

#[test]
fn a_panic_and_a_run_without_end_are_failures() {
    let panics = |world: World| async move {
        let wrong = world.seed() == 2;
        assert!(!wrong, "wrong");
        Ok(())
    };
    let failure = Scenario::new("panics").check(0..5, panics).unwrap_err();
    assert_eq!((failure.seed(), failure.reason()), (2, "panicked: wrong"));
    let endless = |_world| std::future::pending();
    let failure = Scenario::new("endless").check(0..1, endless).unwrap_err();
    assert_eq!(failure.reason(), "the run did not end within 3600 simulated seconds");
}

#[test]
#[should_panic(expected = "`cut c*-n3` is about nobody: there are 3 clients and 3 nodes")]
fn a_plan_about_a_node_that_is_not_there_is_a_mistake() {
    let plan = Plan::new().from(ms(0), Fault::isolate(3));
    Scenario::new("stray").plan(plan).check(0..1, busy).unwrap();
}

#[test]
fn so_is_a_fault_that_is_injected_into_nobody() {
    let body = |world: World| async move {
        world.inject(Fault::hang(3));
        Ok(())
    };
    let failure = Scenario::new("stray").check(0..1, body).unwrap_err();
    let want =
        "panicked: `cut the requests of c*-n3` is about nobody: there are 3 clients and 3 nodes, from 0";
    assert_eq!(failure.reason(), want);
}

#[test]
fn to_wait_for_a_calm_that_never_comes_is_a_mistake() {
    let body = |world: World| async move {
        world.calm().await;
        Ok(())
    };
    let endless = Scenario::new("endless").plan(Plan::new().from(ms(5), Fault::hang(1)));
    let failure = endless.check(0..1, body).unwrap_err();
    assert!(failure.reason().starts_with("panicked: it is never calm"), "{failure}");
}

//! Callers and runtimes that end while something is under way.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use redfleet_core::test_util::{Condition, Scripted, over};
use redfleet_core::{BackendExt, Fleet, Policy};
use redis::cmd;
use tokio::runtime::Runtime;
use tokio::time::{Instant, sleep, timeout};

use super::memory::{serve, usual};

#[test]
fn a_server_outlives_the_runtime_that_was_connecting_it() {
    let is_hung = Arc::new(AtomicBool::new(true));
    let hangs = is_hung.clone();
    let node = over(move || {
        let hangs = hangs.load(Ordering::SeqCst);
        async move {
            if hangs {
                std::future::pending::<()>().await;
            }
            let (ours, theirs) = tokio::io::duplex(64 * 1024);
            tokio::spawn(async move { serve(theirs, &usual).await });
            Ok(ours)
        }
    });
    let first = Runtime::new().unwrap();
    let given_up =
        first.block_on(async { timeout(Duration::from_millis(20), node.call(&cmd("PING"))).await });
    assert!(given_up.is_err());
    drop(first);
    is_hung.store(false, Ordering::SeqCst);
    let pong = Runtime::new().unwrap().block_on(node.query::<String>(cmd("PING")));
    assert_eq!(pong.unwrap(), "PONG");
}

#[tokio::test(start_paused = true)]
async fn a_shutdown_does_not_wait_for_a_run_that_nobody_polls() {
    let server = Scripted::new();
    server.set(Condition::Hung);
    let deadline = Duration::from_millis(100);
    let fleet = Fleet::builder().deadline(deadline).node("n0", server.shared()).build().unwrap();
    let run = fleet.query::<String>(Policy::All, cmd("PING"));
    tokio::pin!(run);
    assert!(timeout(Duration::from_millis(1), &mut run).await.is_err());
    let started = Instant::now();
    fleet.shutdown().await;
    assert!(started.elapsed() <= deadline + Duration::from_millis(2), "{:?}", started.elapsed());
}

#[test]
fn a_run_that_is_dropped_outside_of_its_runtime_is_carried_through() {
    let server = Scripted::new().on("INCR", ":1\r\n");
    let runtime = Runtime::new().unwrap();
    let fleet = runtime.block_on(async { Fleet::builder().node("n0", server.shared()).build().unwrap() });
    let mut run = Box::pin(fleet.query::<i64>(Policy::All, cmd("INCR")));
    runtime.block_on(async { fleet.query::<i64>(Policy::All, cmd("INCR")).await.require().unwrap() });
    server.set(Condition::Hung);
    assert!(runtime.block_on(async { futures::poll!(&mut run) }).is_pending());
    drop(run); // on a thread that has no runtime
    server.set(Condition::Up);
    runtime.block_on(async {
        while server.sent().len() < 2 {
            sleep(Duration::from_millis(1)).await;
        }
    });
}

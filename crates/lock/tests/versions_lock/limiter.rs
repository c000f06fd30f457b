//! A limiter under load: never more than its permits, seen from the servers.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};

use redfleet_core::test_util::history::{Hold, at_most};
use redis::cmd;
use tokio::task::JoinSet;
use tokio::time::{Instant, sleep};

use super::world::{PATIENCE, SECOND, World, ask};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_hundred_tasks_on_ten_permits_are_never_eleven() {
    let world = World::shared(3).await;
    let clients: Vec<_> = (0..5).map(|_| world.locks()).collect();
    let is_over = Arc::<AtomicBool>::default();
    let mut all = Vec::new();
    for place in 0..10 {
        // For as long as can be: none is to end before the eleventh is asked for.
        let limiter = clients[place % clients.len()].limiter("downloads", 10).ttl(SECOND * 3).wait(PATIENCE);
        all.push(limiter.acquire().await.unwrap());
    }
    let eleventh = clients[0].limiter("downloads", 10).try_acquire().await;
    assert!(eleventh.is_err(), "all ten are taken, and no more");
    for permit in all {
        permit.release().await.unwrap();
    }
    let holds = Arc::<Mutex<Vec<Hold>>>::default();
    let started = Instant::now();
    let mut tasks = JoinSet::new();
    for task in 0..100 {
        let limiter = clients[task % clients.len()].limiter("downloads", 10).wait(PATIENCE);
        let (is_over, holds) = (Arc::clone(&is_over), Arc::clone(&holds));
        tasks.spawn(async move {
            let mut random = fastrand::Rng::with_seed(task as u64);
            let mut served = 0_usize;
            while !is_over.load(Ordering::SeqCst) {
                let permit = limiter.acquire().await.unwrap();
                let given = started.elapsed();
                sleep(SECOND * random.u32(1..20) / 1000).await;
                let ended = started.elapsed();
                if !permit.remaining().is_zero() {
                    holds.lock().unwrap().push(Hold::new(format!("t{task}"), given..ended));
                }
                drop(permit.release().await);
                served += 1;
            }
            served
        });
    }
    let pattern = world.key("downloads", "slot:*:owner");
    while started.elapsed() < SECOND * 10 {
        for server in &world.servers {
            let held: Vec<String> = ask(server, cmd("KEYS").arg(&pattern)).await;
            assert!(held.len() <= 10, "{held:?}");
        }
        sleep(SECOND / 50).await;
    }
    is_over.store(true, Ordering::SeqCst);
    let served: Vec<usize> = tasks.join_all().await;
    let holds = std::mem::take(&mut *holds.lock().unwrap());
    at_most(10, holds).unwrap_or_else(|violation| panic!("{violation}"));
    assert!(served.iter().all(|served| *served > 0), "{served:?}");
}

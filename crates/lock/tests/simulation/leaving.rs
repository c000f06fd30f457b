//! Storms in which processes end, in order or without a word, and others begin in their place: those who stay have the lock soon.

use std::time::Duration;

use futures::future::join_all;
use redfleet_core::test_util::history::Violation;
use redfleet_core::test_util::simulation::World;
use redfleet_lock::Locks;
use tokio::time::{sleep, timeout};

use super::book::{Book, How};
use super::world::{STORM, Worker, another_life, end, give_back, ms, scenario};

/// How long a shutdown takes at most: three seconds for the servers, and what is under way.
const SHUTDOWN: Duration = ms(4000);

/// Takes the lock, waits for it, holds it, for as long as somebody lets it.
async fn use_them(worker: &Worker<'_>, locks: &Locks, dice: &mut fastrand::Rng) {
    loop {
        sleep(ms(dice.u64(0..100))).await;
        let Ok(lease) = locks.lock("a").ttl(ms(600)).wait(ms(dice.u64(50..1000))).acquire().await else {
            continue;
        };
        if lease.remaining().is_zero() {
            // It came when the locks were shut down already.
            continue;
        }
        worker.granted("a", &lease, How::Alone);
        worker.rely("a", &lease, ms(dice.u64(0..200)), How::Alone).await;
        give_back(lease, dice.bool()).await;
    }
}

/// One process after the other on one machine. What a process holds when it ends is not relied on any more.
async fn lives(world: &World, book: &Book, client: usize) -> Result<(), Violation> {
    let mut dice = world.dice(&format!("lives of c{client}"));
    let mut life = 0;
    while world.now() < STORM {
        let locks = another_life(world, client, life);
        let worker = |task: &str| {
            let who = format!("c{client}.{life}.{task}");
            Worker { world, book, who, names: &["a"] }
        };
        let (one, other) = (worker("one"), worker("other"));
        let (mut its, mut others) = (world.dice(&one.who), world.dice(&other.who));
        let both = async {
            futures::future::join(use_them(&one, &locks, &mut its), use_them(&other, &locks, &mut others))
                .await;
        };
        // In the middle of whatever they do; what a lease protected until then nobody relies on.
        timeout(ms(dice.u64(100..1500)), both).await.ok();
        if dice.bool() {
            let begun = world.now();
            timeout(SHUTDOWN, locks.shutdown())
                .await
                .map_err(|_| Violation::new("a shutdown comes to an end"))?;
            world.note(format_args!("c{client}.{life} was shut down in {:?}", world.now() - begun));
            let late = locks.lock("a").try_acquire().await;
            Violation::unless(late.is_err(), "nothing is taken after a shutdown", || format!("{late:?}"))?;
        }
        life += 1;
    }
    Ok(())
}

async fn run(world: World) -> Result<(), Violation> {
    let book = Book::default();
    let all = world.clients().map(|client| client.place()).collect::<Vec<_>>();
    let ended = join_all(all.into_iter().map(|client| lives(&world, &book, client))).await;
    ended.into_iter().collect::<Result<(), Violation>>()?;
    world.calm().await;
    let locks: Vec<Locks> =
        world.clients().map(|client| another_life(&world, client.place(), 1000)).collect();
    end(&world, &book, &locks, &["a"]).await
}

#[test]
fn processes_that_end_leave_nothing_that_others_wait_for_long() {
    scenario("processes_that_end_leave_nothing_that_others_wait_for_long", 3, 3, 20).run(run);
}

//! Waiting in simulated worlds: replies that come in any order, messages that are lost.

use std::ops::Range;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use redfleet_core::BackendExt;
use redfleet_core::test_util::simulation::{Fault, Scenario, SimulatedClient, Way, Which, World};
use redfleet_lock::{Lease, Locks};
use redis::cmd;
use tokio::time::{sleep, timeout};

use super::{NAME, ms};

fn locks(world: &World, client: &SimulatedClient) -> Locks {
    let seed = world.dice(&client.name()).u64(..);
    let fleet = client.fleet().build().unwrap();
    Locks::builder(fleet).new_fleet().clock(client.clock()).seed(seed).build().unwrap()
}

/// Who has had the lock, and when it was released and taken.
#[derive(Debug, Default)]
struct Book {
    turns: Vec<usize>,
    holder: Option<usize>,
    released: Option<Duration>,
    hand_overs: Vec<Duration>,
    /// How long a PING takes.
    pings: Vec<Duration>,
}

/// Eight processes that want one lock all the time, each for some milliseconds.
fn contention(nodes: usize, delays: Range<Duration>) -> Vec<Book> {
    let books = Arc::new(Mutex::new(Vec::new()));
    let all = Arc::clone(&books);
    let scenario = Scenario::new("waiting").nodes(nodes).clients(8).delays(delays).seeds(2);
    scenario.run(move |world| {
        let all = Arc::clone(&all);
        async move {
            let book = Arc::new(Mutex::new(Book { turns: vec![0; 8], ..Book::default() }));
            let first = locks(&world, &world.client(0));
            drop(first.lock(NAME).acquire().await.unwrap().release().await);
            for node in (0..nodes).cycle().take(50) {
                let start = world.now();
                world.client(0).link(node).query::<String>(cmd("PING")).await.unwrap();
                book.lock().unwrap().pings.push(world.now() - start);
            }
            let tasks: Vec<_> = world
                .clients()
                .map(|client| {
                    let (world, book) = (world.clone(), Arc::clone(&book));
                    tokio::spawn(async move {
                        let locks = locks(&world, &client);
                        // Each of its servers is enlisted before the crowd comes.
                        let own = locks.lock(client.name()).acquire().await.unwrap();
                        own.release().await.unwrap();
                        sleep(ms(50)).await;
                        while world.now() < ms(2_500) {
                            let lease = locks.lock(NAME).wait(ms(30_000)).acquire().await.unwrap();
                            grant(&book, &world, client.place());
                            sleep(ms(2)).await;
                            release(&book, &world);
                            lease.release().await.unwrap();
                        }
                    })
                })
                .collect();
            for task in tasks {
                task.await.unwrap();
            }
            all.lock().unwrap().push(std::mem::take(&mut *book.lock().unwrap()));
            Ok(())
        }
    });
    std::mem::take(&mut *books.lock().unwrap())
}

fn grant(book: &Mutex<Book>, world: &World, client: usize) {
    let mut book = book.lock().unwrap();
    assert_eq!(book.holder.replace(client), None, "two hold it");
    book.turns[client] += 1;
    if let Some(released) = book.released.take() {
        let took = world.now() - released;
        book.hand_overs.push(took);
    }
}

fn release(book: &Mutex<Book>, world: &World) {
    let mut book = book.lock().unwrap();
    book.holder = None;
    book.released = Some(world.now());
}

#[test]
fn from_a_release_to_the_next_grant_it_takes_two_round_trips_and_all_are_served_alike() {
    for (nodes, delays) in [(1, ms(2)..ms(3)), (3, ms(2)..ms(3)), (3, ms(1)..ms(6)), (5, ms(1)..ms(6))] {
        for mut book in contention(nodes, delays.clone()) {
            book.hand_overs.sort_unstable();
            let p50 = book.hand_overs[book.hand_overs.len() / 2];
            let p99 = book.hand_overs[book.hand_overs.len() * 99 / 100];
            let (most, least) = (book.turns.iter().max().unwrap(), book.turns.iter().min().unwrap());
            book.pings.sort_unstable();
            let ping = book.pings[book.pings.len() / 2];
            let told = format!(
                "{nodes} nodes, {delays:?}: PING {ping:?}, p50 {p50:?}, p99 {p99:?}, turns {:?}",
                book.turns
            );
            println!("{told}");
            assert!(p50 * 2 <= ping * 5, "{told}");
            assert!(most * 10 <= least * 12, "{told}");
        }
    }
}

#[test]
fn a_wake_that_never_comes_costs_no_more_than_the_ttl_and_a_gap_is_noticed() {
    Scenario::new("lost wakes").nodes(3).clients(2).seeds(8).run(|world| async move {
        let (ours, theirs) = (locks(&world, &world.client(0)), locks(&world, &world.client(1)));
        let lease = ours.lock(NAME).ttl(ms(3_000)).acquire().await.unwrap();
        let start = world.now();
        let waiting = tokio::spawn(async move { theirs.lock(NAME).wait(ms(30_000)).acquire().await });
        sleep(ms(500)).await;
        // Nothing that the servers say comes through to it, and then it does.
        let cut = world.inject(Fault::Cut { client: Which::One(1), node: Which::Every, way: Way::Both });
        lease.release().await.unwrap();
        sleep(ms(1_000)).await;
        cut.end();
        let lease: Lease = timeout(ms(6_000), waiting).await.unwrap().unwrap().unwrap();
        assert!(world.now() - start < ms(3_000) + ms(1_500), "{:?}", world.now() - start);
        lease.release().await.unwrap();
        Ok(())
    });
}

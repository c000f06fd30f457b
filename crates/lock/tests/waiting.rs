//! Waiting for locks on embedded nodes, in paused time: who comes next, what it costs, and what a lost message costs.
#![expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "set-up that fails is a failed test")]

use std::sync::Arc;
use std::time::Duration;

use redfleet_core::test_util::Tap;
use redfleet_core::{BackendExt, Clock, Embedded, Fleet};
use redfleet_lock::{Builder, Error, Lease, Locks, Owner};
use redis::cmd;
use tokio::task::JoinHandle;
use tokio::time::{Instant, sleep};

#[path = "waiting/closing.rs"]
mod closing;
#[path = "waiting/places.rs"]
mod places;
#[path = "waiting/worlds.rs"]
mod worlds;

const NAME: &str = "invoice:7";
const SIZES: [usize; 3] = [1, 3, 5];

fn ms(ms: u64) -> Duration {
    Duration::from_millis(ms)
}

/// Servers of a fleet, and the links to them.
struct Servers {
    stores: Vec<Embedded>,
    links: Vec<Tap>,
}

impl Servers {
    fn new(servers: usize) -> Self {
        let stores: Vec<_> = (0..servers).map(|_| Embedded::new()).collect();
        let links = stores.iter().map(|store| Tap::unnoticed(store.shared())).collect();
        Self { stores, links }
    }

    fn builder(&self) -> Builder {
        let named = self.links.iter().enumerate();
        let fleet = named
            .fold(Fleet::builder(), |fleet, (place, node)| fleet.node(format!("n{place}"), node.shared()));
        Locks::builder(fleet.build().unwrap()).new_fleet().clock(Clock::tokio())
    }

    fn locks(&self) -> Locks {
        self.builder().build().unwrap()
    }

    fn commands(&self) -> u64 {
        self.links.iter().map(Tap::round_trips).sum()
    }

    /// How many wait in the line of each server.
    async fn lines(&self) -> Vec<u64> {
        let mut lines = Vec::new();
        for store in &self.stores {
            lines.push(store.shared().query(cmd("ZCARD").arg(line_key())).await.unwrap());
        }
        lines
    }

    /// The waiters in the line of a server.
    async fn line(&self, server: usize) -> Vec<String> {
        let range = cmd("ZRANGE").arg(line_key()).arg(0).arg(-1).take();
        self.stores[server].shared().query(range).await.unwrap()
    }

    /// Puts a waiter in the line of each server.
    async fn put_in_line(&self, ticket: u64, waiter: &str) {
        for store in &self.stores {
            let add = cmd("ZADD").arg(line_key()).arg(ticket).arg(waiter).take();
            store.shared().query::<u64>(add).await.unwrap();
        }
    }

    async fn delete(&self, part: &str) {
        for store in &self.stores {
            let key = format!("redfleet:lock:{{{NAME}}}:{part}");
            store.shared().query::<u64>(cmd("DEL").arg(key)).await.unwrap();
        }
    }
}

fn line_key() -> String {
    format!("redfleet:lock:{{{NAME}}}:line")
}

fn waits(locks: &Locks) -> JoinHandle<Result<Lease, Error>> {
    let request = locks.lock(NAME).wait(ms(60_000));
    tokio::spawn(async move { request.acquire().await })
}

/// Long enough for whatever is under way.
async fn settled() {
    sleep(ms(5)).await;
}

#[tokio::test(start_paused = true)]
async fn eight_processes_get_the_lock_in_the_order_in_which_they_began_to_wait() {
    for size in SIZES {
        let servers = Servers::new(size);
        let all: Vec<_> = (0..8).map(|_| servers.locks()).collect();
        let first = all[0].lock(NAME).acquire().await.unwrap();
        let mut waiting = Vec::new();
        for locks in &all[1..] {
            waiting.push(waits(locks));
            settled().await;
        }
        assert_eq!(servers.lines().await, vec![7; size]);
        let (mut held, start) = (first, Instant::now());
        for next in waiting {
            held.release().await.unwrap();
            let lease = next.await.unwrap().unwrap();
            assert!(lease.fence() > held.fence());
            held = lease;
        }
        assert!(start.elapsed() < ms(20), "no hand-over waited for a timer: {:?}", start.elapsed());
        held.release().await.unwrap();
        settled().await;
        assert_eq!(servers.lines().await, vec![0; size]);
    }
}

#[tokio::test(start_paused = true)]
async fn who_waits_sends_nothing_while_nothing_happens() {
    for size in SIZES {
        let servers = Servers::new(size);
        let holder = servers.locks();
        let lease = holder.lock(NAME).ttl(ms(50_000)).acquire().await.unwrap();
        let all: Vec<_> = (0..4).map(|_| servers.locks()).collect();
        let waiting: Vec<_> = all.iter().flat_map(|locks| (0..3).map(|_| waits(locks))).collect();
        sleep(ms(1_000)).await;
        let before = servers.commands();
        // Less than the third of the ttl after which the holder extends it.
        sleep(ms(14_000)).await;
        assert_eq!(servers.commands(), before, "on {size} servers");
        lease.release().await.unwrap();
        for waiter in waiting {
            waiter.abort();
        }
    }
}

#[tokio::test(start_paused = true)]
async fn a_lock_is_handed_on_within_a_process_without_a_command_but_not_for_ever() {
    for size in SIZES {
        let servers = Servers::new(size);
        let ours = servers.builder().local_hand_overs(3).build().unwrap();
        let first = ours.lock(NAME).acquire().await.unwrap();
        let mut waiting: Vec<_> = Vec::new();
        for _ in 0..6 {
            waiting.push(waits(&ours));
            settled().await;
        }
        let theirs = waits(&servers.locks());
        sleep(ms(50)).await;
        let before = servers.commands();
        let mut held = first;
        for (turn, next) in waiting.drain(..3).enumerate() {
            held.release().await.unwrap();
            let lease = next.await.unwrap().unwrap();
            assert_eq!(lease.id(), held.id(), "it is the same hold");
            assert_eq!(lease.fence().get(), held.fence().get() + 1);
            assert!(matches!(held.release().await, Err(Error::Released { .. })));
            assert_eq!(held.remaining(), Duration::ZERO);
            held = lease;
            settled().await;
            // The third may not hand it on any more, so that the next in line has begun to ask.
            assert_eq!(servers.commands() > before, turn == 2, "turn {turn} on {size} servers");
        }
        held.release().await.unwrap();
        settled().await;
        let next = waiting.remove(0);
        assert!(next.is_finished() && !theirs.is_finished(), "who began to wait before comes before");
        assert_ne!(next.await.unwrap().unwrap().id(), held.id());
        drop((theirs, waiting));
    }
}

#[tokio::test(start_paused = true)]
async fn another_process_gets_the_lock_when_it_was_handed_on_often_enough() {
    let servers = Servers::new(3);
    let ours = servers.builder().local_hand_overs(2).build().unwrap();
    let theirs = servers.locks();
    let mut held = ours.lock(NAME).acquire().await.unwrap();
    let other = waits(&theirs);
    settled().await;
    let mut turns = 0;
    while !other.is_finished() {
        let next = waits(&ours);
        settled().await;
        held.release().await.unwrap();
        settled().await;
        if next.is_finished() {
            held = next.await.unwrap().unwrap();
            turns += 1;
        }
        assert!(turns <= 2, "it was handed on {turns} times past another that waits");
    }
    assert_eq!(turns, 2);
    other.await.unwrap().unwrap().release().await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn a_dead_process_at_the_head_of_the_line_costs_nothing() {
    for size in SIZES {
        let servers = Servers::new(size);
        let (ours, dead, alive) = (servers.locks(), servers.locks(), servers.locks());
        let lease = ours.lock(NAME).acquire().await.unwrap();
        let dying = waits(&dead);
        settled().await;
        let next = waits(&alive);
        settled().await;
        // Its connections are gone, and its place is still there.
        let line = servers.line(0).await;
        dying.abort();
        dying.await.unwrap_err();
        drop(dead);
        settled().await;
        servers.put_in_line(1, &line[0]).await;
        let start = Instant::now();
        lease.release().await.unwrap();
        drop(next.await.unwrap().unwrap());
        assert!(start.elapsed() < ms(5), "{:?} on {size} servers", start.elapsed());
    }
}

#[tokio::test(start_paused = true)]
async fn who_goes_away_gives_up_his_place_and_the_next_one_takes_it() {
    for size in SIZES {
        let servers = Servers::new(size);
        let (ours, theirs, others) = (servers.locks(), servers.locks(), servers.locks());
        let lease = ours.lock(NAME).acquire().await.unwrap();
        let (gone, behind) = (waits(&theirs), waits(&theirs));
        settled().await;
        let last = waits(&others);
        settled().await;
        assert_eq!(servers.lines().await, vec![2; size]);
        gone.abort();
        gone.await.unwrap_err();
        settled().await;
        assert_eq!(servers.lines().await, vec![2; size], "one of this process still waits");
        lease.release().await.unwrap();
        let lease = behind.await.unwrap().unwrap();
        assert!(!last.is_finished());
        last.abort();
        last.await.unwrap_err();
        settled().await;
        assert_eq!(servers.lines().await, vec![0; size], "nobody of that process waits any more");
        lease.release().await.unwrap();
    }
}

#[tokio::test(start_paused = true)]
async fn a_lost_line_costs_what_was_left_of_the_ttl() {
    for size in SIZES {
        let servers = Servers::new(size);
        let (ours, theirs) = (servers.locks(), servers.locks());
        let lease = ours.lock(NAME).ttl(ms(2_000)).acquire().await.unwrap();
        let start = Instant::now();
        let next = waits(&theirs);
        settled().await;
        servers.delete("line").await;
        lease.release().await.unwrap();
        drop(next.await.unwrap().unwrap());
        let took = start.elapsed();
        assert!(took >= ms(1_900) && took < ms(3_000), "{took:?} on {size} servers");
    }
}

#[tokio::test(start_paused = true)]
async fn a_gap_has_all_that_wait_look_again_at_once() {
    for size in SIZES {
        let servers = Servers::new(size);
        let (ours, theirs) = (servers.locks(), servers.locks());
        let lease = ours.lock(NAME).acquire().await.unwrap();
        let next = waits(&theirs);
        settled().await;
        servers.delete("line").await;
        lease.release().await.unwrap();
        settled().await;
        assert!(!next.is_finished());
        let start = Instant::now();
        servers.links[0].gap();
        drop(next.await.unwrap().unwrap());
        assert!(start.elapsed() < ms(5), "{:?}", start.elapsed());
    }
}

#[tokio::test(start_paused = true)]
async fn a_wait_ends_in_time_and_leaves_nothing_behind() {
    for size in SIZES {
        let servers = Servers::new(size);
        let (ours, theirs) = (servers.locks(), servers.locks());
        let lease = ours.lock(NAME).acquire().await.unwrap();
        let start = Instant::now();
        let ended = theirs.lock(NAME).wait(ms(700)).acquire().await;
        assert!(
            matches!(&ended, Err(Error::TimedOut { last, .. }) if matches!(**last, Error::Held { .. })),
            "{ended:?}"
        );
        assert_eq!(start.elapsed().as_millis() / 10, 70);
        let ended = ours.lock(NAME).wait(ms(700)).acquire().await;
        assert!(
            matches!(&ended, Err(Error::TimedOut { last, .. }) if matches!(**last, Error::HeldHere { .. })),
            "{ended:?}"
        );
        assert!(matches!(theirs.lock(NAME).wait(Duration::ZERO).acquire().await, Err(Error::Held { .. })));
        settled().await;
        assert_eq!(servers.lines().await, vec![0; size]);
        lease.release().await.unwrap();
        assert!(theirs.lock(NAME).try_acquire().await.is_ok());
    }
}

#[tokio::test(start_paused = true)]
async fn an_owner_enters_again_without_a_command_and_another_waits() {
    let servers = Servers::new(3);
    let locks = servers.locks();
    let (me, you) = (Owner::new(), Owner::new());
    let outer = locks.lock(NAME).owner(&me).acquire().await.unwrap();
    let before = servers.commands();
    let inner = locks.lock(NAME).owner(&me).acquire().await.unwrap();
    let third = locks.lock(NAME).owner(&me).try_acquire().await.unwrap();
    assert_eq!((inner.fence(), third.id()), (outer.fence(), outer.id()));
    assert_eq!(servers.commands(), before);
    let theirs = locks.lock(NAME).owner(&you).wait(ms(60_000));
    let theirs = tokio::spawn(async move { theirs.acquire().await });
    settled().await;
    outer.release().await.unwrap();
    assert!(matches!(outer.release().await, Err(Error::Released { .. })));
    inner.release().await.unwrap();
    settled().await;
    assert!(!theirs.is_finished(), "one lease is left");
    third.release().await.unwrap();
    let theirs = theirs.await.unwrap().unwrap();
    assert!(theirs.fence() > outer.fence());
    assert!(matches!(
        locks.lock(NAME).owner(&me).wait(Duration::ZERO).acquire().await,
        Err(Error::Held { .. })
    ));
}

#[tokio::test(start_paused = true)]
async fn the_fast_and_the_fair_exclude_each_other_and_all_have_their_turn() {
    for size in SIZES {
        let servers = Servers::new(size);
        let inside = Arc::new(std::sync::atomic::AtomicUsize::new(0));
        let mut tasks = Vec::new();
        for place in 0..8 {
            let (locks, inside) = (servers.locks(), Arc::clone(&inside));
            tasks.push(tokio::spawn(async move {
                for _ in 0..25 {
                    let request = locks.lock(NAME).wait(ms(60_000));
                    let request = if place % 2 == 0 { request.fast() } else { request };
                    let lease = request.acquire().await.unwrap();
                    assert_eq!(inside.fetch_add(1, std::sync::atomic::Ordering::SeqCst), 0);
                    sleep(ms(1)).await;
                    inside.fetch_sub(1, std::sync::atomic::Ordering::SeqCst);
                    lease.release().await.unwrap();
                }
            }));
        }
        let start = Instant::now();
        for task in tasks {
            task.await.unwrap();
        }
        assert!(
            start.elapsed() < ms(2_000),
            "200 turns of a millisecond took {:?} on {size}",
            start.elapsed()
        );
    }
}

#[tokio::test(start_paused = true)]
async fn who_dies_while_the_lock_is_kept_for_him_costs_a_reservation() {
    for size in SIZES {
        let servers = Servers::new(size);
        let (ours, hung, alive) = (servers.locks(), servers.locks(), servers.locks());
        // So that each knows how long a round trip takes, and with it how long the lock is to be kept.
        for locks in [&ours, &hung, &alive] {
            for _ in 0..8 {
                locks.lock("warm").try_acquire().await.unwrap().release().await.unwrap();
            }
            settled().await;
        }
        let lease = ours.lock(NAME).acquire().await.unwrap();
        let hanging = waits(&hung);
        settled().await;
        let next = waits(&alive);
        settled().await;
        // It is woken, and does not come: a process that is stopped.
        let line = servers.line(0).await;
        let channel = format!("redfleet:lock:wake:{}", line[0]);
        let mut ears = Vec::new();
        for store in &servers.stores {
            let topic = redfleet_core::Topic::channel(channel.clone());
            ears.push(store.shared().subscribe(&[topic]).await.unwrap());
        }
        hanging.abort();
        drop(hung);
        settled().await;
        servers.put_in_line(1, &line[0]).await;
        let start = Instant::now();
        lease.release().await.unwrap();
        drop(next.await.unwrap().unwrap());
        let took = start.elapsed();
        assert!(took >= ms(20) && took < ms(100), "{took:?} on {size} servers");
        drop(ears);
    }
}

//! Never more permits than there are, as the servers' keys tell.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use redfleet_lock::{Error, Permit};

use crate::{World, is_held};

impl World {
    /// How many servers have this permit under this id.
    async fn servers_of(&self, name: &str, permit: &Permit) -> usize {
        let key = format!("redfleet:lock:{{{name}}}:slot:{}:owner", permit.slot());
        let mut count = 0;
        for server in 0..self.stores.len() {
            let owner: Option<String> = self.say(server, &["GET", &key]).await;
            count += usize::from(owner.as_deref() == Some(permit.id().as_str()));
        }
        count
    }
}

#[tokio::test(start_paused = true)]
async fn of_ten_permits_a_hundred_tasks_never_hold_eleven() {
    for servers in [1, 3, 5] {
        let world = Arc::new(World::new(servers));
        let held: Arc<Mutex<BTreeMap<u16, usize>>> = Arc::default();
        let most = Arc::new(AtomicUsize::new(0));
        let tasks: Vec<_> = (0..100)
            .map(|task| {
                let (world, held, most) = (Arc::clone(&world), Arc::clone(&held), Arc::clone(&most));
                // Each a process of its own: nothing is shared but the servers.
                let limiter = world.client(task as u64).limiter("a", 10);
                tokio::spawn(async move {
                    let permit = loop {
                        match limiter.try_acquire().await {
                            Ok(permit) => break permit,
                            Err(Error::Held { .. }) => tokio::time::sleep(Duration::from_millis(7)).await,
                            Err(error) => panic!("{error}"),
                        }
                    };
                    let before = held.lock().unwrap().insert(permit.slot(), task);
                    assert_eq!(before, None, "permit {} is held twice", permit.slot());
                    most.fetch_max(held.lock().unwrap().len(), Ordering::SeqCst);
                    tokio::time::sleep(Duration::from_millis(20)).await;
                    assert!(world.servers_of("a", &permit).await > servers / 2);
                    held.lock().unwrap().remove(&permit.slot());
                    permit.release().await.unwrap();
                })
            })
            .collect();
        for task in tasks {
            tokio::time::timeout(Duration::from_secs(60), task).await.unwrap().unwrap();
        }
        assert_eq!(most.load(Ordering::SeqCst), 10, "all of them were used at once");
    }
}

#[tokio::test(start_paused = true)]
async fn permits_are_used_up_one_by_one_and_the_one_that_is_given_back_is_found() {
    for servers in [1, 3, 5] {
        let world = World::new(servers);
        let clients = [world.client(1), world.client(2), world.client(3)];
        let mut permits = Vec::new();
        for turn in 0..20 {
            permits.push(clients[turn % 3].limiter("a", 20).try_acquire().await.unwrap());
        }
        let mut slots: Vec<u16> = permits.iter().map(Permit::slot).collect();
        assert!(permits.windows(2).all(|pair| pair[0].fence() < pair[1].fence()), "later, greater");
        slots.sort_unstable();
        assert_eq!(slots, (0..20).collect::<Vec<u16>>());
        assert!(is_held(&clients[0].limiter("a", 20).try_acquire().await));
        permits[13].release().await.unwrap();
        let again = clients[1].limiter("a", 20).try_acquire().await.unwrap();
        assert_eq!(again.slot(), permits[13].slot());
    }
}

#[tokio::test(start_paused = true)]
async fn who_says_fewer_permits_uses_only_the_first_of_them() {
    let world = World::new(1);
    let (few, many) = (world.client(1).limiter("a", 2), world.client(2).limiter("a", 4));
    let all = [
        few.try_acquire().await.unwrap(),
        few.try_acquire().await.unwrap(),
        many.try_acquire().await.unwrap(),
        many.try_acquire().await.unwrap(),
    ];
    let mut slots: Vec<u16> = all.iter().map(Permit::slot).collect();
    slots[..2].sort_unstable();
    assert_eq!(slots[..2], [0, 1]);
    assert!(is_held(&few.try_acquire().await));
    assert!(is_held(&many.try_acquire().await));
}

#[tokio::test(start_paused = true)]
async fn a_thousand_permits_are_the_most_and_are_looked_through() {
    let world = World::new(1);
    let client = world.client(1);
    for permits in [0, 1_001] {
        let error = client.limiter("a", permits).try_acquire().await.unwrap_err();
        assert!(matches!(error, Error::Request { .. }), "{error}");
    }
    let limiter = client.limiter("a", 1_000);
    let first = limiter.try_acquire().await.unwrap();
    // The same home, by a clone of the client that has asked as often: the lowest that is free is taken.
    let other = client.limiter("a", 1_000).try_acquire().await.unwrap();
    assert_eq!(other.slot(), u16::from(first.slot() == 0));
}

#[tokio::test(start_paused = true)]
async fn who_waits_for_a_permit_gets_the_one_that_is_given_back_and_never_more_are_held() {
    for servers in [1, 3, 5] {
        let world = Arc::new(World::new(servers));
        let held: Arc<Mutex<BTreeMap<u16, usize>>> = Arc::default();
        let clients: Vec<_> = (0..20).map(|seed| world.client(seed)).collect();
        let tasks: Vec<_> = (0..100)
            .map(|task| {
                let (world, held) = (Arc::clone(&world), Arc::clone(&held));
                let limiter = clients[task % 20].limiter("a", 10).wait(Duration::from_secs(20));
                tokio::spawn(async move {
                    let permit = limiter.acquire().await.unwrap();
                    let before = held.lock().unwrap().insert(permit.slot(), task);
                    assert_eq!(before, None, "permit {} is held twice", permit.slot());
                    tokio::time::sleep(Duration::from_millis(50)).await;
                    assert!(world.servers_of("a", &permit).await > servers / 2);
                    held.lock().unwrap().remove(&permit.slot());
                    permit.release().await.unwrap();
                })
            })
            .collect();
        let start = tokio::time::Instant::now();
        for task in tasks {
            tokio::time::timeout(Duration::from_secs(30), task).await.unwrap().unwrap();
        }
        // Ten rounds of 50 ms are the least; whoever is not woken waits for the end of a ttl of 30 s.
        assert!(start.elapsed() < Duration::from_secs(10), "{servers}: {:?}", start.elapsed());
    }
}

#[tokio::test(start_paused = true)]
async fn a_permit_is_asked_for_with_the_options_of_a_lock() {
    let world = World::new(3);
    let locks = world.client(1);
    let ms = Duration::from_millis;
    let one = locks.limiter("exports", 1);
    let too_long = one.clone().ttl(ms(60_001)).try_acquire().await;
    assert!(matches!(too_long, Err(Error::Request { .. })), "{too_long:?}");
    let slot = one.run(|permit| async move { permit.slot() }).await.unwrap();
    assert_eq!(slot, 0);
    let run = one.clone().ttl(ms(500)).max_hold(ms(2_000)).run(|_| std::future::pending::<()>()).await;
    assert!(matches!(run, Err(Error::Lost { .. })), "{run:?}");
    let permit = one.clone().ttl(ms(500)).unattended().acquire().await.unwrap();
    let start = tokio::time::Instant::now();
    permit.lost().await;
    assert!(start.elapsed() < ms(500), "{:?}", start.elapsed());
}

#[tokio::test(start_paused = true)]
async fn who_waits_sleeps_no_longer_than_until_the_first_permit_ends() {
    let ms = Duration::from_millis;
    for servers in [1, 3] {
        let world = World::new(servers);
        let (ours, theirs) = (world.client(1), world.client(2));
        let limiter = theirs.limiter("a", 3).unattended();
        let long =
            [limiter.clone().try_acquire().await.unwrap(), limiter.clone().try_acquire().await.unwrap()];
        // Its holder dies, and wakes nobody.
        std::mem::forget(limiter.ttl(ms(1_000)).try_acquire().await.unwrap());
        let start = tokio::time::Instant::now();
        // Each begins at another permit.
        let all = (0..3).map(|_| tokio::spawn(ours.limiter("a", 3).wait(ms(20_000)).acquire()));
        for waiting in all.collect::<Vec<_>>() {
            waiting.await.unwrap().unwrap().release().await.unwrap();
        }
        assert!(start.elapsed() < ms(2_000), "{servers}: {:?}", start.elapsed());
        for permit in long {
            permit.release().await.unwrap();
        }
    }
}

//! Readers share, and a writer excludes them.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use redfleet_core::{Message, Topic};
use redfleet_lock::Error;

use crate::{World, is_held};

#[tokio::test(start_paused = true)]
async fn readers_share_and_a_writer_excludes_on_one_server_and_on_more() {
    for servers in [1, 3, 5] {
        let world = World::new(servers);
        let (ours, theirs) = (world.client(1), world.client(2));
        let one = ours.read("a").try_acquire().await.unwrap();
        let other = theirs.read("a").try_acquire().await.unwrap();
        assert!(is_held(&theirs.write("a").try_acquire().await));
        one.release().await.unwrap();
        assert!(is_held(&theirs.write("a").try_acquire().await));
        other.release().await.unwrap();
        let writer = theirs.write("a").try_acquire().await.unwrap();
        assert!(is_held(&ours.read("a").try_acquire().await));
        assert!(is_held(&ours.write("a").try_acquire().await));
        assert!(ours.lock("a").try_acquire().await.is_ok(), "it is another lock");
        writer.release().await.unwrap();
        assert!(ours.read("a").try_acquire().await.is_ok());
    }
}

#[tokio::test(start_paused = true)]
async fn tokens_of_readers_lie_between_those_of_the_writers_before_and_after() {
    for servers in [1, 3, 5] {
        let world = World::new(servers);
        let clients = [world.client(1), world.client(2)];
        let mut last_writer = None;
        for round in 0..5 {
            let writer = clients[round % 2].write("a").try_acquire().await.unwrap();
            writer.release().await.unwrap();
            assert!(Some(writer.fence()) > last_writer);
            let one = clients[0].read("a").try_acquire().await.unwrap();
            let other = clients[1].read("a").try_acquire().await.unwrap();
            for reader in [one, other] {
                assert!(reader.fence() > writer.fence());
                last_writer = last_writer.max(Some(reader.fence()));
                reader.release().await.unwrap();
            }
        }
    }
}

#[tokio::test(start_paused = true)]
async fn a_reader_that_is_not_released_reads_no_longer_than_its_ttl_and_leaves_nothing_but_its_token() {
    let world = World::new(1);
    let ours = world.client(1);
    let reader = ours.read("a").ttl(Duration::from_secs(2)).try_acquire().await.unwrap();
    std::mem::forget(reader);
    let keys: Vec<String> = world.say(0, &["KEYS", "*{a}*"]).await;
    assert_eq!(keys.len(), 2, "{keys:?}");
    let theirs = world.client(2);
    assert!(is_held(&theirs.write("a").try_acquire().await));
    tokio::time::advance(Duration::from_millis(2_001)).await;
    let keys: Vec<String> = world.say(0, &["KEYS", "*{a}*"]).await;
    assert_eq!(keys, ["redfleet:lock:{a}:rw:token"]);
    assert!(theirs.write("a").try_acquire().await.is_ok());
}

#[tokio::test(start_paused = true)]
async fn a_reader_does_not_get_past_a_writer_that_waits_and_listens_while_others_read() {
    let world = World::new(1);
    let ours = world.client(1);
    let reader = ours.read("a").try_acquire().await.unwrap();
    let line = "redfleet:lock:{a}:rw:line";
    let _: u64 = world.say(0, &["ZADD", line, "7", "ffff:w"]).await;
    // Nobody listens for this writer: it has lost its place.
    ours.read("a").try_acquire().await.unwrap().release().await.unwrap();
    assert_eq!(world.say::<u64>(0, &["ZCARD", line]).await, 0);
    let channel = Topic::channel("redfleet:lock:wake:ffff");
    let mut messages = world.stores[0].shared().subscribe(&[channel]).await.unwrap();
    let _: u64 = world.say(0, &["ZADD", line, "7", "ffff:w"]).await;
    assert!(is_held(&ours.read("a").try_acquire().await));
    reader.release().await.unwrap();
    let message = tokio::time::timeout(Duration::from_secs(1), messages.next()).await.unwrap();
    let Some(Message::Published { payload, .. }) = message else { panic!("{message:?}") };
    assert_eq!(payload.as_slice(), b"wake ffff:w a");
    // It is kept for the writer, and for nobody else, for a while.
    assert!(is_held(&ours.read("a").try_acquire().await));
    assert!(is_held(&ours.write("a").try_acquire().await));
    tokio::time::advance(Duration::from_millis(300)).await;
    assert!(ours.read("a").try_acquire().await.is_ok());
}

#[tokio::test(start_paused = true)]
async fn a_writer_that_waits_is_not_overtaken_for_ever_by_readers_that_come_and_go() {
    for servers in [1, 3, 5] {
        let world = World::new(servers);
        let is_over = Arc::new(AtomicBool::new(false));
        let readers: Vec<_> = (0..4)
            .map(|client| {
                let (locks, is_over) = (world.client(client), Arc::clone(&is_over));
                tokio::spawn(async move {
                    let mut count = 0;
                    tokio::time::sleep(Duration::from_millis(client * 15)).await;
                    while !is_over.load(Ordering::SeqCst) {
                        let lease = locks.read("a").wait(Duration::from_secs(20)).acquire().await.unwrap();
                        count += 1;
                        // They overlap, so that there is always one that reads.
                        tokio::time::sleep(Duration::from_millis(50)).await;
                        lease.release().await.unwrap();
                    }
                    count
                })
            })
            .collect();
        let writer = world.client(9);
        for _ in 0..5 {
            tokio::time::sleep(Duration::from_millis(100)).await;
            let start = tokio::time::Instant::now();
            let lease = writer.write("a").wait(Duration::from_secs(5)).acquire().await.unwrap();
            assert!(start.elapsed() < Duration::from_secs(1), "{servers}: {:?}", start.elapsed());
            lease.release().await.unwrap();
        }
        is_over.store(true, Ordering::SeqCst);
        for reader in readers {
            let count = tokio::time::timeout(Duration::from_secs(30), reader).await.unwrap().unwrap();
            assert!(count > 5, "{count}");
        }
    }
}

#[tokio::test(start_paused = true)]
async fn readers_behind_one_another_are_woken_together() {
    let world = World::new(3);
    let writer = world.client(1).write("a").try_acquire().await.unwrap();
    let start = tokio::time::Instant::now();
    let readers: Vec<_> = (2..8)
        .map(|client| {
            let locks = world.client(client);
            tokio::spawn(async move {
                let lease = locks.read("a").wait(Duration::from_secs(20)).acquire().await.unwrap();
                let at = tokio::time::Instant::now();
                tokio::time::sleep(Duration::from_secs(1)).await;
                lease.release().await.unwrap();
                at
            })
        })
        .collect();
    tokio::time::sleep(Duration::from_millis(100)).await;
    writer.release().await.unwrap();
    for reader in readers {
        let at = tokio::time::timeout(Duration::from_secs(30), reader).await.unwrap().unwrap();
        assert!(at - start < Duration::from_millis(500), "{:?}", at - start);
    }
}

#[tokio::test(start_paused = true)]
async fn a_release_by_id_of_the_lock_of_this_name_ends_no_writer() {
    let world = World::new(3);
    let ours = world.client(1);
    let writer = ours.write("a").try_acquire().await.unwrap();
    let told = ours.release("a", writer.id()).await;
    assert!(matches!(&told, Err(Error::NotHolder { .. })), "{told:?}");
    assert!(!writer.remaining().is_zero());
    writer.release().await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn writers_that_went_away_hold_up_no_reader() {
    for servers in [1, 3] {
        let world = World::new(servers);
        let (ours, theirs) = (world.client(1), world.client(2));
        let reader = theirs.read("a").try_acquire().await.unwrap();
        let mut writers = Vec::new();
        for _ in 0..2 {
            writers.push(tokio::spawn(ours.write("a").acquire()));
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        writers.iter().for_each(tokio::task::JoinHandle::abort);
        tokio::time::sleep(Duration::from_millis(20)).await;
        theirs.read("a").try_acquire().await.unwrap().release().await.unwrap();
        reader.release().await.unwrap();
    }
}

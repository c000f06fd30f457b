//! What each option does.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use redfleet_core::test_util::{Condition, Scripted};
use redfleet_core::{Batch, Effect, Faults, Layer};
use redfleet_multiwrite::{DropReason, Error, Guarantee, Order, Outcome, Overflow, RemoteOptions, Wait};
use redis::Value;

use super::world::{LONG, World, ask, words};

fn down() -> Scripted {
    let node = Scripted::new();
    node.set(Condition::Refused);
    node
}

#[tokio::test(start_paused = true)]
async fn waiting_waits_for_as_many_as_it_says() {
    let world = World::new();
    let store =
        world.builder().remote("eu", world.eu.shared()).remote("us", down().shared()).build().unwrap();
    for wait in [Wait::None, Wait::One, Wait::Quorum, Wait::AllButOne] {
        let everywhere = store.everywhere().waiting(wait, Duration::from_secs(1));
        everywhere.send(&words("INCR n")).await.unwrap_or_else(|error| panic!("{wait:?}: {error}"));
        if wait != Wait::None {
            assert!(ask::<i64>(&world.eu, "GET n").await.is_ok(), "{wait:?}");
        }
    }
    let everywhere = store.everywhere().waiting(Wait::All, Duration::from_secs(1));
    let error = everywhere.send(&words("INCR n")).await.unwrap_err();
    let Error::Short { replies, shortfall, .. } = &error else { panic!("{error}") };
    assert!(matches!(&replies[..], [Ok(Value::Int(5))]), "{replies:?}");
    assert_eq!((shortfall.acks(), shortfall.needed()), (1, 2));
    assert!(error.to_string().contains("us: queued"), "{error}");
    let as_backend: redfleet_core::Result<i64> = ask(&everywhere, "INCR n").await;
    let error = as_backend.unwrap_err();
    assert!(error.to_string().contains("us: queued") && error.effect() == Effect::Unknown, "{error}");
    assert_eq!(ask::<i64>(&world.local, "GET n").await.unwrap(), 6);
}

#[tokio::test(start_paused = true)]
async fn a_batch_has_one_deadline_and_all_replies() {
    let world = World::new();
    // A round a write, each of which takes less than the deadline.
    let slow = Faults::seeded(1).delay(Duration::from_millis(700)..Duration::from_millis(701));
    let options = RemoteOptions::default().round_entries(1);
    let store = world.builder().remote_with("eu", slow.layer(world.eu.shared()), options).build().unwrap();
    ask::<i64>(&store.everywhere(), "INCR n").await.unwrap();
    store.flush(LONG).await.unwrap();
    let everywhere = store.everywhere().waiting(Wait::All, Duration::from_secs(1));
    let batch: Batch = ["RPUSH l a b", "LPOP l", "LPOP nothing"].iter().map(|line| words(line)).collect();
    let before = tokio::time::Instant::now();
    let Err(Error::Short { replies, .. }) = everywhere.send_batch(&batch).await else { panic!() };
    assert_eq!(before.elapsed(), Duration::from_secs(1));
    assert!(
        matches!(&replies[..], [Ok(_), Ok(Value::BulkString(a)), Ok(Value::Nil)] if a == b"a"),
        "{replies:?}"
    );
}

#[tokio::test(start_paused = true)]
async fn deadlines_without_an_end_are_no_panic() {
    let world = World::new();
    let overflow = Overflow::Block { within: Duration::MAX };
    let options = RemoteOptions::default().max_entries(1).overflow(overflow).deadline(Duration::MAX);
    let store = world.builder().remote_with("eu", world.eu.shared(), options).build().unwrap();
    store.pause("eu").unwrap();
    ask::<i64>(&store.everywhere(), "INCR a").await.unwrap();
    let everywhere = store.everywhere();
    let blocked = tokio::spawn(async move { ask::<i64>(&everywhere, "INCR b").await });
    tokio::time::sleep(LONG).await;
    assert!(!blocked.is_finished());
    store.resume("eu").unwrap();
    blocked.await.unwrap().unwrap();
    ask::<i64>(&world.eu, "INCR c").await.unwrap();
    assert_eq!(store.verify("eu").await.unwrap().differing, 1);
    store.flush(Duration::MAX).await.unwrap();
    store.shutdown(Duration::MAX).await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn block_waits_for_room_and_then_refuses_before_local_is_asked() {
    let world = World::new();
    let within = Duration::from_secs(2);
    let options = RemoteOptions::default().max_entries(3).overflow(Overflow::Block { within });
    let store = world.builder().remote_with("us", down().shared(), options).build().unwrap();
    for number in 0..3 {
        ask::<i64>(&store.everywhere(), &format!("INCR k{number}")).await.unwrap();
    }
    let before = tokio::time::Instant::now();
    let error = store.everywhere().send(&words("INCR k4")).await.unwrap_err();
    assert!(matches!(error, Error::Full { .. }), "{error}");
    assert_eq!(before.elapsed().as_secs(), within.as_secs());
    assert_eq!(ask::<i64>(&world.local, "EXISTS k4").await.unwrap(), 0);
    store.remove_remote("us").unwrap();
    store.everywhere().send(&words("INCR k4")).await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn what_is_dropped_is_copied_when_the_remote_takes_it_again() {
    for (overflow, first) in [(Overflow::DropOldest, true), (Overflow::DropNew, false)] {
        let world = World::new();
        let options = RemoteOptions::default().max_entries(3).overflow(overflow);
        let store = world.builder().remote_with("eu", world.eu.shared(), options).build().unwrap();
        store.pause("eu").unwrap();
        let mut receipts = Vec::new();
        for number in 0..6 {
            let written = store.everywhere().send(&words(&format!("INCR k{number}"))).await.unwrap();
            receipts.push(written.receipt);
        }
        let is_dropped =
            |index: usize| matches!(receipts[index].outcomes()[0].1, Outcome::Dropped(DropReason::Overflow));
        assert_eq!((is_dropped(0), is_dropped(5)), (first, !first), "{overflow:?}");
        let health = store.health();
        assert_eq!((health[0].entries, health[0].dirty_keys, health[0].dropped), (3, 3, 3));
        store.resume("eu").unwrap();
        store.flush(LONG).await.unwrap();
        for number in 0..6 {
            assert_eq!(ask::<i64>(&world.eu, &format!("GET k{number}")).await.unwrap(), 1);
        }
    }
}

#[tokio::test(start_paused = true)]
async fn what_is_larger_than_the_whole_queue_arrives_all_the_same() {
    let world = World::new();
    let options = RemoteOptions::default().max_bytes(10_000);
    let store = world.builder().remote_with("eu", world.eu.shared(), options).build().unwrap();
    for number in 0..5 {
        let value = "x".repeat(30_000);
        ask::<Value>(&store.everywhere(), &format!("SET k{number} {value}")).await.unwrap();
    }
    store.flush(LONG).await.unwrap();
    assert_eq!(ask::<i64>(&world.eu, "EXISTS k0 k1 k2 k3 k4").await.unwrap(), 5);
}

#[tokio::test(start_paused = true)]
async fn more_dirty_keys_than_may_be_are_a_copy_of_everything() {
    let world = World::new();
    let options = RemoteOptions::default().max_entries(1).max_dirty_keys(5).overflow(Overflow::DropNew);
    let store = world.builder().remote_with("eu", world.eu.shared(), options).build().unwrap();
    ask::<Value>(&world.eu, "SET stale 1").await.unwrap();
    store.pause("eu").unwrap();
    for number in 0..300 {
        ask::<i64>(&store.everywhere(), &format!("INCR k{number}")).await.unwrap();
    }
    assert!(store.health()[0].is_copying_everything);
    store.resume("eu").unwrap();
    store.flush(LONG).await.unwrap();
    assert_eq!(super::world::held(&world.eu).await.unwrap(), super::world::held(&world.local).await.unwrap());
}

#[tokio::test(start_paused = true)]
async fn in_parallel_what_local_refuses_is_mended() {
    let world = World::new();
    let store = world.builder().order(Order::Parallel).remote("eu", world.eu.shared()).build().unwrap();
    ask::<Value>(&store.everywhere(), "SET a text").await.unwrap();
    ask::<Value>(&store.everywhere(), "DEL b").await.unwrap();
    assert!(ask::<i64>(&store.everywhere(), "INCR a").await.is_err());
    store.flush(LONG).await.unwrap();
    assert_eq!(ask::<String>(&world.eu, "GET a").await.unwrap(), "text");
}

#[tokio::test(start_paused = true)]
async fn a_dead_letter_is_told_and_its_key_is_copied() {
    for guarantee in [Guarantee::ExactlyOnce, Guarantee::AtLeastOnce] {
        let world = World::new();
        let letters = Arc::new(Mutex::new(Vec::new()));
        let told = Arc::clone(&letters);
        let options = RemoteOptions::default()
            .guarantee(guarantee)
            .on_dead_letter(move |letter| told.lock().unwrap().push(letter.clone()));
        let store = world.builder().remote_with("eu", world.eu.shared(), options).build().unwrap();
        ask::<Value>(&world.eu, "SET l text").await.unwrap();
        let written = store.everywhere().send(&words("RPUSH l hidden")).await.unwrap();
        store.flush(LONG).await.unwrap();
        assert!(matches!(written.receipt.outcomes()[0].1, Outcome::Failed(_)), "{:?}", written.receipt);
        let letters = letters.lock().unwrap().clone();
        assert_eq!(letters.len(), 1);
        assert_eq!(letters[0].commands, ["RPUSH"]);
        assert_eq!(letters[0].error.code(), Some("WRONGTYPE"));
        assert!(!format!("{letters:?}").contains("hidden"));
        assert_eq!(ask::<Vec<String>>(&world.eu, "LRANGE l 0 -1").await.unwrap(), ["hidden"]);
        assert_eq!(store.health()[0].dead_letters, 1);
    }
}

#[tokio::test(start_paused = true)]
async fn a_callback_that_panics_ends_nothing() {
    let world = World::new();
    let options = RemoteOptions::default().on_dead_letter(|_| panic!("on purpose"));
    let store = world.builder().remote_with("eu", world.eu.shared(), options).build().unwrap();
    for number in 0..2 {
        ask::<Value>(&world.eu, &format!("SET l{number} text")).await.unwrap();
        ask::<i64>(&store.everywhere(), &format!("RPUSH l{number} x")).await.unwrap();
        store.flush(LONG).await.unwrap();
    }
    assert_eq!(store.health()[0].dead_letters, 2);
}

#[tokio::test(start_paused = true)]
async fn a_read_that_a_remote_refuses_is_no_dead_letter_and_nothing_is_copied() {
    let world = World::new();
    let store = world.builder().remote("eu", world.eu.shared()).build().unwrap();
    ask::<i64>(&world.local, "RPUSH l x").await.unwrap();
    ask::<Value>(&world.eu, "SET l text").await.unwrap();
    let read = store.everywhere().send(&words("LRANGE l 0 -1")).await.unwrap();
    store.flush(LONG).await.unwrap();
    assert!(matches!(read.receipt.outcomes()[0].1, Outcome::Failed(_)), "{:?}", read.receipt);
    let health = &store.health()[0];
    assert_eq!((health.dead_letters, health.copies), (0, 0));
}

#[tokio::test(start_paused = true)]
async fn a_store_that_nobody_holds_sends_what_it_can_and_lets_its_servers_go() {
    for is_paused in [false, true] {
        let world = World::new();
        let eu = world.eu.shared();
        let is_held = Arc::downgrade(&eu);
        let store = world.builder().remote("eu", eu).build().unwrap();
        if is_paused {
            store.pause("eu").unwrap();
        }
        ask::<i64>(&world.local, "INCR past").await.unwrap();
        store.resync("eu").unwrap();
        ask::<i64>(&store.everywhere(), "INCR a").await.unwrap();
        drop(store);
        tokio::time::sleep(LONG).await;
        assert!(is_held.upgrade().is_none());
        let there = if is_paused { 0 } else { 2 };
        assert_eq!(ask::<i64>(&world.eu, "EXISTS a past").await.unwrap(), there);
    }
}

#[tokio::test(start_paused = true)]
async fn a_small_round_waits_for_more_unless_somebody_waits_for_it() {
    let world = World::new();
    let gather = Duration::from_secs(5);
    let options = RemoteOptions::default().gather(gather).deadline(LONG);
    let store = world.builder().remote_with("eu", world.eu.shared(), options).build().unwrap();
    ask::<Value>(&store.everywhere(), "SET a 1").await.unwrap();
    tokio::time::sleep(gather / 2).await;
    assert_eq!(ask::<i64>(&world.eu, "EXISTS a").await.unwrap(), 0);
    tokio::time::sleep(gather).await;
    assert_eq!(ask::<i64>(&world.eu, "EXISTS a").await.unwrap(), 1);
    let waiting = store.everywhere().waiting(Wait::All, gather / 2);
    ask::<Value>(&waiting, "SET a 2").await.unwrap();
    assert_eq!(ask::<i64>(&world.eu, "GET a").await.unwrap(), 2);
}

#[tokio::test(start_paused = true)]
async fn local_has_a_deadline_and_then_the_key_is_copied() {
    let world = World::new();
    let local = Scripted::new()
        .on("SET", "+OK\r\n")
        .on("DUMP", "$-1\r\n")
        .on("PEXPIRETIME", ":-2\r\n")
        .with_run_id("local");
    local.set(Condition::Hung);
    let deadline = Duration::from_secs(3);
    let builder = redfleet_multiwrite::MultiWrite::builder(local.shared()).clock(world.clock.clone());
    let store = builder.local_deadline(deadline).remote("eu", world.eu.shared()).build().unwrap();
    ask::<Value>(&world.eu, "SET a stale").await.unwrap();
    let before = tokio::time::Instant::now();
    let error = store.everywhere().send(&words("SET a 1")).await.unwrap_err();
    assert!(matches!(error, Error::Local(redfleet_core::Error::Deadline { .. })), "{error}");
    assert_eq!(error.effect(), Effect::Unknown);
    assert_eq!(before.elapsed(), deadline);
    assert_eq!(local.complaints(), (1, 1));
    assert_eq!(store.health()[0].dirty_keys, 1);
    local.set(Condition::Up);
    store.flush(LONG).await.unwrap();
    assert_eq!(ask::<i64>(&world.eu, "EXISTS a").await.unwrap(), 0, "as local says");
}

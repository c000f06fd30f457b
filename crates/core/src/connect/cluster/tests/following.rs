//! Redirections are followed; nothing else is.

use std::time::Duration;

use redis::Value;

use super::fake::Fake;
use super::{batch, call, command, numbers};
use crate::backend::{Backend, Batch};
use crate::error::{Effect, Error};

/// The round trips that a test is about: not those for the map.
fn sent(fake: &Fake) -> Vec<(u16, String)> {
    fake.world().sent.drain(..).filter(|(_, text)| !text.starts_with("CLUSTER")).collect()
}

fn to(sent: &[(u16, &str)]) -> Vec<(u16, String)> {
    sent.iter().map(|(port, text)| (*port, (*text).into())).collect()
}

#[tokio::test(start_paused = true)]
async fn a_moved_slot_is_followed_once_and_then_known() {
    let fake = Fake::new(1);
    let cluster = fake.client();
    assert_eq!(call(&cluster, "INCR foo").await.unwrap(), Value::Int(1));
    fake.world().start_move("foo", 4);
    fake.world().end_move("foo");
    sent(&fake);
    assert_eq!(call(&cluster, "INCR foo").await.unwrap(), Value::Int(2));
    assert_eq!(call(&cluster, "INCR foo").await.unwrap(), Value::Int(3));
    assert_eq!(sent(&fake), to(&[(3, "INCR foo"), (4, "INCR foo"), (4, "INCR foo")]));
}

#[tokio::test(start_paused = true)]
async fn a_slot_on_its_way_is_asked_for_each_time() {
    let fake = Fake::new(1);
    let cluster = fake.client();
    fake.world().start_move("foo", 4);
    for value in 1..=2 {
        assert_eq!(call(&cluster, "INCR foo").await.unwrap(), Value::Int(value));
    }
    let ask = [(3, "INCR foo"), (4, "ASKING INCR foo")];
    assert_eq!(sent(&fake), to(&[ask, ask].concat()));
}

#[tokio::test(start_paused = true)]
async fn only_the_refused_entries_of_a_batch_are_sent_again() {
    let fake = Fake::new(1);
    let cluster = fake.client();
    call(&cluster, "MSET foo 10 bar 20 {foo}2 30").await.unwrap();
    fake.world().start_move("foo", 4);
    fake.world().move_key("foo");
    sent(&fake);
    let replies =
        numbers(&cluster, &batch(&["INCR {foo}2", "INCR foo", "INCR bar", "INCR foo", "INCR {foo}2"])).await;
    assert_eq!(replies, [31, 11, 21, 12, 32]);
    let mut sent = sent(&fake);
    sent.sort();
    let foo = "INCR {foo}2 | INCR foo | INCR foo | INCR {foo}2";
    assert_eq!(sent, to(&[(1, "INCR bar"), (3, foo), (4, "ASKING INCR foo | INCR foo")]));
}

#[tokio::test(start_paused = true)]
async fn keys_in_two_places_are_waited_for() {
    let fake = Fake::new(1);
    let cluster = fake.client();
    call(&cluster, "MSET {t}a 1 {t}b 2").await.unwrap();
    fake.world().start_move("{t}", 4);
    fake.world().move_key("{t}a");
    let both = tokio::spawn({
        let cluster = fake.client();
        async move { call(&cluster, "MGET {t}a {t}b").await }
    });
    tokio::time::sleep(Duration::from_millis(100)).await;
    assert!(!both.is_finished());
    fake.world().move_key("{t}b");
    assert_eq!(both.await.unwrap().unwrap(), Value::Array(vec![Value::Int(1), Value::Int(2)]));
}

#[tokio::test(start_paused = true)]
async fn keys_that_stay_in_two_places_end_in_the_servers_refusal() {
    let fake = Fake::new(1);
    let cluster = fake.client();
    call(&cluster, "MSET {t}a 1 {t}b 2").await.unwrap();
    fake.world().start_move("{t}", 4);
    fake.world().move_key("{t}a");
    sent(&fake);
    let error = call(&cluster, "MGET {t}a {t}b").await.unwrap_err();
    assert_eq!((error.code(), error.effect()), (Some("TRYAGAIN"), Effect::None));
    assert_eq!(sent(&fake).len(), 7);
}

#[tokio::test(start_paused = true)]
async fn a_transaction_is_redirected_whole() {
    let fake = Fake::new(1);
    let cluster = fake.client();
    let atomic = || Batch::new().atomic();
    let both = || {
        let mut both = atomic();
        both.extend([command("INCR {t}a"), command("PING"), command("INCR {t}b")]);
        both
    };
    let values =
        |replies: Vec<Result<Value, Error>>| replies.into_iter().map(Result::unwrap).collect::<Vec<_>>();
    let pong = Value::SimpleString("PONG".into());
    let expected = |a, b| vec![Value::Int(a), pong.clone(), Value::Int(b)];
    assert_eq!(values(cluster.call_batch(&both()).await.unwrap()), expected(1, 1));

    fake.world().start_move("{t}", 1);
    fake.world().move_key("{t}a");
    let moving = tokio::spawn({
        let cluster = fake.client();
        let both = both();
        async move { cluster.call_batch(&both).await }
    });
    tokio::time::sleep(Duration::from_millis(50)).await;
    assert!(!moving.is_finished(), "one key here, one there: the transaction waits");
    fake.world().move_key("{t}b");
    assert_eq!(values(moving.await.unwrap().unwrap()), expected(2, 2));

    fake.world().end_move("{t}");
    assert_eq!(values(cluster.call_batch(&both()).await.unwrap()), expected(3, 3));
}

#[tokio::test(start_paused = true)]
async fn a_block_travels_whole_and_its_neighbours_without_it() {
    let fake = Fake::new(1);
    let cluster = fake.client();
    call(&cluster, "MSET {foo}a 10 {foo}b 20 bar 30 {bar}b 40").await.unwrap();
    let mut batch =
        batch(&["INCR bar", "INCR {foo}a", "INCR {foo}b", "INCR {foo}a", "INCR bar", "INCR {bar}b"]);
    batch.make_atomic(1..3);
    batch.make_atomic(4..6);
    sent(&fake);
    assert_eq!(numbers(&cluster, &batch).await, [31, 11, 21, 12, 32, 41]);
    let sorted = || {
        let mut sent = sent(&fake);
        sent.sort();
        sent
    };
    let (bar, foo) = ("INCR bar | [INCR bar | INCR {bar}b]", "[INCR {foo}a | INCR {foo}b] | INCR {foo}a");
    assert_eq!(sorted(), to(&[(1, bar), (3, foo)]), "one round trip a server");

    fake.world().start_move("foo", 4);
    fake.world().move_key("{foo}a");
    fake.world().move_key("{foo}b");
    assert_eq!(numbers(&cluster, &batch).await, [33, 13, 22, 14, 34, 42]);
    let asking = "ASKING [INCR {foo}a | INCR {foo}b] | INCR {foo}a";
    assert_eq!(sorted(), to(&[(1, bar), (3, foo), (4, asking)]));

    fake.world().end_move("foo");
    assert_eq!(numbers(&cluster, &batch).await, [35, 15, 23, 16, 36, 43]);
    assert_eq!(sorted(), to(&[(1, bar), (3, foo), (4, foo)]), "and then it is known");
    assert_eq!(numbers(&cluster, &batch).await, [37, 17, 24, 18, 38, 44]);
    assert_eq!(sorted(), to(&[(1, bar), (4, foo)]));
}

#[tokio::test(start_paused = true)]
async fn a_block_whose_keys_are_in_two_places_waits_and_nothing_waits_for_it() {
    let fake = Fake::new(1);
    let cluster = fake.client();
    call(&cluster, "MSET {t}a 1 {t}b 2 foo 3").await.unwrap();
    fake.world().start_move("{t}", 1);
    fake.world().move_key("{t}a");
    let mut batch = batch(&["INCR {t}a", "INCR {t}b", "INCR foo"]);
    batch.make_atomic(0..2);
    let moving = tokio::spawn({
        let cluster = fake.client();
        async move { numbers(&cluster, &batch).await }
    });
    tokio::time::sleep(Duration::from_millis(50)).await;
    assert!(!moving.is_finished(), "one key here, one there: the block waits");
    let values = |fake: &Fake| ["{t}a", "{t}b", "foo"].map(|key| fake.world().value(key));
    assert_eq!(values(&fake), [1, 2, 4], "nothing of it was carried out");
    fake.world().move_key("{t}b");
    assert_eq!(moving.await.unwrap(), [2, 3, 4]);
}

#[tokio::test(start_paused = true)]
async fn a_block_over_several_slots_is_refused_before_anything_is_sent() {
    let fake = Fake::new(1);
    let cluster = fake.client();
    for (texts, told) in [
        (["INCR bar", "INCR foo", "INCR bar"], "a transaction with keys in several slots"),
        (["INCR bar", "PING", "DEL foo bar"], "a transaction with keys in several slots"),
        (["INCR bar", "PING", "FLUSHALL"], "FLUSHALL"),
    ] {
        let mut batch = batch(&texts);
        batch.make_atomic(1..3);
        let error = cluster.call_batch(&batch).await.unwrap_err();
        assert!(matches!(&error, Error::Unsupported { command, .. } if command == told), "{error}");
    }
    assert!(sent(&fake).is_empty());
    let mut batch = batch(&["INCR bar", "DEL foo"]);
    batch.make_atomic(0..1);
    batch.make_atomic(1..2);
    assert_eq!(numbers(&cluster, &batch).await, [1, 0], "two blocks may go to two servers");
}

#[tokio::test(start_paused = true)]
async fn a_demoted_primary_is_left_for_the_new_one() {
    let fake = Fake::new(1);
    let cluster = fake.client();
    call(&cluster, "INCR foo").await.unwrap();
    fake.world().demoted.insert(3);
    let late = tokio::spawn({
        let fake = fake.clone();
        async move {
            tokio::time::sleep(Duration::from_millis(150)).await;
            fake.world().fail_over(3, 4);
        }
    });
    assert_eq!(call(&cluster, "INCR foo").await.unwrap(), Value::Int(2));
    late.await.unwrap();
    assert_eq!(fake.world().value("foo"), 2);
}

#[tokio::test(start_paused = true)]
async fn a_lost_reply_is_told_and_never_sent_again() {
    let fake = Fake::new(1);
    let cluster = fake.client();
    cluster.identify().await.unwrap();
    sent(&fake);
    fake.world().lossy = 1_000;
    let error = call(&cluster, "INCR foo").await.unwrap_err();
    assert_eq!(error.effect(), Effect::Unknown);
    let replies = cluster.call_batch(&batch(&["INCR foo", "INCR bar"])).await.unwrap();
    assert!(replies.iter().any(|reply| matches!(reply, Err(error) if error.effect() == Effect::Unknown)));
    let mut sent = sent(&fake);
    sent.sort();
    assert_eq!(sent, to(&[(1, "INCR bar"), (3, "INCR foo"), (3, "INCR foo")]));
}

#[tokio::test(start_paused = true)]
async fn a_dead_primary_is_told_at_once_and_the_next_call_finds_the_new_one() {
    let fake = Fake::new(1);
    let cluster = fake.client();
    call(&cluster, "INCR foo").await.unwrap();
    fake.world().down.insert(3);
    let error = call(&cluster, "INCR foo").await.unwrap_err();
    assert_eq!(error.to_string(), "link: cannot connect to n:3: connection refused");
    assert_eq!(error.effect(), Effect::None);
    fake.world().fail_over(3, 4);
    tokio::time::sleep(Duration::from_millis(300)).await;
    sent(&fake);
    assert_eq!(call(&cluster, "INCR foo").await.unwrap(), Value::Int(2));
    assert_eq!(sent(&fake), to(&[(4, "INCR foo")]));
    assert_eq!(cluster.primaries().await.unwrap().len(), 3, "the dead one has left");
}

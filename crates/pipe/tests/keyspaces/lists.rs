//! RP-KEYSPACE, List: what pushes, pops and waits.

use std::num::NonZeroUsize;
use std::time::Duration;

use redfleet_core::redis::Direction::{Left, Right};
use redfleet_pipe::{Lists, Pipes};
use tokio::time::Instant;

fn two() -> NonZeroUsize {
    NonZeroUsize::new(2).unwrap()
}

pub(crate) async fn values_are_pushed_popped_and_moved(pipes: &Pipes) {
    const L: Lists<String, i64> = Lists::new("{list.push}");
    let (one, four, six, all, absent, nothing) = pipes
        .run(|p| {
            let one = L.lpush(p, "1", 1);
            let four = L.lpush_all(p, "1", [2, 3, 4]);
            let six = L.rpush_all(p, "1", [5, 6]);
            let absent = L.rpush_existing(p, "9", 1);
            (one, four, six, L.range(p, "1", 0, -1), absent, L.rpush_all(p, "1", Vec::<i64>::new()))
        })
        .await
        .unwrap();
    assert_eq!((one, four, six, absent, nothing), (1, 4, 6, 0, 6));
    assert_eq!(all, [4, 3, 2, 1, 5, 6]);

    let (first, last, firsts, lasts, moved, len, nobody) = pipes
        .run(|p| {
            let first = L.lpop(p, "1");
            let last = L.rpop(p, "1");
            let firsts = L.lpop_many(p, "1", two());
            let moved = L.rpoplpush(p, "1", "2");
            let lasts = L.rpop_many(p, "1", two());
            (first, last, firsts, lasts, moved, L.len(p, "2"), L.lpop(p, "1"))
        })
        .await
        .unwrap();
    assert_eq!((first, last, firsts, lasts), (Some(4), Some(6), vec![3, 2], vec![1]));
    assert_eq!((moved, len, nobody), (Some(5), 1, None));

    let (moved, any, rest, none) = pipes
        .run(|p| {
            L.rpush_all(p, "3", [7, 8, 9]);
            let moved = L.move_to(p, ("3", Left), ("2", Right));
            let any = L.pop_any(p, ["none", "2", "3"], Left, two());
            (moved, any, L.rpop_many(p, "none", two()), L.pop_any(p, ["none"], Left, two()))
        })
        .await
        .unwrap();
    assert_eq!((moved, any), (Some(7), Some(("2".to_owned(), vec![5, 7]))));
    assert!(rest.is_empty() && none.is_none());
}

pub(crate) async fn what_is_inside_is_looked_at_and_changed(pipes: &Pipes) {
    const L: Lists<String, String> = Lists::new("list.inside");
    let (value, last, none, (), beyond, pushed) = pipes
        .run(|p| {
            L.rpush_all(p, "1", ["a", "b", "c", "b"]);
            let value = L.index(p, "1", 0);
            let last = L.index(p, "1", -1);
            let none = L.index(p, "1", 9);
            let beyond = L.set(p, "1", 9, "z").result();
            (value, last, none, L.set(p, "1", 0, "A"), beyond, L.lpush_existing(p, "1", "0"))
        })
        .await
        .unwrap();
    assert_eq!((value.as_deref(), last.as_deref(), none, pushed), (Some("a"), Some("b"), None, 5));
    assert_eq!(beyond.unwrap_err().code(), Some("ERR"));

    let (at, all, nowhere, before, after, absent, removed, rest) = pipes
        .run(|p| {
            let at = L.position(p, "1", "b");
            let all = L.positions(p, "1", "b", 0);
            let nowhere = L.position(p, "1", "z");
            let before = L.insert_before(p, "1", "c", "<");
            let after = L.insert_after(p, "1", "c", ">");
            let absent = L.insert_after(p, "1", "z", ">");
            let removed = L.remove(p, "1", 1, "b");
            L.trim(p, "1", 1, -1);
            (at, all, nowhere, before, after, absent, removed, L.range(p, "1", 0, -1))
        })
        .await
        .unwrap();
    assert_eq!((at, all, nowhere), (Some(2), vec![2, 4], None));
    assert_eq!((before, after, absent, removed), (Some(6), Some(7), None, 1));
    assert_eq!(rest.concat(), "A<c>b");
}

pub(crate) async fn whoever_waits_is_given_what_comes_and_its_id(pipes: &Pipes) {
    const L: Lists<String, u64> = Lists::new("{list.wait}");
    let mut waiting = L.waiting(pipes, "1").await.unwrap();
    let soon = Some(Duration::from_secs(20));
    let push = async { pipes.run(|p| L.rpush_all(p, "2", [1, 2, 3])).await };
    let (first, pushed) = tokio::join!(waiting.lpop(["1", "2"], soon), push);
    assert_eq!((first.unwrap(), pushed.unwrap()), (Some(("2".to_owned(), 1)), 3), "the id, not the key");
    assert_eq!(waiting.rpop(["1", "2"], soon).await.unwrap(), Some(("2".to_owned(), 3)));
    assert_eq!(waiting.move_to(("2", Right), ("1", Left), soon).await.unwrap(), Some(2));

    let (second, began) = (Some(Duration::from_secs(1)), Instant::now());
    assert_eq!(waiting.lpop(["none"], second).await.unwrap(), None);
    assert_eq!(waiting.rpop(["none"], second).await.unwrap(), None);
    assert_eq!(waiting.move_to(("none", Right), ("1", Left), second).await.unwrap(), None);
    let waited = began.elapsed();
    assert!(waited > Duration::from_millis(2_900) && waited < Duration::from_secs(60), "{waited:?}");
    // No time at all is hardly any, and not for ever.
    assert_eq!(waiting.lpop(["none"], Some(Duration::ZERO)).await.unwrap(), None);
}

pub(crate) async fn whoever_stops_waiting_takes_nothing_away(pipes: &Pipes) {
    const L: Lists<String, u64> = Lists::new("{list.leave}");
    let mut waiting = L.waiting(pipes, "1").await.unwrap();
    let hasty = tokio::time::timeout(Duration::from_millis(50), waiting.lpop(["1"], None)).await;
    assert!(hasty.is_err());
    let again = waiting.lpop(["1"], Some(Duration::from_secs(1))).await.unwrap_err();
    assert!(again.to_string().starts_with("BLPOP on `default`: "), "{again}");
    // The server lets go of it as soon as it sees that the connection is gone.
    let began = Instant::now();
    loop {
        let left = pipes.run(|p| (L.rpush(p, "1", 7), L.lpop(p, "1"))).await.unwrap().1;
        if left == Some(7) {
            break;
        }
        assert!(began.elapsed() < Duration::from_secs(60), "somebody who is gone takes what comes");
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
}

pub(crate) async fn all(pipes: &Pipes) {
    values_are_pushed_popped_and_moved(pipes).await;
    what_is_inside_is_looked_at_and_changed(pipes).await;
    whoever_waits_is_given_what_comes_and_its_id(pipes).await;
    whoever_stops_waiting_takes_nothing_away(pipes).await;
}

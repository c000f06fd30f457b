//! RP-KEYSPACE, Set and `HyperLogLog`.

use std::collections::BTreeSet;

use futures::TryStreamExt;
use redfleet_pipe::{HyperLogLogs, Pipes, Sets};

fn words<const N: usize>(words: [&str; N]) -> BTreeSet<String> {
    words.into_iter().map(str::to_owned).collect()
}

pub(crate) async fn members_are_added_asked_for_and_taken_out(pipes: &Pipes) {
    const S: Sets<String, String> = Sets::new("set.members");
    let (one, again, two, len, is, each, all) = pipes
        .run(|p| {
            let one = S.add(p, "1", "a");
            let again = S.add(p, "1", "a");
            let two = S.add_all(p, "1", vec!["b".to_owned(), "c".to_owned(), "a".to_owned()]);
            let is = S.contains(p, "1", "b");
            let each = S.contains_each(p, "1", ["a", "z"]);
            (one, again, two, S.len(p, "1"), is, each, S.members(p, "1"))
        })
        .await
        .unwrap();
    assert_eq!((one, again, two, len, is, each), (true, false, 2, 3, true, vec![true, false]));
    assert_eq!(all, words(["a", "b", "c"]));

    let (random, some, repeated, removed, nobody, several) = pipes
        .run(|p| {
            let random = S.random(p, "1");
            let some = S.random_many(p, "1", 2);
            let repeated = S.random_many(p, "1", -7);
            let removed = S.remove(p, "1", "a");
            (random, some, repeated, removed, S.remove(p, "1", "a"), S.remove_all(p, "1", ["b", "z"]))
        })
        .await
        .unwrap();
    assert!(all.contains(&random.unwrap()) && some.iter().all(|one| all.contains(one)));
    assert_eq!((some.len(), repeated.len(), removed, nobody, several), (2, 7, true, false, 1));

    let (last, none, no_members, no_random, rest) = pipes
        .run(|p| {
            let last = S.pop(p, "1");
            (last, S.pop(p, "1"), S.members(p, "1"), S.random(p, "1"), S.pop_many(p, "1", 5))
        })
        .await
        .unwrap();
    assert_eq!((last.as_deref(), none, no_random), (Some("c"), None, None));
    assert!(no_members.is_empty() && rest.is_empty());
    let popped = pipes.run(|p| (S.add_all(p, "2", ["x", "y"]), S.pop_many(p, "2", 5))).await.unwrap();
    assert_eq!(popped, (2, words(["x", "y"])));
}

pub(crate) async fn sets_are_added_up_and_taken_from_each_other(pipes: &Pipes) {
    const S: Sets<String, String> = Sets::new("{set.algebra}");
    let (difference, both, any, common) = pipes
        .run(|p| {
            S.add_all(p, "1", ["a", "b", "c"]);
            S.add_all(p, "2", ["b", "c", "d"]);
            let difference = S.difference(p, ["1", "2"]);
            let both = S.intersection(p, ["1", "2"]);
            (difference, both, S.union(p, ["1", "2"]), S.intersection_len(p, ["1", "2"]))
        })
        .await
        .unwrap();
    assert_eq!((difference, both, common), (words(["a"]), words(["b", "c"]), 2));
    assert_eq!(any, words(["a", "b", "c", "d"]));

    let (one, two, four, stored, moved, not_moved) = pipes
        .run(|p| {
            let one = S.difference_into(p, "3", ["1", "2"]);
            let two = S.intersection_into(p, "4", ["1", "2"]);
            let four = S.union_into(p, "5", ["1", "2"]);
            let moved = S.move_to(p, "3", "4", "a");
            let not_moved = S.move_to(p, "3", "4", "a");
            (one, two, four, S.members(p, "4"), moved, not_moved)
        })
        .await
        .unwrap();
    assert_eq!((one, two, four, moved, not_moved), (1, 2, 4, true, false));
    assert_eq!(stored, words(["a", "b", "c"]));
}

pub(crate) async fn a_set_is_scanned_a_page_at_a_time(pipes: &Pipes) {
    const S: Sets<String, u64> = Sets::new("set.scan");
    let expected: BTreeSet<u64> = (0..1_000).collect();
    pipes.run(|p| S.add_all(p, "1", expected.iter())).await.unwrap();
    let seen: BTreeSet<u64> = S.scan("1").count(100).stream(pipes).try_collect().await.unwrap();
    assert_eq!(seen, expected);
    let sevens: BTreeSet<u64> = S.scan("1").matching("7*").stream(pipes).try_collect().await.unwrap();
    assert_eq!(sevens, (7..8).chain(70..80).chain(700..800).collect());
    // A page is one command, which a pipe can hold.
    let scan = S.scan("1").count(100);
    let (mut cursor, mut seen, mut pages) = (0, BTreeSet::new(), 0);
    loop {
        let page = pipes.run(|p| scan.page(p, cursor)).await.unwrap();
        seen.extend(page.items);
        pages += 1;
        match page.next {
            Some(next) => cursor = next,
            None => break,
        }
    }
    assert_eq!(seen, expected);
    assert!((5..50).contains(&pages), "{pages} pages");
    let nothing: Vec<u64> = S.scan("none").stream(pipes).try_collect().await.unwrap();
    assert!(nothing.is_empty());
}

pub(crate) async fn different_values_are_counted(pipes: &Pipes) {
    const H: HyperLogLogs<String, String> = HyperLogLogs::new("{hll}");
    let (new, more, old, three) = pipes
        .run(|p| {
            let new = H.add(p, "1", "a");
            let more = H.add_all(p, "1", ["b", "c", "b"]);
            (new, more, H.add(p, "1", "c"), H.count(p, "1"))
        })
        .await
        .unwrap();
    assert_eq!((new, more, old, three), (true, true, false, 3));
    let (together, (), four) = pipes
        .run(|p| {
            H.add_all(p, "2", ["c", "d"]);
            (H.count_union(p, ["1", "2"]), H.merge(p, "3", ["1", "2"]), H.count(p, "3"))
        })
        .await
        .unwrap();
    assert_eq!((together, four), (4, 4));
}

pub(crate) async fn all(pipes: &Pipes) {
    members_are_added_asked_for_and_taken_out(pipes).await;
    sets_are_added_up_and_taken_from_each_other(pipes).await;
    a_set_is_scanned_a_page_at_a_time(pipes).await;
    different_values_are_counted(pipes).await;
}

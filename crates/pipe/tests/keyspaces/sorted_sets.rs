//! RP-KEYSPACE, `SortedSet`.

use std::collections::BTreeMap;
use std::ops::Bound::{Excluded, Included, Unbounded};
use std::time::Duration;

use futures::TryStreamExt;
use redfleet_core::redis::{SortedSetAddOptions, UpdateCheck};
use redfleet_pipe::{Aggregate, Error, Pipes, SortedSets, Span};

type Scored = Vec<(String, f64)>;

fn scored<const N: usize>(pairs: [(&str, f64); N]) -> Scored {
    pairs.map(|(member, score)| (member.to_owned(), score)).into()
}

pub(crate) async fn members_are_added_with_every_option(pipes: &Pipes) {
    const Z: SortedSets<String, String> = SortedSets::new("z.add");
    let (new, old, two, score, incremented) = pipes
        .run(|p| {
            let new = Z.add(p, "1", "a", 1.0);
            let old = Z.add(p, "1", "a", 2.0);
            let two = Z.add_all(p, "1", [("b", 3.0), ("c", 4.5), ("a", 2.0)]);
            (new, old, two, Z.score(p, "1", "c"), Z.increment(p, "1", "a", 3.0))
        })
        .await
        .unwrap();
    assert_eq!((new, old, two, score, incremented), (true, false, 2, Some(4.5), 5.0));

    let new_only = || SortedSetAddOptions::add_only();
    let there_only = || SortedSetAddOptions::update_only(None);
    let (nx, xx, ch, higher, by, none, scores) = pipes
        .run(|p| {
            let nx = Z.add_with(p, "1", [("a", 9.0)], new_only());
            let xx = Z.add_with(p, "1", [("z", 9.0)], there_only());
            let ch = Z.add_with(p, "1", [("a", 6.0), ("b", 3.0)], there_only().include_changed_count());
            let greater = SortedSetAddOptions::add_or_update(Some(UpdateCheck::GT));
            let higher = Z.add_with(p, "1", [("a", 1.0)], greater.include_changed_count());
            let by = Z.increment_if(p, "1", "a", 5.0, there_only());
            let none = Z.increment_if(p, "1", "a", 5.0, new_only());
            (nx, xx, ch, higher, by, none, Z.scores(p, "1", ["a", "z", "b"]))
        })
        .await
        .unwrap();
    assert_eq!((nx, xx, ch, higher, by, none), (0, 0, 1, 0, Some(11.0), None));
    assert_eq!(scores, [Some(11.0), None, Some(3.0)]);
    let infinite = pipes.run(|p| (Z.add(p, "2", "x", f64::INFINITY), Z.score(p, "2", "x"))).await.unwrap();
    assert_eq!(infinite, (true, Some(f64::INFINITY)));
    let nan = pipes.run(|p| Z.add(p, "2", "x", f64::NAN)).await.unwrap_err();
    assert!(matches!(nan, Error::Invalid(_)), "{nan}");
}

pub(crate) async fn members_are_ranked_counted_and_removed(pipes: &Pipes) {
    const Z: SortedSets<String, String> = SortedSets::new("z.rank");
    let (rank, reverse, none, len, removed, gone, several) = pipes
        .run(|p| {
            Z.add_all(p, "1", [("a", 1.0), ("b", 2.0), ("c", 3.0), ("d", 4.0)]);
            let rank = Z.rank(p, "1", "b");
            let reverse = Z.reverse_rank(p, "1", "b");
            let none = Z.rank(p, "1", "z");
            let len = Z.len(p, "1");
            let removed = Z.remove(p, "1", "d");
            (rank, reverse, none, len, removed, Z.remove(p, "1", "d"), Z.remove_all(p, "1", ["c", "z"]))
        })
        .await
        .unwrap();
    assert_eq!((rank, reverse, none, len), (Some(1), Some(2), None, 4));
    assert_eq!((removed, gone, several), (true, false, 1));

    let (min, max, none, mins, maxs, random) = pipes
        .run(|p| {
            Z.add_all(p, "2", [("a", 1.0), ("b", 2.0), ("c", 3.0), ("d", 4.0), ("e", 5.5)]);
            let min = Z.pop_min(p, "2");
            let max = Z.pop_max(p, "2");
            let random = Z.random_many(p, "2", 2);
            let mins = Z.pop_min_many(p, "2", 2);
            (min, max, Z.pop_min(p, "9"), mins, Z.pop_max_many(p, "2", 2), random)
        })
        .await
        .unwrap();
    assert_eq!((min, max, none), (Some(("a".into(), 1.0)), Some(("e".into(), 5.5)), None));
    assert_eq!((mins, maxs, random.len()), (scored([("b", 2.0), ("c", 3.0)]), scored([("d", 4.0)]), 2));
}

pub(crate) async fn spans_are_by_rank_by_score_and_by_member(pipes: &Pipes) {
    const Z: SortedSets<String, String> = SortedSets::new("{z.span}");
    let abcd = [("a", 1.0), ("b", 2.0), ("c", 3.0), ("d", 4.0)];
    let (all, with, last, by, open, limited) = pipes
        .run(|p| {
            Z.add_all(p, "1", abcd);
            let all = Z.range(p, "1", 0, -1);
            let with = Z.range_with_scores(p, "1", 2, 3);
            let last = Z.span_with_scores(p, "1", Span::ranks(0, 1).reversed());
            let by = Z.span(p, "1", Span::scores(2.0..=3.0));
            let open = Z.span(p, "1", Span::scores((Excluded(1.0), Unbounded)));
            (all, with, last, by, open, Z.span_with_scores(p, "1", Span::scores(..).reversed().limit(1, 2)))
        })
        .await
        .unwrap();
    assert_eq!((all.concat(), by.concat(), open.concat()), ("abcd".into(), "bc".into(), "bcd".into()));
    assert_eq!(with, scored([("c", 3.0), ("d", 4.0)]));
    assert_eq!((last, limited), (scored([("d", 4.0), ("c", 3.0)]), scored([("c", 3.0), ("b", 2.0)])));

    let (counted, lex, back, lexed, stored, moved) = pipes
        .run(|p| {
            Z.add_all(p, "2", [("a", 0.0), ("b", 0.0), ("c", 0.0), ("d", 0.0), ("e", 0.0)]);
            let counted = Z.count(p, "1", Span::scores(1.5..4.0));
            let lex = Z.span(p, "2", Span::members("b".."d"));
            let back =
                Z.span(p, "2", Span::members::<&str>((Excluded("b"), Included("e"))).reversed().limit(0, 2));
            let lexed = Z.count(p, "2", Span::members::<&str>(..));
            let stored = Z.span_into(p, "3", "1", Span::scores(3.0..));
            (counted, lex, back, lexed, stored, Z.range(p, "3", 0, -1))
        })
        .await
        .unwrap();
    assert_eq!((counted, lex.concat(), back.concat(), lexed), (2, "bc".into(), "ed".into(), 5));
    assert_eq!((stored, moved.concat()), (2, "cd".into()));

    let (by_rank, by_score, by_member, rest, others) = pipes
        .run(|p| {
            let by_rank = Z.remove_span(p, "1", Span::ranks(0, 0));
            let by_score = Z.remove_span(p, "1", Span::scores((Excluded(2.0), Included(3.0))));
            let by_member = Z.remove_span(p, "2", Span::members("b"..="c"));
            (by_rank, by_score, by_member, Z.range(p, "1", 0, -1), Z.range(p, "2", 0, -1))
        })
        .await
        .unwrap();
    assert_eq!((by_rank, by_score, by_member), (1, 1, 2));
    assert_eq!((rest.concat(), others.concat()), ("bd".into(), "ade".into()));
}

pub(crate) async fn a_span_that_would_mean_something_else_is_refused(pipes: &Pipes) {
    const Z: SortedSets<String, String> = SortedSets::new("z.refused");
    for span in [Span::ranks(0, 1).reversed(), Span::scores(..).limit(0, 1)] {
        let refused = pipes.run(|p| Z.remove_span(p, "1", span)).await.unwrap_err();
        assert_eq!(refused.to_string(), "z.refused: not a whole span: it is limited or reversed");
    }
    let ranks = pipes.run(|p| Z.count(p, "1", Span::ranks(0, 1))).await.unwrap_err();
    assert!(matches!(ranks, Error::Invalid(_)), "{ranks}");
    let nan = pipes.run(|p| Z.span(p, "1", Span::scores(f64::NAN..))).await.unwrap_err();
    assert_eq!(nan.to_string(), "z.refused: not a float");
}

pub(crate) async fn sorted_sets_are_added_up_and_taken_from_each_other(pipes: &Pipes) {
    const Z: SortedSets<String, String> = SortedSets::new("{z.algebra}");
    let (union, both, difference, sums, least, most) = pipes
        .run(|p| {
            Z.add_all(p, "1", [("a", 1.0), ("b", 2.0)]);
            Z.add_all(p, "2", [("b", 3.0), ("c", 4.0)]);
            let union = Z.union(p, ["1", "2"], Aggregate::Sum);
            let both = Z.intersection(p, ["1", "2"], Aggregate::Max);
            let difference = Z.difference(p, ["1", "2"]);
            let sums = Z.union_into(p, "3", ["1", "2"], Aggregate::Min);
            let least = Z.intersection_into(p, "4", ["1", "2"], Aggregate::Sum);
            (union, both, difference, sums, least, Z.difference_into(p, "5", ["1", "2"]))
        })
        .await
        .unwrap();
    assert_eq!(union, scored([("a", 1.0), ("c", 4.0), ("b", 5.0)]));
    assert_eq!((both, difference), (scored([("b", 3.0)]), scored([("a", 1.0)])));
    assert_eq!((sums, least, most), (3, 1, 1));
    let (third, weighted, sixth, crossed, seventh) = pipes
        .run(|p| {
            let third = Z.range_with_scores(p, "3", 0, -1);
            let weighted = Z.weighted_union_into(p, "6", [("1", 10.0), ("2", 0.5)], Aggregate::Sum);
            let sixth = Z.range_with_scores(p, "6", 0, -1);
            let crossed = Z.weighted_intersection_into(p, "7", [("1", 10.0), ("2", 1.0)], Aggregate::Max);
            (third, weighted, sixth, crossed, Z.range_with_scores(p, "7", 0, -1))
        })
        .await
        .unwrap();
    assert_eq!(third, scored([("a", 1.0), ("b", 2.0), ("c", 4.0)]));
    assert_eq!((weighted, sixth), (3, scored([("c", 2.0), ("a", 10.0), ("b", 21.5)])));
    assert_eq!((crossed, seventh), (1, scored([("b", 20.0)])));
}

pub(crate) async fn a_sorted_set_is_scanned_with_its_scores(pipes: &Pipes) {
    const Z: SortedSets<u64, u32> = SortedSets::new("z.scan");
    let expected: BTreeMap<u32, f64> = (0..500).map(|member| (member, f64::from(member) / 4.0)).collect();
    pipes.run(|p| Z.add_all(p, 1, expected.iter().map(|(member, score)| (*member, *score)))).await.unwrap();
    let seen: BTreeMap<u32, f64> = Z.scan(1).count(50).stream(pipes).try_collect().await.unwrap();
    assert_eq!(seen, expected);
    let some: BTreeMap<u32, f64> = Z.scan(1).matching("49?").stream(pipes).try_collect().await.unwrap();
    assert_eq!(some.len(), 10);
}

pub(crate) async fn whoever_waits_is_given_the_lowest_or_the_highest(pipes: &Pipes) {
    const Z: SortedSets<String, String> = SortedSets::new("{z.wait}");
    let mut waiting = Z.waiting(pipes, "1").await.unwrap();
    let soon = Some(Duration::from_secs(20));
    let add = async { pipes.run(|p| Z.add_all(p, "2", [("a", 1.0), ("b", 2.5)])).await };
    let (first, added) = tokio::join!(waiting.pop_min(["1", "2"], soon), add);
    assert_eq!((first.unwrap(), added.unwrap()), (Some(("2".into(), "a".into(), 1.0)), 2));
    assert_eq!(waiting.pop_max(["2"], soon).await.unwrap(), Some(("2".into(), "b".into(), 2.5)));
    let briefly = Some(Duration::from_millis(10));
    assert_eq!(waiting.pop_max(["2"], briefly).await.unwrap(), None);
}

pub(crate) async fn all(pipes: &Pipes) {
    members_are_added_with_every_option(pipes).await;
    members_are_ranked_counted_and_removed(pipes).await;
    spans_are_by_rank_by_score_and_by_member(pipes).await;
    a_span_that_would_mean_something_else_is_refused(pipes).await;
    sorted_sets_are_added_up_and_taken_from_each_other(pipes).await;
    a_sorted_set_is_scanned_with_its_scores(pipes).await;
    whoever_waits_is_given_the_lowest_or_the_highest(pipes).await;
}

//! Against a sorted `Vec`.

use std::collections::BTreeMap;

use super::*;

fn key(number: usize) -> Key {
    Key::from(number.to_string().into_bytes())
}

/// The members of `model` in the order of Redis.
fn sorted(model: &BTreeMap<Key, f64>) -> Vec<(&Key, f64)> {
    let mut members: Vec<_> = model.iter().map(|(member, score)| (member, *score)).collect();
    // The model is ordered by member, and the sort is stable.
    members.sort_by(|left, right| left.1.partial_cmp(&right.1).unwrap());
    members
}

/// Few scores, so that many are equal; zeros of both signs, and infinities.
fn score(random: &mut fastrand::Rng) -> f64 {
    match random.u8(..10) {
        0 => 0.0,
        1 => -0.0,
        2 => f64::INFINITY,
        3 => f64::NEG_INFINITY,
        _ => f64::from(random.i8(..)) / 4.0,
    }
}

fn assert_same(set: &SortedSet, model: &BTreeMap<Key, f64>, random: &mut fastrand::Rng) {
    let members = sorted(model);
    assert!(set.iter().eq(members.iter().copied()) && set.iter().rev().eq(members.iter().rev().copied()));
    for (rank, (member, score)) in members.iter().enumerate() {
        assert_eq!((set.rank(member), set.score(member)), (Some(rank), Some(*score)));
        assert_eq!(set.nth(rank), Some((*member, *score)));
    }
    let (start, bound, other) = (random.usize(..=members.len()), score(random), score(random));
    assert!(set.by_rank(start..start + 9).eq(members.iter().skip(start).take(9).copied()));
    let count = |test: &dyn Fn(f64) -> bool| members.iter().filter(|(_, score)| test(*score)).count();
    assert_eq!(set.rank_of_score(Bound::Included(bound)), count(&|score| score < bound));
    assert_eq!(set.rank_of_score(Bound::Excluded(bound)), count(&|score| score <= bound));
    let between = set.ranks_by_score(Bound::Excluded(bound), Bound::Included(other));
    assert_eq!(between.len(), count(&|score| score > bound && score <= other));
    assert!(set.by_rank(between).all(|(_, score)| score > bound && score <= other));
    let between = set.ranks_by_score(Bound::Included(bound), Bound::Excluded(other));
    assert_eq!(between.len(), count(&|score| score >= bound && score < other));
    assert_eq!(set.ranks_by_score(Bound::Unbounded, Bound::Unbounded), 0..members.len());
}

#[test]
fn answers_as_a_sorted_vec_does() {
    for seed in 0..10 {
        println!("seed {seed}");
        let mut random = fastrand::Rng::with_seed(seed);
        let (mut set, mut model, mut clones) = (SortedSet::new(), BTreeMap::<Key, f64>::new(), Vec::new());
        for step in 0..4_000 {
            let (member, score) = (key(random.usize(..600)), score(&mut random));
            if random.u8(..3) == 0 {
                assert_eq!(set.remove(&member), model.remove(&member));
            } else {
                assert_eq!(set.insert(member.clone(), score), model.insert(member.clone(), score));
            }
            assert_eq!((set.len(), set.is_empty()), (model.len(), model.is_empty()));
            assert_eq!(set.contains(&member), model.contains_key(&member));
            if step % 400 == 0 {
                assert_same(&set, &model, &mut random);
                clones.push((set.clone(), model.clone()));
            }
        }
        clones.iter().for_each(|(clone, then)| assert_same(clone, then, &mut random));
    }
}

#[test]
fn members_of_one_score_are_found_by_their_bytes() {
    for seed in 0..20 {
        println!("seed {seed}");
        let mut random = fastrand::Rng::with_seed(seed);
        let set: SortedSet = (0..random.usize(..1_000)).map(|_| (key(random.usize(..500)), 1.5)).collect();
        let (from, to) = (key(random.usize(..500)), key(random.usize(..500)));
        let count = |test: &dyn Fn(&Key) -> bool| set.iter().filter(|(member, _)| test(member)).count();
        assert_eq!(set.rank_of_lex(Bound::Included(&from)), count(&|member| *member < from));
        assert_eq!(set.rank_of_lex(Bound::Excluded(&from)), count(&|member| *member <= from));
        let between = set.ranks_by_lex(Bound::Included(&from), Bound::Excluded(&to));
        assert_eq!(between.len(), count(&|member| *member >= from && *member < to));
        let between = set.ranks_by_lex(Bound::Excluded(&from), Bound::Included(&to));
        assert_eq!(between.len(), count(&|member| *member > from && *member <= to));
        assert_eq!(set.ranks_by_lex(Bound::Unbounded, Bound::Unbounded), 0..set.len());
    }
}

#[test]
fn zeros_are_equal_and_the_first_keeps_its_sign() {
    let mut set: SortedSet = [(key(1), -0.0), (key(2), 0.0)].into_iter().collect();
    assert_eq!(set.ranks_by_score(Bound::Included(0.0), Bound::Included(-0.0)), 0..2);
    set.insert(key(1), 0.0);
    assert!(set.score(b"1").is_some_and(f64::is_sign_negative));
    assert!(set.nth(0).is_some_and(|(_, score)| score.is_sign_negative()));
}

#[test]
fn a_walk_returns_every_member_with_its_score() {
    let mut set: SortedSet = (0..1_000_u16).map(|number| (key(number.into()), f64::from(number))).collect();
    let (mut cursor, mut seen) = (0, BTreeMap::new());
    loop {
        let (next, found) = set.scan(cursor, 10);
        let found: Vec<_> = found.into_iter().map(|(member, score)| (member.clone(), score)).collect();
        for (member, score) in found {
            assert!(seen.insert(member.clone(), score).is_none());
            set.insert(member, -score);
        }
        if next == 0 {
            break;
        }
        cursor = next;
    }
    assert!((0..1_000_u16).all(|number| seen.get(&key(number.into())) == Some(&f64::from(number))));
}

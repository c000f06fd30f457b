//! Against a `BTreeMap`, and walks through a dict that changes.

use std::collections::{BTreeMap, BTreeSet};

use super::*;

fn key(number: usize) -> Key {
    Key::from(number.to_string().into_bytes())
}

/// Whether `dict` has what `model` has, by key and by walking.
fn assert_same(dict: &Dict<u64>, model: &BTreeMap<Key, u64>) {
    assert_eq!(dict.iter().collect::<BTreeMap<_, _>>(), model.iter().collect());
    assert!(dict.keys().eq(dict.iter().map(|(key, _)| key)));
    assert!(dict.iter().enumerate().all(|(index, pair)| dict.nth(index) == Some(pair)));
    assert!(dict.iter().rev().zip((0..dict.len()).rev()).all(|(pair, index)| dict.nth(index) == Some(pair)));
    assert_eq!(dict.nth(model.len()), None);
}

#[test]
fn answers_as_a_map_does() {
    for seed in 0..20 {
        println!("seed {seed}");
        let mut random = fastrand::Rng::with_seed(seed);
        let (mut dict, mut model, mut clones) = (Dict::new(), BTreeMap::new(), Vec::new());
        for step in 0..5_000 {
            let (key, value) = (key(random.usize(..1_000)), random.u64(..));
            match random.u8(..4) {
                0 => assert_eq!(dict.remove(&key), model.remove_entry(&key)),
                1 => {
                    assert_eq!(dict.get_mut(&key), model.get_mut(&key));
                    dict.get_mut(&key).into_iter().chain(model.get_mut(&key)).for_each(|old| *old = value);
                }
                _ => assert_eq!(dict.insert(key.clone(), value), model.insert(key.clone(), value)),
            }
            assert_eq!((dict.get(&key), dict.contains(&key)), (model.get(&key), model.contains_key(&key)));
            assert_eq!(dict.get_key_value(&key), model.get_key_value(&key));
            assert_eq!((dict.len(), dict.is_empty()), (model.len(), model.is_empty()));
            if step % 1_000 == 0 {
                clones.push((dict.clone(), model.clone()));
            }
        }
        assert_same(&dict, &model);
        clones.iter().for_each(|(clone, then)| assert_same(clone, then));
    }
}

#[test]
fn the_order_depends_on_the_keys_alone() {
    let upwards: Dict<()> = (0..2_000).map(|number| (key(number), ())).collect();
    let mut downwards: Dict<()> = (0..3_000).rev().map(|number| (key(number), ())).collect();
    (2_000..3_000).for_each(|number| assert!(downwards.remove(&key(number)).is_some()));
    assert!(upwards.keys().eq(downwards.keys()));
    assert!(!upwards.keys().is_sorted(), "it looks random");
}

#[test]
fn a_key_that_is_inserted_again_keeps_its_first_bytes() {
    let (first, again) = (key(1), key(1));
    let mut dict: Dict<u8> = [(first.clone(), 1)].into_iter().collect();
    assert_eq!(dict.insert(again, 2), Some(1));
    assert!(Key::ptr_eq(dict.get_key_value(&first).unwrap().0, &first));
}

#[test]
fn what_is_there_during_a_whole_walk_is_returned_once() {
    for seed in 0..50 {
        println!("seed {seed}");
        let mut random = fastrand::Rng::with_seed(seed);
        // Even numbers stay; odd ones come and go.
        let all = random.usize(1..3_000);
        let mut dict: Dict<()> = (0..all).map(|number| (key(number * 2), ())).collect();
        let (mut cursor, mut seen) = (0, Vec::new());
        loop {
            let (next, found) = dict.scan(cursor, random.usize(..100));
            assert!(!found.is_empty() && next < 1 << HASH_BITS);
            seen.extend(found.into_iter().map(|(key, ())| key.clone()));
            if next == 0 {
                break;
            }
            assert!(next > cursor, "a walk ends");
            cursor = next;
            for _ in 0..random.usize(..300) {
                let odd = key(random.usize(..all) * 2 + 1);
                if dict.remove(&odd).is_none() {
                    dict.insert(odd, ());
                }
            }
        }
        let once: BTreeSet<&Key> = seen.iter().collect();
        assert!((0..all).all(|number| once.contains(&key(number * 2))));
        let even = |key: &&Key| key.last().is_some_and(|digit| digit % 2 == 0);
        assert_eq!(seen.iter().filter(even).count(), all);
    }
}

#[test]
fn a_walk_never_cuts_a_group_of_equal_hashes() {
    for count in 0..40 {
        let mut dict = Dict::new();
        for number in 0..600 {
            dict.insert_hashed(u64::try_from(number).unwrap() / 20 + 1, key(number), ());
        }
        let (mut cursor, mut seen) = (0, BTreeSet::new());
        loop {
            let (next, found) = dict.scan(cursor, count);
            assert_eq!(found.len(), count.max(1).next_multiple_of(20).min(600 - seen.len()), "count {count}");
            found.iter().for_each(|(key, ())| assert!(seen.insert(Key::clone(key)), "count {count}"));
            if next == 0 {
                break;
            }
            cursor = next;
        }
        assert_eq!(seen.len(), 600, "count {count}");
    }
}

#[test]
fn keys_whose_hashes_are_equal_are_told_apart() {
    let mut dict = Dict::new();
    for number in 0..500 {
        assert_eq!(dict.insert_hashed(7, key(number), number), None);
    }
    for number in 0..500 {
        assert_eq!(dict.insert_hashed(7, key(number), 0), Some(number));
    }
    assert_eq!(dict.len(), 500);
}

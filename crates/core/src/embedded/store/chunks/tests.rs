//! Against a `Vec`, and what clones and mass removal cost.

use super::*;

/// What the type promises of its chunks, whatever was done to it.
fn assert_tidy<T: Clone>(chunks: &Chunks<T>) {
    assert_eq!(chunks.chunks.iter().map(|items| items.len()).sum::<usize>(), chunks.len());
    assert!(chunks.chunks.iter().all(|items| (1..=FULL).contains(&items.len())));
    assert!(chunks.chunks.windows(2).all(|pair| pair[0].len() + pair[1].len() > SPARSE));
}

/// Writes at random, more inserts than removals where `growing`.
fn write(random: &mut fastrand::Rng, growing: bool, chunks: &mut Chunks<u64>, model: &mut Vec<u64>) {
    let (index, item) = (random.usize(..=model.len()), random.u64(..));
    if random.u8(..10) < if growing { 7 } else { 3 } {
        match random.u8(..4) {
            0 => (chunks.push_front(item), model.insert(0, item)),
            1 => (chunks.push_back(item), model.push(item)),
            _ => (chunks.insert(index, item), model.insert(index, item)),
        };
    } else {
        let removed = match random.u8(..4) {
            0 => (chunks.pop_front(), (!model.is_empty()).then(|| model.remove(0))),
            1 => (chunks.pop_back(), model.pop()),
            _ => (chunks.remove(index), (index < model.len()).then(|| model.remove(index))),
        };
        assert_eq!(removed.0, removed.1);
    }
    if let Some(item) = chunks.get_mut(index / 2) {
        *item += 1;
        model[index / 2] += 1;
    }
}

#[test]
fn answers_as_a_vec_does() {
    for seed in 0..20 {
        println!("seed {seed}");
        let mut random = fastrand::Rng::with_seed(seed);
        let (mut chunks, mut model) = (Chunks::new(), Vec::new());
        for step in 0..6_000 {
            write(&mut random, step % 3_000 < 1_500, &mut chunks, &mut model);
            let index = random.usize(..model.len() + 2);
            assert_eq!(chunks.get(index), model.get(index));
            assert_eq!((chunks.len(), chunks.is_empty()), (model.len(), model.is_empty()));
            if step % 100 == 0 {
                assert_tidy(&chunks);
                assert!(chunks.iter().eq(&model) && chunks.iter().rev().eq(model.iter().rev()));
                let end = random.usize(..=model.len());
                let start = random.usize(..=end);
                assert!(chunks.range(start..end).eq(&model[start..end]));
                assert!(chunks.range(start..end).rev().eq(model[start..end].iter().rev()));
                assert!(chunks.range(start..usize::MAX).eq(&model[start..]));
            }
        }
    }
}

#[test]
fn both_sides_of_an_iterator_meet_once() {
    let chunks: Chunks<usize> = (0..1_000).collect();
    let (mut random, mut iter) = (fastrand::Rng::with_seed(1), chunks.range(100..900));
    let (mut start, mut end) = (100, 900);
    while start < end {
        if random.bool() {
            assert_eq!(iter.next(), Some(&start));
            start += 1;
        } else {
            end -= 1;
            assert_eq!(iter.next_back(), Some(&end));
        }
    }
    assert_eq!((iter.next(), iter.next_back()), (None, None));
    assert_eq!(chunks.range(900..1_100).count(), 100);
    let (late, early) = (900, 100);
    assert_eq!((chunks.range(late..early).next(), chunks.range(late..early).next_back()), (None, None));
}

#[test]
fn an_ordered_sequence_is_searched_by_place() {
    for seed in 0..20 {
        println!("seed {seed}");
        let mut random = fastrand::Rng::with_seed(seed);
        let (mut chunks, mut model): (Chunks<u16>, Vec<u16>) = (Chunks::new(), Vec::new());
        for step in 0..4_000 {
            let item = random.u16(..3_000);
            let (found, expected) = (chunks.find(|at| at.cmp(&item)), model.binary_search(&item));
            let (Ok(place) | Err(place)) = found;
            let (Ok(index) | Err(index)) = expected;
            assert_eq!(found.is_ok(), expected.is_ok());
            assert_eq!((chunks.rank(place), chunks.place(index)), (index, place));
            assert_eq!(
                (chunks.at(place), chunks.partition_point(|at| *at < item)),
                (model.get(index), place)
            );
            assert_eq!(chunks.iter_from(place).next(), model.get(index));
            assert_eq!(chunks.at_mut(place), model.get_mut(index));
            if found.is_err() && (step < 2_000 || random.u8(..4) == 0) {
                chunks.insert_at(place, item);
                model.insert(index, item);
            } else if found.is_ok() && step >= 2_000 {
                assert_eq!(chunks.remove_at(place), Some(model.remove(index)));
            }
        }
        assert_tidy(&chunks);
        assert!(chunks.iter().eq(&model));
    }
}

#[test]
fn a_clone_is_not_changed_by_later_writes() {
    for seed in 0..10 {
        println!("seed {seed}");
        let mut random = fastrand::Rng::with_seed(seed);
        let (mut chunks, mut model, mut clones) = (Chunks::new(), Vec::new(), Vec::new());
        for step in 0..3_000 {
            write(&mut random, step < 2_000, &mut chunks, &mut model);
            if step % 200 == 0 {
                clones.push((chunks.clone(), model.clone()));
            }
        }
        assert!(clones.iter().all(|(clone, then)| clone.iter().eq(then)));
    }
}

#[test]
fn a_write_copies_one_chunk() {
    let chunks: Chunks<usize> = (0..FULL * 10).collect();
    let mut clone = chunks.clone();
    let shared = |clone: &Chunks<usize>| {
        let at_home = |items: &&Arc<Vec<usize>>| chunks.chunks.iter().any(|ours| Arc::ptr_eq(ours, items));
        clone.chunks.iter().filter(at_home).count()
    };
    assert_eq!(shared(&clone), 10);
    *clone.get_mut(FULL * 5).unwrap() = 0;
    assert_eq!(shared(&clone), 9);
    clone.pop_front();
    assert_eq!(shared(&clone), 8);
}

#[test]
fn what_comes_in_order_fills_its_chunks() {
    let forwards: Chunks<usize> = (0..FULL * 50).collect();
    assert_eq!(forwards.chunks.len(), 50);
    let mut backwards = Chunks::new();
    (0..FULL * 50).for_each(|item| backwards.push_front(item));
    assert_eq!(backwards.chunks.len(), 50);
}

#[test]
fn mass_removal_frees_chunks() {
    let all = 100_000;
    for seed in 0..3 {
        println!("seed {seed}");
        let mut random = fastrand::Rng::with_seed(seed);
        let mut chunks: Chunks<usize> = (0..all).collect();
        while chunks.len() > 500 {
            let index = random.usize(..chunks.len());
            chunks.remove(index);
        }
        assert_tidy(&chunks);
        assert!(chunks.chunks.len() <= 2 * 500 / SPARSE + 1, "{} chunks", chunks.chunks.len());
        assert!(chunks.chunks.capacity() < 100, "room for {} chunks", chunks.chunks.capacity());
    }
    let mut every_tenth: Chunks<usize> = (0..all).collect();
    for index in (0..all).rev().filter(|index| index % 10 != 0) {
        every_tenth.remove(index);
    }
    assert!(every_tenth.iter().copied().eq((0..all).step_by(10)));
    assert!(every_tenth.chunks.len() <= 2 * all / 10 / SPARSE + 1);
}

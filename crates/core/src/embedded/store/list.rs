//! Items in the order in which they were put.

use std::ops::Range;

use super::{Chunks, Iter, Key};

/// A list that is short at both ends, and as [`Chunks`] in between. Indices count from the front.
#[derive(Clone, Debug, Default)]
pub(crate) struct List {
    items: Chunks<Key>,
}

impl List {
    pub(crate) fn len(&self) -> usize {
        self.items.len()
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.items.is_empty()
    }

    pub(crate) fn push_front(&mut self, item: Key) {
        self.items.push_front(item);
    }

    pub(crate) fn push_back(&mut self, item: Key) {
        self.items.push_back(item);
    }

    pub(crate) fn pop_front(&mut self) -> Option<Key> {
        self.items.pop_front()
    }

    pub(crate) fn pop_back(&mut self) -> Option<Key> {
        self.items.pop_back()
    }

    pub(crate) fn get(&self, index: usize) -> Option<&Key> {
        self.items.get(index)
    }

    /// The item that was there before; none, and nothing is set, where none was.
    pub(crate) fn set(&mut self, index: usize, item: Key) -> Option<Key> {
        self.items.get_mut(index).map(|old| std::mem::replace(old, item))
    }

    /// Puts `item` before the one at `index`, or last if there is none.
    pub(crate) fn insert(&mut self, index: usize, item: Key) {
        self.items.insert(index, item);
    }

    /// Removes the items at these indices, which are all different and either rise or fall.
    pub(crate) fn remove_each(&mut self, indices: &[usize]) {
        let is_rising = indices.first() < indices.last();
        let mut rising = indices.to_vec();
        if !is_rising {
            rising.reverse();
        }
        if let [index] = *rising {
            self.items.remove(index);
            return;
        }
        let mut gone = rising.into_iter().peekable();
        let kept = self.items.iter().enumerate().filter(|(index, _)| gone.next_if_eq(index).is_none());
        self.items = kept.map(|(_, item)| Key::clone(item)).collect();
    }

    /// Removes all items but those at these indices.
    pub(crate) fn keep(&mut self, indices: Range<usize>) {
        let (front, back) = (indices.start, self.len().saturating_sub(indices.end));
        if front + back > indices.len() {
            self.items = self.items.range(indices).cloned().collect();
            return;
        }
        (0..front).for_each(|_| drop(self.items.pop_front()));
        (0..back).for_each(|_| drop(self.items.pop_back()));
    }

    pub(crate) fn iter(&self) -> Iter<'_, Key> {
        self.items.iter()
    }

    /// The items at these indices, as far as there are any.
    pub(crate) fn range(&self, indices: Range<usize>) -> Iter<'_, Key> {
        self.items.range(indices)
    }

    /// The index of the first item that equals `item`.
    pub(crate) fn position(&self, item: &[u8]) -> Option<usize> {
        self.iter().position(|at| **at == *item)
    }
}

impl FromIterator<Key> for List {
    fn from_iter<I: IntoIterator<Item = Key>>(items: I) -> Self {
        Self { items: items.into_iter().collect() }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::VecDeque;

    use super::*;

    fn key(number: usize) -> Key {
        Key::from(number.to_string().into_bytes())
    }

    #[test]
    fn answers_as_a_deque_does() {
        for seed in 0..20 {
            let mut random = fastrand::Rng::with_seed(seed);
            let (mut list, mut model) = (List::default(), VecDeque::new());
            for step in 0..2_000 {
                let (index, item) = (random.usize(..=model.len()), key(random.usize(..300)));
                match random.u8(..8) {
                    0 => assert_eq!(list.pop_front(), model.pop_front(), "seed {seed}, step {step}"),
                    1 => assert_eq!(list.pop_back(), model.pop_back(), "seed {seed}, step {step}"),
                    2 if index < model.len() => {
                        list.remove_each(&[index]);
                        model.remove(index);
                    }
                    3 => {
                        let old = model.get_mut(index).map(|old| std::mem::replace(old, item.clone()));
                        assert_eq!(list.set(index, item), old, "seed {seed}, step {step}");
                    }
                    4 => {
                        list.push_front(item.clone());
                        model.push_front(item);
                    }
                    5 => {
                        list.insert(index, item.clone());
                        model.insert(index, item);
                    }
                    _ => {
                        list.push_back(item.clone());
                        model.push_back(item);
                    }
                }
                assert_eq!((list.len(), list.is_empty()), (model.len(), model.is_empty()));
                assert_eq!(list.get(index), model.get(index), "seed {seed}, step {step}");
            }
            assert!(list.iter().eq(&model), "seed {seed}");
            assert!(list.range(3..model.len() / 2).eq(model.range(3..model.len() / 2)), "seed {seed}");
        }
    }

    #[test]
    fn what_is_kept_and_what_is_removed_from_the_middle_is_as_in_a_vector() {
        let numbers: Vec<usize> = (0..700).collect();
        for (start, end) in [(0, 700), (1, 699), (300, 310), (0, 1), (699, 700), (350, 350), (128, 500)] {
            let mut list: List = numbers.iter().map(|number| key(*number)).collect();
            list.keep(start..end);
            let kept: Vec<_> = numbers[start..end].iter().map(|number| key(*number)).collect();
            assert!(list.iter().eq(&kept), "{start}..{end}");
        }
        for gone in [vec![0], vec![699], vec![5, 6, 300, 699], vec![400, 3, 0], (0..700).rev().collect()] {
            let mut list: List = numbers.iter().map(|number| key(*number)).collect();
            list.remove_each(&gone);
            let kept: Vec<_> =
                numbers.iter().filter(|number| !gone.contains(number)).map(|number| key(*number)).collect();
            assert!(list.iter().eq(&kept), "{gone:?}");
        }
    }

    #[test]
    fn the_first_of_equal_items_is_found() {
        let list: List = (0..1_000).map(|number| key(number % 300)).collect();
        assert_eq!(list.position(b"299"), Some(299));
        assert_eq!(list.position(b"0"), Some(0));
        assert_eq!(list.position(b"300"), None);
        assert_eq!(List::default().position(b"0"), None);
    }
}

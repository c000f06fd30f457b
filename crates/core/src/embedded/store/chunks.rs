//! A sequence in chunks, which clones share until one of them writes.

mod iter;
#[cfg(test)]
mod tests;

use std::{cmp::Ordering, ops::Range, sync::Arc};

pub(crate) use iter::Iter;

/// The most items in a chunk: few, because a write to a shared chunk copies it; many, because a clone and a search
/// by index take a step a chunk.
const FULL: usize = 128;

/// Neighbours that have at most this many items between them become one. It is half of [`FULL`], so that writes
/// around a border do not merge and split by turns.
const SPARSE: usize = FULL / 2;

/// A sequence that is cheap to clone, to search if it is ordered, and to change anywhere.
///
/// # Cost
///
/// For n items: a clone, and whatever takes or gives an index, n / 128 steps; a search, log n; the rest, one chunk.
/// The first write to a chunk that a clone shares copies that chunk alone, so items should be cheap to clone.
#[derive(Clone, Debug)]
pub(crate) struct Chunks<T> {
    /// None is empty, and any two neighbours have more than [`SPARSE`] items between them.
    chunks: Vec<Arc<Vec<T>>>,
    len: usize,
}

/// Where an item is, or the end. It is good until the next write.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Place {
    chunk: usize,
    /// Below the chunk's length; 0 at the end, whose chunk does not exist.
    offset: usize,
}

impl<T> Default for Chunks<T> {
    fn default() -> Self {
        Self { chunks: Vec::new(), len: 0 }
    }
}

/// By index.
impl<T: Clone> Chunks<T> {
    pub(crate) fn new() -> Self {
        Self::default()
    }

    pub(crate) fn len(&self) -> usize {
        self.len
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.len == 0
    }

    pub(crate) fn get(&self, index: usize) -> Option<&T> {
        self.at(self.place(index))
    }

    pub(crate) fn get_mut(&mut self, index: usize) -> Option<&mut T> {
        self.at_mut(self.place(index))
    }

    /// Puts `item` before the one at `index`, or last if there is none.
    pub(crate) fn insert(&mut self, index: usize, item: T) {
        self.insert_at(self.place(index), item);
    }

    pub(crate) fn push_front(&mut self, item: T) {
        self.insert_at(Place { chunk: 0, offset: 0 }, item);
    }

    pub(crate) fn push_back(&mut self, item: T) {
        self.insert_at(self.end(), item);
    }

    pub(crate) fn remove(&mut self, index: usize) -> Option<T> {
        self.remove_at(self.place(index))
    }

    pub(crate) fn pop_front(&mut self) -> Option<T> {
        self.remove_at(Place { chunk: 0, offset: 0 })
    }

    pub(crate) fn pop_back(&mut self) -> Option<T> {
        let chunk = self.chunks.len().checked_sub(1)?;
        let offset = self.chunks.last()?.len().checked_sub(1)?;
        self.remove_at(Place { chunk, offset })
    }

    pub(crate) fn iter(&self) -> Iter<'_, T> {
        self.iter_from(Place { chunk: 0, offset: 0 })
    }

    /// The items at these indices, as far as there are any.
    pub(crate) fn range(&self, indices: Range<usize>) -> Iter<'_, T> {
        Iter::new(&self.chunks, self.place(indices.start), self.place(indices.end))
    }
}

/// By place, for sequences that are ordered.
impl<T: Clone> Chunks<T> {
    /// Where an item is that `order` calls equal, or else where it would be inserted; `order` says how an item
    /// stands to the one that is looked for.
    pub(crate) fn find(&self, order: impl Fn(&T) -> Ordering) -> Result<Place, Place> {
        let chunk = self.chunks.partition_point(|items| items.last().is_some_and(|last| order(last).is_lt()));
        let place = |offset| Place { chunk, offset };
        let Some(items) = self.chunks.get(chunk) else { return Err(place(0)) };
        items.binary_search_by(order).map(place).map_err(place)
    }

    /// The first item that is not `before`, or the end; all that are come first.
    pub(crate) fn partition_point(&self, before: impl Fn(&T) -> bool) -> Place {
        let order = |item: &T| if before(item) { Ordering::Less } else { Ordering::Greater };
        self.find(order).unwrap_or_else(|place| place)
    }

    pub(crate) fn at(&self, place: Place) -> Option<&T> {
        self.chunks.get(place.chunk)?.get(place.offset)
    }

    pub(crate) fn at_mut(&mut self, place: Place) -> Option<&mut T> {
        Arc::make_mut(self.chunks.get_mut(place.chunk)?).get_mut(place.offset)
    }

    /// Puts `item` before the one at `place`, or last at the end.
    pub(crate) fn insert_at(&mut self, place: Place, item: T) {
        let Place { chunk, offset } = self.make_room(place);
        if let Some(items) = self.chunks.get_mut(chunk) {
            Arc::make_mut(items).insert(offset, item);
            self.len += 1;
        }
    }

    pub(crate) fn remove_at(&mut self, place: Place) -> Option<T> {
        let items = self.chunks.get_mut(place.chunk)?;
        if place.offset >= items.len() {
            return None;
        }
        let item = Arc::make_mut(items).remove(place.offset);
        self.len -= 1;
        self.tidy(place.chunk);
        Some(item)
    }

    /// The index of what is at `place`; of the end, the length.
    pub(crate) fn rank(&self, place: Place) -> usize {
        let count = |chunks: &[Arc<Vec<T>>]| chunks.iter().map(|items| items.len()).sum::<usize>();
        let (before, after) = self.chunks.split_at(place.chunk.min(self.chunks.len()));
        let start = if before.len() <= after.len() { count(before) } else { self.len - count(after) };
        start + place.offset
    }

    /// The opposite of [`Self::rank`]: of an index at or past the length, the end.
    pub(crate) fn place(&self, index: usize) -> Place {
        if index < self.len / 2 {
            let mut offset = index;
            for (chunk, items) in self.chunks.iter().enumerate() {
                if offset < items.len() {
                    return Place { chunk, offset };
                }
                offset -= items.len();
            }
        } else if index < self.len {
            let mut start = self.len;
            for (chunk, items) in self.chunks.iter().enumerate().rev() {
                start -= items.len();
                if start <= index {
                    return Place { chunk, offset: index - start };
                }
            }
        }
        self.end()
    }

    pub(crate) fn iter_from(&self, place: Place) -> Iter<'_, T> {
        Iter::new(&self.chunks, place, self.end())
    }

    /// The items from `start` on, up to what is before `end`.
    pub(crate) fn between(&self, start: Place, end: Place) -> Iter<'_, T> {
        Iter::new(&self.chunks, start, end)
    }

    pub(crate) fn end(&self) -> Place {
        Place { chunk: self.chunks.len(), offset: 0 }
    }
}

/// Keeping chunks neither full nor tiny.
impl<T: Clone> Chunks<T> {
    /// Where to insert what belongs at `place`: in a chunk that is not full.
    ///
    /// At both ends a full chunk gets a new neighbour instead of being split, so that what is pushed in order
    /// fills its chunks.
    fn make_room(&mut self, place: Place) -> Place {
        if let Some(last) = place.chunk.checked_sub(1)
            && place.offset == 0
            && let Some(items) = self.chunks.get(last)
            && items.len() < FULL
        {
            return Place { chunk: last, offset: items.len() };
        }
        match self.chunks.get_mut(place.chunk) {
            Some(items) if items.len() < FULL => place,
            Some(items) if place.chunk > 0 || place.offset > 0 => {
                let right = Arc::make_mut(items).split_off(FULL / 2);
                self.chunks.insert(place.chunk + 1, Arc::new(right));
                match place.offset.checked_sub(FULL / 2) {
                    Some(offset) => Place { chunk: place.chunk + 1, offset },
                    None => place,
                }
            }
            Some(_) | None => {
                self.chunks.insert(place.chunk, Arc::default());
                place
            }
        }
    }

    /// Restores what [`Self::chunks`] promises after an item left `chunk`.
    fn tidy(&mut self, chunk: usize) {
        if self.chunks.get(chunk).is_some_and(|items| items.is_empty()) {
            // Its neighbours have at least SPARSE items each: they were neighbours of a single one.
            self.chunks.remove(chunk);
        } else {
            self.merge_if_sparse(chunk);
            if let Some(left) = chunk.checked_sub(1) {
                self.merge_if_sparse(left);
            }
        }
        if self.chunks.len() < self.chunks.capacity() / 4 {
            self.chunks.shrink_to(self.chunks.len() * 2);
        }
    }

    /// Merges the chunk at `left` and the next.
    fn merge_if_sparse(&mut self, left: usize) {
        let len = |chunk: usize| self.chunks.get(chunk).map(|items| items.len());
        if let (Some(ours), Some(theirs)) = (len(left), len(left + 1))
            && ours + theirs <= SPARSE
        {
            let right = self.chunks.remove(left + 1);
            if let Some(items) = self.chunks.get_mut(left) {
                Arc::make_mut(items).extend(Arc::unwrap_or_clone(right));
            }
        }
    }
}

impl<T: Clone> FromIterator<T> for Chunks<T> {
    fn from_iter<I: IntoIterator<Item = T>>(items: I) -> Self {
        let mut chunks = Self::new();
        items.into_iter().for_each(|item| chunks.push_back(item));
        chunks
    }
}

//! The items between two places, from either side.

use std::sync::Arc;

use super::Place;

/// Items in their order, or from the back.
#[derive(Clone, Debug)]
pub(crate) struct Iter<'a, T> {
    chunks: &'a [Arc<Vec<T>>],
    front: Place,
    back: Place,
}

impl<'a, T> Iter<'a, T> {
    /// From `front` on, up to what is before `back`.
    pub(super) fn new(chunks: &'a [Arc<Vec<T>>], front: Place, back: Place) -> Self {
        Self { chunks, front, back }
    }
}

impl<'a, T> Iterator for Iter<'a, T> {
    type Item = &'a T;

    fn next(&mut self) -> Option<&'a T> {
        if self.front >= self.back {
            return None;
        }
        let items = self.chunks.get(self.front.chunk)?;
        let item = items.get(self.front.offset);
        self.front.offset += 1;
        if self.front.offset >= items.len() {
            self.front = Place { chunk: self.front.chunk + 1, offset: 0 };
        }
        item
    }
}

impl<T> DoubleEndedIterator for Iter<'_, T> {
    fn next_back(&mut self) -> Option<Self::Item> {
        if self.front >= self.back {
            return None;
        }
        if self.back.offset == 0 {
            self.back.chunk = self.back.chunk.checked_sub(1)?;
            self.back.offset = self.chunks.get(self.back.chunk)?.len();
        }
        self.back.offset = self.back.offset.checked_sub(1)?;
        self.chunks.get(self.back.chunk)?.get(self.back.offset)
    }
}

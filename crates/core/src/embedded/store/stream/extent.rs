//! How far a stream reaches, and how far behind it a group is.

use super::group::Group;
use super::id::StreamId;

/// What is known of a stream without looking at its entries.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Extent {
    pub(crate) len: i64,
    /// How many entries it ever had.
    pub(crate) added: i64,
    /// Of the first entry; zero, if there is none.
    pub(crate) first: StreamId,
    /// The last id that was given.
    pub(crate) last: StreamId,
    /// The greatest that XDEL removed.
    pub(crate) max_deleted: StreamId,
}

impl Extent {
    /// Whether there is a hole behind `id`, so that counting on from it would go wrong.
    fn has_hole_from(&self, id: StreamId) -> bool {
        self.len > 0 && self.max_deleted != StreamId::ZERO && id <= self.max_deleted
    }

    /// How many entries there ever were up to `id`, where that can be told.
    fn added_until(&self, id: StreamId) -> Option<i64> {
        if self.added == 0 {
            return Some(0);
        }
        if self.len == 0 && id <= self.last {
            return Some(self.added);
        }
        if id != StreamId::ZERO && id < self.max_deleted {
            return None;
        }
        if id >= self.last {
            return (id == self.last).then_some(self.added);
        }
        let is_whole = self.max_deleted == StreamId::ZERO || self.max_deleted < self.first;
        match id.cmp(&self.first) {
            _ if !is_whole => None,
            std::cmp::Ordering::Less => Some(self.added.wrapping_sub(self.len)),
            std::cmp::Ordering::Equal => Some(self.added.wrapping_sub(self.len).wrapping_add(1)),
            std::cmp::Ordering::Greater => None,
        }
    }

    /// What a group knows of its count when somebody reads the entry `id`, the next that it did not have.
    pub(super) fn read_on(&self, group: &mut Group, id: StreamId) {
        let is_behind_first = group.last < self.first;
        group.read = match group.read {
            Some(read) if !is_behind_first && !self.has_hole_from(group.last) => Some(read.wrapping_add(1)),
            Some(_) | None if self.added != 0 => self.added_until(id),
            read => read,
        };
        group.last = id;
    }

    /// How many entries a group has not read, where that can be told.
    pub(crate) fn lag(&self, group: &Group) -> Option<i64> {
        if self.added == 0 || self.len == 0 {
            return Some(0);
        }
        if group.last < self.first && self.max_deleted < self.first {
            return Some(self.len);
        }
        let read = group.read.filter(|_| !self.has_hole_from(group.last));
        read.or_else(|| self.added_until(group.last)).map(|read| self.added.wrapping_sub(read))
    }
}

//! A stream: entries in the order of their ids, and the groups that read them.

mod extent;
mod group;
mod id;
mod nodes;
#[cfg(test)]
mod tests;

use std::collections::BTreeMap;
use std::sync::Arc;

use super::{Chunks, Iter, Key};
pub(crate) use extent::Extent;
pub(crate) use group::{Group, Pending};
pub(crate) use id::StreamId;
use nodes::Nodes;

/// Entries by id. Clones share what neither of them changes.
///
/// # Cost
///
/// For n entries: one is found by its id in log n steps, and added at the end or removed from the front in one.
#[derive(Clone, Debug, Default)]
pub(crate) struct Stream {
    entries: Chunks<StreamEntry>,
    nodes: Nodes,
    /// The last id that was given, whether that entry exists or not.
    pub(crate) last: StreamId,
    /// The greatest id that XDEL removed.
    pub(crate) max_deleted: StreamId,
    /// How many entries it ever had.
    pub(crate) added: i64,
    groups: BTreeMap<Key, Arc<Group>>,
}

/// What was added at one time.
#[derive(Clone, Debug)]
pub(crate) struct StreamEntry {
    pub(crate) id: StreamId,
    /// Fields and values by turns.
    pub(crate) fields: Arc<[Key]>,
}

/// What a trim leaves.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Keep {
    /// This many entries.
    Newest(usize),
    /// Those from this id on.
    From(StreamId),
}

/// How entries are removed from the front.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Trim {
    pub(crate) keep: Keep,
    /// Whether more may stay, so that only whole nodes are removed.
    pub(crate) is_rough: bool,
    /// The most to be removed at once.
    pub(crate) limit: Option<usize>,
}

/// Entries.
impl Stream {
    pub(crate) fn len(&self) -> usize {
        self.entries.len()
    }

    pub(crate) fn extent(&self) -> Extent {
        Extent {
            len: i64::try_from(self.len()).unwrap_or(i64::MAX),
            added: self.added,
            first: self.first().map_or(StreamId::ZERO, |entry| entry.id),
            last: self.last,
            max_deleted: self.max_deleted,
        }
    }

    pub(crate) fn first(&self) -> Option<&StreamEntry> {
        self.entries.iter().next()
    }

    /// The last entry that exists.
    pub(crate) fn newest(&self) -> Option<&StreamEntry> {
        self.entries.iter().next_back()
    }

    pub(crate) fn get(&self, id: StreamId) -> Option<&StreamEntry> {
        self.entries.at(self.entries.find(|entry| entry.id.cmp(&id)).ok()?)
    }

    /// From `from` to `to`, both included.
    pub(crate) fn range(&self, from: StreamId, to: StreamId) -> Iter<'_, StreamEntry> {
        let start = self.entries.partition_point(|entry| entry.id < from);
        self.entries.between(start, self.entries.partition_point(|entry| entry.id <= to))
    }

    /// All behind `id`.
    pub(crate) fn after(&self, id: StreamId) -> Iter<'_, StreamEntry> {
        self.entries.iter_from(self.entries.partition_point(|entry| entry.id <= id))
    }

    /// Adds an entry, whose id is greater than the last.
    pub(crate) fn add(&mut self, id: StreamId, fields: Arc<[Key]>) {
        let entry = StreamEntry { id, fields };
        self.nodes.add(&entry);
        self.entries.push_back(entry);
        self.last = id;
        self.added = self.added.wrapping_add(1);
    }

    /// Removes an entry, unless there is none.
    pub(crate) fn delete(&mut self, id: StreamId) -> bool {
        let Ok(place) = self.entries.find(|entry| entry.id.cmp(&id)) else { return false };
        self.entries.remove_at(place);
        self.nodes.delete(id);
        self.max_deleted = self.max_deleted.max(id);
        true
    }

    /// Removes entries from the front, and returns how many.
    pub(crate) fn trim(&mut self, trim: Trim) -> usize {
        let mut gone = 0;
        while let Some((live, last)) = self.nodes.first().map(|node| (node.live, node.last)) {
            let is_whole = match trim.keep {
                Keep::Newest(kept) if self.len() <= kept => break,
                Keep::Newest(kept) => self.len() - live >= kept,
                Keep::From(id) => last < id,
            };
            if trim.limit.is_some_and(|limit| gone + live > limit) || (!is_whole && trim.is_rough) {
                break;
            }
            if !is_whole {
                let excess = self.excess(trim.keep).min(live);
                (0..excess).for_each(|_| drop(self.entries.pop_front()));
                self.nodes.shorten_first(excess);
                return gone + excess;
            }
            (0..live).for_each(|_| drop(self.entries.pop_front()));
            self.nodes.remove_first();
            gone += live;
        }
        gone
    }

    /// How many entries at the front are not to be kept.
    fn excess(&self, keep: Keep) -> usize {
        match keep {
            Keep::Newest(kept) => self.len().saturating_sub(kept),
            Keep::From(id) => self.entries.rank(self.entries.partition_point(|entry| entry.id < id)),
        }
    }

    /// How many nodes Redis would hold it in, and how many the tree would have that leads to them.
    pub(crate) fn nodes(&self) -> (usize, usize) {
        (self.nodes.len(), self.nodes.tree_len())
    }
}

/// Groups.
impl Stream {
    pub(crate) fn group(&self, name: &[u8]) -> Option<&Group> {
        self.groups.get(name).map(|group| &**group)
    }

    pub(crate) fn group_mut(&mut self, name: &[u8]) -> Option<&mut Group> {
        self.groups.get_mut(name).map(Arc::make_mut)
    }

    /// By name.
    pub(crate) fn groups(&self) -> impl ExactSizeIterator<Item = (&Key, &Group)> {
        self.groups.iter().map(|(name, group)| (name, &**group))
    }

    /// Makes a group, unless there is one of this name. Whether it did.
    pub(crate) fn make_group(&mut self, name: &[u8], group: Group) -> bool {
        let is_new = !self.groups.contains_key(name);
        if is_new {
            self.groups.insert(name.into(), Arc::new(group));
        }
        is_new
    }

    /// Whether there was one.
    pub(crate) fn remove_group(&mut self, name: &[u8]) -> bool {
        self.groups.remove(name).is_some()
    }

    /// Gives a consumer what the group has not read yet, up to `limit` entries. They stay pending, unless it is said
    /// that they are not `kept`.
    pub(crate) fn deliver(
        &mut self,
        group: &[u8],
        consumer: &Key,
        limit: usize,
        is_kept: bool,
        now_ms: i64,
    ) -> Vec<StreamEntry> {
        let extent = self.extent();
        let Some(last) = self.group(group).map(|group| group.last) else { return Vec::new() };
        let entries: Vec<_> = self.after(last).take(limit).cloned().collect();
        let Some(group) = self.group_mut(group) else { return Vec::new() };
        for entry in &entries {
            extent.read_on(group, entry.id);
            if is_kept {
                let (id, consumer) = (entry.id, Key::clone(consumer));
                group.assign(Pending { id, consumer, delivered_at: now_ms, deliveries: 1 });
            }
        }
        if is_kept && !entries.is_empty() {
            group.mark_active(consumer, now_ms);
        }
        entries
    }
}

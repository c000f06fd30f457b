//! The nodes in which Redis would hold a stream's entries: whole ones are what a rough trim removes.

use super::StreamEntry;
use super::id::StreamId;
use crate::embedded::store::{Chunks, Key, packed};

/// The default of `stream-node-max-entries`.
const MAX_ENTRIES: usize = 100;
/// The default of `stream-node-max-bytes`.
const MAX_BYTES: usize = 4096;
/// How many bytes a key in the tree of nodes has.
const ID_BYTES: usize = 16;

/// Neighbouring entries in one packed block.
#[derive(Clone, Debug)]
pub(super) struct Node {
    /// What the ids in it count from.
    first: StreamId,
    /// Of the last entry that came here, if it still exists or not.
    pub(super) last: StreamId,
    /// How many entries of it exist.
    pub(super) live: usize,
    /// How many came here.
    used: usize,
    bytes: usize,
    /// The fields and values of the first; an entry with the same fields need not name them.
    model: std::sync::Arc<[Key]>,
}

/// All nodes in their order.
#[derive(Clone, Debug, Default)]
pub(super) struct Nodes {
    nodes: Chunks<Node>,
}

impl Node {
    fn new(entry: &StreamEntry) -> Self {
        let names = entry.fields.iter().step_by(2);
        let named: usize = names.map(|name| packed::item_bytes(name)).sum();
        // How many entries exist, how many do not, how many fields, the fields, and an end.
        let head = 3 * packed::integer_bytes(0) + packed::integer_bytes(len(entry)) + named;
        let (first, model) = (entry.id, entry.fields.clone());
        Self { first, last: first, live: 0, used: 0, bytes: packed::FRAME_BYTES + head, model }
    }

    fn has_room_for(&self, entry: &StreamEntry) -> bool {
        let payload: usize = entry.fields.iter().map(|item| item.len()).sum();
        self.used < MAX_ENTRIES && self.bytes + payload < MAX_BYTES
    }

    fn add(&mut self, entry: &StreamEntry) {
        let is_like_first = self.model.len() == entry.fields.len()
            && self.model.iter().step_by(2).eq(entry.fields.iter().step_by(2));
        let [ms, seq] = [(entry.id.ms, self.first.ms), (entry.id.seq, self.first.seq)]
            .map(|(own, first)| packed::integer_bytes(own.wrapping_sub(first).cast_signed()));
        let fields = len(entry);
        let (items, parts) = if is_like_first {
            let values = entry.fields.iter().skip(1).step_by(2);
            (values.map(|item| packed::item_bytes(item)).sum(), fields + 3)
        } else {
            let items: usize = entry.fields.iter().map(|item| packed::item_bytes(item)).sum();
            (items + packed::integer_bytes(fields), 2 * fields + 4)
        };
        self.bytes += packed::integer_bytes(0) + ms + seq + items + packed::integer_bytes(parts);
        self.last = entry.id;
        self.live += 1;
        self.used += 1;
    }
}

/// How many fields an entry has.
fn len(entry: &StreamEntry) -> i64 {
    i64::try_from(entry.fields.len() / 2).unwrap_or(i64::MAX)
}

impl Nodes {
    pub(super) fn len(&self) -> usize {
        self.nodes.len()
    }

    /// Adds an entry to the last node, or to a new one.
    pub(super) fn add(&mut self, entry: &StreamEntry) {
        let last = self.nodes.len().checked_sub(1).and_then(|last| self.nodes.get_mut(last));
        if let Some(node) = last.filter(|node| node.has_room_for(entry)) {
            node.add(entry);
            return;
        }
        let mut node = Node::new(entry);
        node.add(entry);
        self.nodes.push_back(node);
    }

    /// The entry with this id does not exist any more.
    pub(super) fn delete(&mut self, id: StreamId) {
        let Some(index) = self.nodes.rank(self.nodes.partition_point(|node| node.first <= id)).checked_sub(1)
        else {
            return;
        };
        let is_empty = self.nodes.get_mut(index).is_some_and(|node| {
            node.live = node.live.saturating_sub(1);
            node.live == 0
        });
        if is_empty {
            self.nodes.remove(index);
        }
    }

    /// How many entries exist.
    #[cfg(test)]
    pub(super) fn live(&self) -> usize {
        self.nodes.iter().map(|node| node.live).sum()
    }

    pub(super) fn first(&self) -> Option<&Node> {
        self.nodes.get(0)
    }

    pub(super) fn remove_first(&mut self) {
        self.nodes.pop_front();
    }

    /// This many entries at the front of the first node do not exist any more.
    pub(super) fn shorten_first(&mut self, gone: usize) {
        if let Some(node) = self.nodes.get_mut(0) {
            node.live = node.live.saturating_sub(gone);
        }
    }

    /// How many nodes a fresh tree would need that leads to these, as XINFO tells.
    pub(super) fn tree_len(&self) -> usize {
        let keys: Vec<_> = self.nodes.iter().map(|node| node.first.bytes()).collect();
        tree_len(&keys, 0)
    }
}

/// What leads to these keys, which are in order and have their first `depth` bytes in common: a node for the bytes that
/// they all go on with, one where they part, and one at each end.
fn tree_len(keys: &[[u8; ID_BYTES]], depth: usize) -> usize {
    let (Some(first), Some(last)) = (keys.first(), keys.last()) else { return 1 };
    if keys.len() == 1 {
        return if depth < ID_BYTES { 2 } else { 1 };
    }
    let common = first.iter().zip(last).take_while(|(first, last)| first == last).count();
    let byte = |key: &[u8; ID_BYTES]| key.get(common).copied();
    let parts = keys.chunk_by(|left, right| byte(left) == byte(right));
    usize::from(common > depth) + 1 + parts.map(|part| tree_len(part, common + 1)).sum::<usize>()
}

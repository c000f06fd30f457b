//! The slot map: which member serves which slot, as far as is known.

use std::sync::Arc;

use super::address::Address;
use super::layout::{Layout, MAX_PRIMARIES};
use super::member::Member;
use super::slots::{SLOTS, Slot};

/// Which member serves which slot. It may be behind the times: the servers' refusals correct it.
#[derive(Debug)]
pub(crate) struct Map {
    /// For each slot an index into `primaries`, or [`NOBODY`].
    owners: Vec<u16>,
    primaries: Vec<Arc<Member>>,
    /// Servers that were named by ASK and serve no slot yet.
    guests: Vec<Arc<Member>>,
    /// Counts the changes, from 1.
    version: u64,
}

const NOBODY: u16 = u16::MAX;

impl Map {
    /// The map as `layout` has it. Members with an address in it are taken from `known`, so that their
    /// connections stay; others are made by `make`, and what is in neither is dropped.
    pub(crate) fn new(
        layout: &Layout,
        known: &[Arc<Member>],
        before: Option<&Self>,
        make: impl Fn(&Address) -> Arc<Member>,
    ) -> Self {
        let mut map = Self {
            owners: vec![NOBODY; usize::from(SLOTS)],
            primaries: Vec::new(),
            guests: Vec::new(),
            version: 0,
        };
        for (first, last, address) in &layout.ranges {
            let from = known.iter().find(|member| member.address == *address);
            let owner = map.enter(address, |address| from.map_or_else(|| make(address), Arc::clone));
            let range = usize::from(first.index())..=usize::from(last.index());
            if let (Some(owner), Some(slots)) = (owner, map.owners.get_mut(range)) {
                slots.fill(owner);
            }
        }
        map.version = match before {
            Some(before) if map.is_like(before) => before.version,
            Some(before) => before.version + 1,
            None => 1,
        };
        map
    }

    pub(crate) fn owner(&self, slot: Slot) -> Option<&Arc<Member>> {
        let owner = *self.owners.get(usize::from(slot.index()))?;
        self.primaries.get(usize::from(owner))
    }

    pub(crate) fn primaries(&self) -> &[Arc<Member>] {
        &self.primaries
    }

    /// The primaries that serve any slot, by the first one they serve.
    pub(crate) fn in_order(&self) -> Vec<Arc<Member>> {
        let mut order: Vec<u16> = Vec::new();
        let mut last = NOBODY;
        for owner in self.owners.iter().copied() {
            // Ranges are long: most slots are served by whoever serves the one before.
            if owner != last && owner != NOBODY && !order.contains(&owner) {
                order.push(owner);
            }
            last = owner;
        }
        order.iter().filter_map(|owner| self.primaries.get(usize::from(*owner)).cloned()).collect()
    }

    /// Every member: the primaries first.
    pub(crate) fn members(&self) -> impl Iterator<Item = &Arc<Member>> {
        self.primaries.iter().chain(&self.guests)
    }

    pub(crate) const fn version(&self) -> u64 {
        self.version
    }

    /// The slot is served by the member at `address`: none if there are too many members to take it in.
    pub(crate) fn moved(
        &mut self,
        slot: Slot,
        address: &Address,
        make: impl FnOnce(&Address) -> Arc<Member>,
    ) -> Option<Arc<Member>> {
        let guest = self.guests.iter().position(|member| member.address == *address);
        let guest = guest.map(|guest| self.guests.swap_remove(guest));
        let owner = self.enter(address, |address| guest.unwrap_or_else(|| make(address)))?;
        let entry = self.owners.get_mut(usize::from(slot.index()))?;
        if *entry != owner {
            *entry = owner;
            self.version += 1;
        }
        self.primaries.get(usize::from(owner)).cloned()
    }

    /// The member at `address`, which may serve no slot yet: none if there are too many to take it in.
    pub(crate) fn member(
        &mut self,
        address: &Address,
        make: impl FnOnce(&Address) -> Arc<Member>,
    ) -> Option<Arc<Member>> {
        if let Some(member) = self.members().find(|member| member.address == *address) {
            return Some(Arc::clone(member));
        }
        if self.guests.len() >= MAX_PRIMARIES {
            return None;
        }
        let member = make(address);
        self.guests.push(Arc::clone(&member));
        Some(member)
    }

    /// The index of the primary at `address`.
    fn enter(&mut self, address: &Address, make: impl FnOnce(&Address) -> Arc<Member>) -> Option<u16> {
        let index = match self.primaries.iter().position(|member| member.address == *address) {
            Some(index) => index,
            None if self.primaries.len() >= MAX_PRIMARIES => return None,
            None => {
                self.primaries.push(make(address));
                self.primaries.len() - 1
            }
        };
        u16::try_from(index).ok()
    }

    fn is_like(&self, other: &Self) -> bool {
        let address =
            |map: &Self, owner: u16| map.primaries.get(usize::from(owner)).map(|m| m.address.clone());
        let mut last = None;
        self.owners.iter().zip(&other.owners).all(|(ours, theirs)| {
            // Ranges are long: most pairs were compared just before.
            let pair = (*ours, *theirs);
            last == Some(pair) || {
                last = Some(pair);
                address(self, *ours) == address(other, *theirs)
            }
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::test_util::Scripted;

    fn at(port: u16) -> Address {
        Address::new("n", port)
    }

    fn make(address: &Address) -> Arc<Member> {
        Arc::new(Member::new(address.clone(), Scripted::new().shared()))
    }

    fn layout(ranges: &[(u16, u16, u16)]) -> Layout {
        let slot = |index| Slot::new(index).unwrap();
        Layout { ranges: ranges.iter().map(|(a, b, port)| (slot(*a), slot(*b), at(*port))).collect() }
    }

    fn owner(map: &Map, slot: u16) -> Option<u16> {
        map.owner(Slot::new(slot).unwrap()).map(|member| member.address.port())
    }

    #[test]
    fn slots_belong_to_the_primary_of_their_range() {
        let map = Map::new(&layout(&[(0, 99, 1), (100, 16_382, 2)]), &[], None, make);
        assert_eq!(
            [0, 99, 100, 16_382, 16_383].map(|slot| owner(&map, slot)),
            [Some(1), Some(1), Some(2), Some(2), None]
        );
    }

    #[test]
    fn a_move_changes_one_slot_and_may_bring_a_new_primary() {
        let mut map = Map::new(&layout(&[(0, 16_383, 1)]), &[], None, make);
        let guest = map.member(&at(2), make).unwrap();
        assert_eq!((map.primaries().len(), map.members().count()), (1, 2));
        let moved = map.moved(Slot::new(7).unwrap(), &at(2), make).unwrap();
        assert!(Arc::ptr_eq(&guest, &moved), "the guest's connection stays");
        assert_eq!((map.primaries().len(), map.members().count(), map.version()), (2, 2, 2));
        assert_eq!([6, 7, 8].map(|slot| owner(&map, slot)), [Some(1), Some(2), Some(1)]);
        map.moved(Slot::new(7).unwrap(), &at(2), make).unwrap();
        assert_eq!(map.version(), 2, "no news");
    }

    #[test]
    fn a_new_map_keeps_the_members_that_stay_and_drops_those_that_left() {
        let old = Map::new(&layout(&[(0, 8_000, 1), (8_001, 16_383, 2)]), &[], None, make);
        let known = old.primaries().to_vec();
        let new = Map::new(&layout(&[(0, 8_000, 2), (8_001, 16_383, 3)]), &known, Some(&old), make);
        assert!(Arc::ptr_eq(&known[1], &new.primaries()[0]));
        assert_eq!((new.members().count(), new.version()), (2, 2));
        let same = Map::new(&layout(&[(0, 3, 2), (4, 8_000, 2), (8_001, 16_383, 3)]), &[], Some(&new), make);
        assert_eq!(same.version(), 2);
    }

    #[test]
    fn primaries_have_the_order_of_their_slots_also_after_a_failover() {
        let ports = |map: &Map| map.in_order().iter().map(|member| member.address.port()).collect::<Vec<_>>();
        let mut map = Map::new(
            &layout(&[(500, 999, 1), (0, 499, 2), (1_000, 1_999, 2), (3_000, 9_000, 3)]),
            &[],
            None,
            make,
        );
        assert_eq!(ports(&map), [2, 1, 3]);
        for slot in 500..=999 {
            map.moved(Slot::new(slot).unwrap(), &at(4), make).unwrap();
        }
        assert_eq!(ports(&map), [2, 4, 3], "whoever takes over the slots has the place");
    }

    #[test]
    fn members_are_bounded_whatever_the_servers_name() {
        let mut map = Map::new(&layout(&[(0, 16_383, 1)]), &[], None, make);
        let entered =
            (2..3_000).filter(|port| map.moved(Slot::new(1).unwrap(), &at(*port), make).is_some()).count();
        let asked = (3_000..6_000).filter(|port| map.member(&at(*port), make).is_some()).count();
        assert_eq!((entered, asked), (MAX_PRIMARIES - 1, MAX_PRIMARIES));
    }
}

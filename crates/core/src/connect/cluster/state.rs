//! What all calls of one cluster share: its seeds, its map, and how members are made.

use std::fmt;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError, RwLock};

use tokio::sync::watch;

use super::MakeNode;
use super::address::Address;
use super::fetch::{Fetches, Outcome};
use super::left::Left;
use super::map::Map;
use super::member::Member;
use super::slots::Slot;
use crate::error::{Effect, Error, LinkError, Result};

pub(crate) struct State {
    pub(super) seeds: Vec<Address>,
    make: MakeNode,
    map: RwLock<Option<Map>>,
    /// Who left the map with something that may be carried out late.
    pub(super) left: Mutex<Left>,
    turn: AtomicUsize,
    /// Something suggests that the map is behind the times, from a place that could not fetch it anew.
    is_doubted: AtomicBool,
    pub(super) fetches: Mutex<Fetches>,
    pub(super) fetched: watch::Sender<Outcome>,
}

impl State {
    pub(crate) fn new(seeds: Vec<Address>, make: MakeNode) -> Self {
        Self {
            seeds,
            make,
            map: RwLock::new(None),
            left: Mutex::default(),
            turn: AtomicUsize::new(0),
            is_doubted: AtomicBool::new(false),
            fetches: Mutex::new(Fetches::default()),
            fetched: watch::Sender::new(Ok(())),
        }
    }

    /// The primary of a slot. Costs a round trip before the first map is there, and where it names nobody.
    pub(crate) async fn primary(self: &Arc<Self>, slot: Slot) -> Result<Arc<Member>> {
        if let Some(member) = self.owner(slot) {
            return Ok(member);
        }
        self.fresh().await?;
        self.owner(slot).ok_or_else(|| {
            let reasons = "the map of the cluster has it unassigned".into();
            Error::link(LinkError::NoClusterNode { what: slot.to_string(), reasons }, Effect::None)
        })
    }

    /// The primary of a slot, if the map has one.
    pub(crate) fn owner(self: &Arc<Self>, slot: Slot) -> Option<Arc<Member>> {
        self.look_again_if_doubted();
        self.read(|map| map.owner(slot).cloned()).flatten()
    }

    /// Any primary: each in its turn.
    pub(crate) async fn any(self: &Arc<Self>) -> Result<Arc<Member>> {
        self.look_again_if_doubted();
        let turn = self.turn.fetch_add(1, Ordering::Relaxed);
        let pick = |map: &Map| map.primaries().get(turn % map.primaries().len().max(1)).cloned();
        if let Some(member) = self.read(pick).flatten() {
            return Ok(member);
        }
        self.fresh().await?;
        self.read(pick).flatten().ok_or_else(|| nobody(String::new()))
    }

    /// Every primary, from a map that was fetched for this: one that has joined must not be passed over.
    pub(crate) async fn primaries(self: &Arc<Self>) -> Result<Vec<Arc<Member>>> {
        self.fresh().await?;
        Ok(self.read(|map| map.primaries().to_vec()).unwrap_or_default())
    }

    /// Every primary, in the order of their slots, so that a failover changes no place; from a map that was fetched for
    /// this, if it `is_begin`, and from then on as the map has them.
    pub(crate) async fn primaries_in_order(self: &Arc<Self>, is_begin: bool) -> Result<Vec<Arc<Member>>> {
        self.look_again_if_doubted();
        if is_begin || self.version().is_none() {
            self.fresh().await?;
        }
        Ok(self.read(Map::in_order).unwrap_or_default())
    }

    /// Follows a MOVED.
    pub(crate) fn moved(self: &Arc<Self>, slot: Slot, to: &Address) -> Option<Arc<Member>> {
        self.refresh(Some(to.clone()));
        self.write(|map| map.as_mut()?.moved(slot, to, |address| self.back_or_made(address)))
    }

    /// Follows an ASK.
    pub(crate) fn asked(&self, to: &Address) -> Option<Arc<Member>> {
        self.write(|map| map.as_mut()?.member(to, |address| self.back_or_made(address)))
    }

    /// Sets the map to what was fetched; the members that were asked for it are taken over.
    pub(super) fn install(&self, asked: &[Arc<Member>], layout: &super::layout::Layout) {
        let before = self.write(|map| {
            let mut known: Vec<_> = map.iter().flat_map(Map::members).cloned().collect();
            let mut left = self.left();
            known.extend(left.members().cloned());
            known.extend_from_slice(asked);
            let new = Map::new(layout, &known, map.as_ref(), |address| self.make(address));
            left.change(map.as_ref(), &new);
            map.replace(new)
        });
        // Members that left go here, outside of the lock: dropping one may close a connection.
        drop(before);
    }

    pub(crate) fn doubt(&self) {
        self.is_doubted.store(true, Ordering::Relaxed);
    }

    pub(super) fn is_doubted(&self) -> bool {
        self.is_doubted.load(Ordering::Relaxed)
    }

    pub(super) fn trust(&self) {
        self.is_doubted.store(false, Ordering::Relaxed);
    }

    fn look_again_if_doubted(self: &Arc<Self>) {
        if self.is_doubted() {
            self.trust();
            self.refresh(None);
        }
    }

    /// An error of a member's: what it says of the map.
    pub(crate) fn heed(self: &Arc<Self>, error: &Error) {
        let is_news = match error.code() {
            Some(code) => matches!(code, "CLUSTERDOWN" | "MASTERDOWN" | "READONLY" | "MOVED"),
            None => matches!(error, Error::Link { .. } | Error::Down { .. }),
        };
        if is_news {
            self.refresh(None);
        }
    }

    /// The member that left from this address, or a new one.
    fn back_or_made(&self, address: &Address) -> Arc<Member> {
        let back = self.left().members().find(|member| member.address == *address).cloned();
        back.unwrap_or_else(|| self.make(address))
    }

    pub(crate) fn make(&self, address: &Address) -> Arc<Member> {
        Arc::new(Member::new(address.clone(), (self.make)(address)))
    }

    pub(crate) fn turn(&self) -> usize {
        self.turn.load(Ordering::Relaxed)
    }

    pub(crate) fn members(&self) -> Vec<Arc<Member>> {
        self.read(|map| map.members().cloned().collect()).unwrap_or_default()
    }

    pub(crate) fn version(&self) -> Option<u64> {
        self.read(Map::version)
    }

    pub(crate) fn is_primary(&self, address: &Address) -> bool {
        self.read(|map| map.primaries().iter().any(|member| member.address == *address)).unwrap_or_default()
    }

    fn read<T>(&self, look: impl FnOnce(&Map) -> T) -> Option<T> {
        self.map.read().unwrap_or_else(PoisonError::into_inner).as_ref().map(look)
    }

    fn write<T>(&self, change: impl FnOnce(&mut Option<Map>) -> T) -> T {
        change(&mut self.map.write().unwrap_or_else(PoisonError::into_inner))
    }
}

/// No node of the cluster could be asked; `reasons` is what each said.
pub(crate) fn nobody(reasons: String) -> Error {
    Error::link(LinkError::NoClusterNode { what: "the cluster".into(), reasons }, Effect::None)
}

impl fmt::Debug for State {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let seeds: Vec<_> = self.seeds.iter().map(Address::to_string).collect();
        f.debug_struct("Cluster")
            .field("seeds", &seeds)
            .field("version", &self.version())
            .finish_non_exhaustive()
    }
}

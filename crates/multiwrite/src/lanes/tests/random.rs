//! Random schedules, against the slow queue and a remote that loses replies.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use super::model::{Deed, Item, Slow, Store, compare, entry_of};
use super::words;
use crate::entry::Entry;
use crate::lanes::{Lanes, Pushed, Settled};
use crate::options::RemoteOptions;
use crate::outcome::{DropReason, Outcome};
use crate::receipt::Receipt;

const KEYS: u8 = 6;

struct Trial {
    dice: fastrand::Rng,
    fast: Lanes,
    slow: Slow,
    lanes: u16,
    now: Duration,
    /// Every effect that was queued, as it was before anything was joined or replaced.
    spool: Vec<(u64, u16, Deed)>,
    receipts: BTreeMap<u64, Receipt>,
    local: Store,
    remote: Store,
    /// Up to which seq the remote has each lane.
    watermarks: BTreeMap<u16, u64>,
    /// The last seq that was done in each lane.
    done: BTreeMap<u16, u64>,
    last_seq: u64,
}

impl Trial {
    fn new(seed: u64, is_tight: bool) -> Self {
        let mut dice = fastrand::Rng::with_seed(seed);
        let (max_entries, max_bytes) =
            if is_tight { (dice.usize(1..12), dice.usize(500..8000)) } else { (usize::MAX, usize::MAX) };
        let options = RemoteOptions { max_entries, max_bytes, ..RemoteOptions::default() };
        Self {
            fast: Lanes::new(&options, seed),
            slow: Slow { items: Vec::new(), max_entries, max_bytes, last_seq: 0 },
            lanes: dice.u16(1..4),
            dice,
            now: Duration::ZERO,
            spool: Vec::new(),
            receipts: BTreeMap::new(),
            local: Store::default(),
            remote: Store::default(),
            watermarks: BTreeMap::new(),
            done: BTreeMap::new(),
            last_seq: 0,
        }
    }

    fn lane_of(&self, key: u8) -> u16 {
        u16::from(key) % self.lanes
    }

    fn deed(&mut self) -> Deed {
        let key = self.dice.u8(..KEYS);
        let same_lane: Vec<u8> =
            (0..KEYS).filter(|other| self.lane_of(*other) == self.lane_of(key)).collect();
        let other = same_lane[self.dice.usize(..same_lane.len())];
        let number = self.dice.i64(..1000);
        match self.dice.u8(..14) {
            0..3 => Deed::Set(key, number),
            3 => Deed::Delete(key),
            4..7 => Deed::Add(key, if self.dice.u8(..9) == 0 { i64::MAX - 9 } else { number }),
            7..9 => Deed::Live(key, number),
            9..11 => Deed::Append(key, number),
            11 if other != key => Deed::Copy(key, other),
            12 if other != key => Deed::LookAtBoth(key, other),
            _ => Deed::Look(key),
        }
    }

    /// One more effect, which makes room for itself now and then.
    fn push(&mut self) {
        // Some effects are not for this remote.
        self.last_seq += self.dice.u64(1..3);
        let (seq, deed) = (self.last_seq, self.deed());
        let item = Item::new(seq, self.lane_of(deed.keys()[0]), deed);
        let lane = item.lane;
        let (receipt, tickets) = Receipt::new(Arc::new(["eu".into()]));
        let mut entry = Entry { tickets, ..entry_of(&item, self.now) };
        if self.dice.u8(..4) == 0 {
            let needed = Lanes::bytes_of(&entry);
            let dropped = self.fast.drop_oldest(needed);
            assert_eq!(seqs(&dropped), self.slow.drop_oldest(needed));
            tell(&dropped, &Outcome::Dropped(DropReason::Overflow));
        }
        let fits = self.slow.push(item);
        match self.fast.push(entry) {
            Pushed::Queued => assert!(fits, "it is over the bound"),
            Pushed::Full(back) => {
                assert!(!fits, "there is room");
                entry = back;
                assert_eq!((entry.seq, entry.tickets.len()), (seq, 1), "it comes back as it was");
                return;
            }
        }
        self.local.carry_out(deed);
        self.spool.push((seq, lane, deed));
        self.receipts.insert(seq, receipt);
    }

    /// One round, which the remote carries out in part, and whose reply may be lost.
    fn round(&mut self, pushes: u8) {
        let (max, max_bytes) = (self.dice.usize(..8), self.dice.usize(..6000));
        let ready: Vec<u16> = (0..self.lanes)
            .filter(|lane| self.fast.lanes.get(lane).is_none_or(|lane| lane.ready_at <= self.now))
            .collect();
        let expected = self.slow.take(|lane| ready.contains(&lane), max, max_bytes);
        let round = self.fast.take(self.now, max, max_bytes);
        assert_eq!(seqs(&round), expected.iter().map(|item| item.seq).collect::<Vec<_>>());
        for (entry, item) in round.iter().zip(&expected) {
            let step = words(&Entry {
                effect: Arc::new(item.deed.effect()),
                tickets: Vec::new(),
                ..entry_of(item, self.now)
            });
            assert_eq!(
                (words(entry), entry.lane, entry.tickets.len()),
                (step, item.lane, item.tickets.len())
            );
        }
        compare(&self.fast, &self.slow);
        // While it is out, more is queued.
        (0..pushes).for_each(|_| self.push());
        let is_lost = self.dice.u8(..3) == 0;
        let mut stopped: Vec<u16> = Vec::new();
        let mut results = Vec::new();
        for item in &expected {
            if !stopped.contains(&item.lane) && self.dice.u8(..6) == 0 {
                stopped.push(item.lane);
            }
            let is_done = !stopped.contains(&item.lane);
            if is_done {
                self.arrive(item.seq, item.lane, item.deed);
            }
            results.push((item.seq, if is_done && !is_lost { Settled::Done } else { Settled::Again }));
        }
        let done = self.fast.settle(self.now, results.clone());
        let is_done = |at: &usize| results[*at].1 == Settled::Done;
        let expected: Vec<_> =
            (0..expected.len()).filter(is_done).map(|at| (expected[at].lane, expected[at].seq)).collect();
        assert_eq!(done.iter().map(|entry| (entry.lane, entry.seq)).collect::<Vec<_>>(), expected);
        self.slow.settle(&expected);
        for (lane, seq) in expected {
            let before = self.done.insert(lane, seq).unwrap_or_default();
            assert!(before < seq, "{seq} is done after {before}");
        }
        tell(&done, &Outcome::Acked);
    }

    /// The remote carries it out, unless it has it already.
    fn arrive(&mut self, seq: u64, lane: u16, deed: Deed) {
        let watermark = self.watermarks.entry(lane).or_default();
        if seq > *watermark {
            *watermark = seq;
            self.remote.carry_out(deed);
        }
    }

    fn steps(&mut self) {
        for _ in 0..self.dice.u8(..60) {
            match self.dice.u8(..5) {
                0 => {
                    let pushes = self.dice.u8(..4);
                    self.round(pushes);
                }
                1 => self.now += Duration::from_millis(self.dice.u64(..30)),
                _ => self.push(),
            }
            compare(&self.fast, &self.slow);
            self.nobody_is_forgotten();
        }
    }

    /// What was queued is here, or whoever waits for it was told.
    fn nobody_is_forgotten(&self) {
        let here: Vec<u64> = self.slow.items.iter().flat_map(|item| item.tickets.iter().copied()).collect();
        assert!(here.iter().all(|seq| self.receipts.contains_key(seq)));
        for (seq, receipt) in &self.receipts {
            let count = here.iter().filter(|here| *here == seq).count();
            let is_told = receipt.outcomes()[0].1.is_final();
            assert_eq!(count + usize::from(is_told), 1, "{seq} is here {count} times, and told: {is_told}");
        }
    }

    /// All that is here arrives, however long it takes.
    fn finish(&mut self) {
        while let Some(due) = self.fast.next_due(self.now) {
            self.now += due;
            self.round(0);
        }
        compare(&self.fast, &self.slow);
        assert_eq!((self.fast.len(), self.fast.lanes.len(), self.fast.newest.len()), (0, 0, 0));
    }

    /// The process ends and begins anew: what is above the floor is sent again, as it was before anything was joined.
    fn crash(&mut self) {
        let floor = self.fast.floor();
        for (seq, lane, deed) in std::mem::take(&mut self.spool) {
            if seq > floor {
                self.arrive(seq, lane, deed);
            }
        }
    }
}

fn seqs(entries: &[Arc<Entry>]) -> Vec<u64> {
    entries.iter().map(|entry| entry.seq).collect()
}

fn tell(entries: &[Arc<Entry>], outcome: &Outcome) {
    entries.iter().flat_map(|entry| &entry.tickets).for_each(|ticket| ticket.tell(outcome.clone()));
}

#[test]
fn the_fast_queue_is_the_slow_one_within_its_bounds_and_forgets_nobody() {
    for seed in 0..1500 {
        let mut trial = Trial::new(seed, true);
        trial.steps();
        trial.finish();
        trial.nobody_is_forgotten();
    }
}

#[test]
fn what_is_joined_and_replaced_leaves_the_remote_as_local_is() {
    for seed in 0..1500 {
        let mut trial = Trial::new(seed, false);
        trial.steps();
        trial.finish();
        assert_eq!(trial.remote, trial.local, "seed {seed}");
    }
}

#[test]
fn what_is_above_the_floor_makes_the_remote_equal_after_a_crash_at_any_point() {
    for seed in 0..1500 {
        let mut trial = Trial::new(seed, false);
        trial.steps();
        trial.crash();
        assert_eq!(trial.remote, trial.local, "seed {seed}");
    }
}

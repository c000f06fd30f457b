//! What each rule of the queue does, by example.

mod model;
mod random;

use std::sync::Arc;
use std::time::Duration;

use redis::Cmd;

use super::{Lanes, Pushed, Settled};
use crate::effect::{Effect, Key, Kind, Life};
use crate::entry::Entry;
use crate::options::RemoteOptions;
use crate::outcome::Outcome;
use crate::receipt::Receipt;

const MB: usize = 1 << 20;

/// A queue with room for so many entries.
fn lanes(max_entries: usize) -> Lanes {
    Lanes::new(&RemoteOptions { max_entries, ..RemoteOptions::default() }, 7)
}

fn at(ms: u64) -> Duration {
    Duration::from_millis(ms)
}

fn key(name: &str) -> Key {
    name.as_bytes().into()
}

/// The words of one command as an effect of this kind on these keys.
fn effect(words: &str, keys: &[&str], kind: Kind) -> Effect {
    let mut command = Cmd::new();
    words.split(' ').for_each(|word| {
        command.arg(word);
    });
    Effect {
        steps: vec![command],
        keys: keys.iter().map(|name| key(name)).collect(),
        lives: Vec::new(),
        kind,
    }
}

fn entry(seq: u64, words: &str, keys: &[&str], kind: Kind) -> Entry {
    let effect = Arc::new(effect(words, keys, kind));
    Entry { seq, lane: 0, effect, tickets: Vec::new(), since: at(seq) }
}

fn set(seq: u64, name: &str) -> Entry {
    entry(seq, &format!("SET {name} {seq}"), &[name], Kind::Overwrites)
}

fn incr(seq: u64, name: &str, by: i64) -> Entry {
    entry(seq, &format!("INCRBY {name} {by}"), &[name], Kind::Adds(by))
}

/// The same where the key lives so afterwards.
fn incr_living(seq: u64, name: &str, by: i64, life: Life) -> Entry {
    let effect = effect(&format!("INCRBY {name} {by}"), &[name], Kind::Adds(by));
    let effect = Arc::new(Effect { lives: vec![(key(name), life)], ..effect });
    Entry { effect, ..incr(seq, name, by) }
}

fn push(lanes: &mut Lanes, entry: Entry) {
    assert!(matches!(lanes.push(entry), Pushed::Queued));
}

fn seqs(entries: &[Arc<Entry>]) -> Vec<u64> {
    entries.iter().map(|entry| entry.seq).collect()
}

fn words(entry: &Entry) -> String {
    let text = |command: &Cmd| -> Vec<_> {
        let words = command.args_iter().map(|word| match word {
            redis::Arg::Simple(word) => String::from_utf8_lossy(word).into_owned(),
            redis::Arg::Cursor | _ => unreachable!("no effect has a cursor"),
        });
        words.collect()
    };
    entry.effect.steps.iter().map(|step| text(step).join(" ")).collect::<Vec<_>>().join("; ")
}

/// Takes all that is due, and says of all that it is done.
fn drain(lanes: &mut Lanes, now: Duration) -> Vec<Arc<Entry>> {
    let round = lanes.take(now, usize::MAX, usize::MAX);
    lanes.settle(now, round.iter().map(|entry| (entry.seq, Settled::Done)).collect())
}

#[test]
fn a_round_is_what_was_queued_first_within_its_bounds_and_one_entry_at_least() {
    let mut lanes = lanes(100);
    (1..=10).for_each(|seq| push(&mut lanes, set(seq, &format!("k{seq}"))));
    let each = lanes.bytes() / 10;
    assert_eq!(seqs(&lanes.take(at(0), 3, MB)), [1, 2, 3]);
    assert_eq!(lanes.take(at(0), 3, MB).len(), 0, "one round at a time");
    assert_eq!((lanes.next_due(at(0)), lanes.in_flight(), lanes.len()), (None, 3, 10));
    let done = lanes.settle(at(0), vec![(1, Settled::Done), (2, Settled::Done), (3, Settled::Done)]);
    assert_eq!(seqs(&done), [1, 2, 3]);
    assert_eq!((lanes.next_due(at(0)), lanes.in_flight(), lanes.len()), (Some(at(0)), 0, 7));
    assert_eq!(seqs(&lanes.take(at(0), 100, 2 * each + 9)), [4, 5]);
    lanes.settle(at(0), vec![(4, Settled::Done), (5, Settled::Done)]);
    assert_eq!(seqs(&lanes.take(at(0), 0, 0)), [6]);
    lanes.settle(at(0), vec![(6, Settled::Done)]);
    assert_eq!(seqs(&drain(&mut lanes, at(0))), [7, 8, 9, 10]);
    assert_eq!((lanes.next_due(at(0)), lanes.len(), lanes.bytes()), (None, 0, 0));
}

#[test]
fn what_is_sent_again_comes_first_after_a_pause_and_only_its_own_lane_waits() {
    let mut lanes = lanes(100);
    for seq in 1..=6 {
        let lane = u16::from(seq % 2 == 0);
        push(&mut lanes, Entry { lane, ..entry(seq, "SADD k m", &[&format!("k{lane}")], Kind::Builds) });
    }
    assert_eq!(seqs(&lanes.take(at(0), 4, MB)), [1, 2, 3, 4], "in the order of all lanes");
    let results = vec![(1, Settled::Done), (2, Settled::Done), (3, Settled::Again), (4, Settled::Done)];
    assert_eq!(seqs(&lanes.settle(at(0), results)), [1, 2, 4]);
    assert_eq!(lanes.floor(), 2);
    let pause = lanes.lanes[&0].ready_at;
    assert!(pause > at(0) && pause <= at(10), "{pause:?}");
    assert_eq!(seqs(&lanes.take(at(0), 10, MB)), [6], "the other lane goes on");
    lanes.settle(at(0), vec![(6, Settled::Done)]);
    assert_eq!(lanes.next_due(at(0)), Some(pause));
    assert!(lanes.take(pause - Duration::from_nanos(1), 10, MB).is_empty());
    assert_eq!(seqs(&lanes.take(pause, 10, MB)), [3, 5]);
    lanes.settle(pause, vec![(3, Settled::Done), (5, Settled::Done)]);
    assert_eq!(lanes.floor(), 6);
}

#[test]
fn pauses_grow_while_nothing_of_a_lane_is_done_and_start_anew_after() {
    let mut lanes = lanes(100);
    push(&mut lanes, set(1, "a"));
    push(&mut lanes, set(2, "b"));
    for attempt in 1..=5 {
        let now = lanes.lanes[&0].ready_at;
        lanes.take(now, 10, MB);
        // A result that is missing, or another's, is none.
        lanes.settle(now, if attempt % 2 == 0 { Vec::new() } else { vec![(9, Settled::Done)] });
        assert_eq!(lanes.lanes[&0].attempts, attempt);
    }
    let now = lanes.lanes[&0].ready_at;
    lanes.take(now, 10, MB);
    lanes.settle(now, vec![(1, Settled::Done), (2, Settled::Again)]);
    assert_eq!(lanes.lanes[&0].attempts, 1);
    assert!(lanes.lanes[&0].ready_at <= now + at(10));
}

#[test]
fn what_overwrites_takes_the_place_of_all_that_waits_on_its_key() {
    let mut lanes = lanes(100);
    push(&mut lanes, set(1, "k"));
    push(&mut lanes, set(2, "other"));
    push(&mut lanes, incr(3, "k", 1));
    push(&mut lanes, entry(4, "GET k", &["k"], Kind::Reads));
    push(&mut lanes, entry(5, "PEXPIREAT k 9", &["k"], Kind::SetsLife));
    push(&mut lanes, set(6, "k"));
    assert_eq!((lanes.len(), lanes.newest.len()), (2, 2));
    assert_eq!(lanes.floor(), 1);
    assert_eq!(seqs(&drain(&mut lanes, at(0))), [2, 6]);
    assert_eq!((lanes.floor(), lanes.newest.len()), (6, 0));
}

#[test]
fn what_is_read_by_an_entry_of_several_keys_stays_before_it() {
    let mut lanes = lanes(100);
    push(&mut lanes, set(1, "k"));
    push(&mut lanes, entry(2, "COPY k j", &["k", "j"], Kind::Builds));
    push(&mut lanes, set(3, "k"));
    push(&mut lanes, entry(4, "MGET k j", &["k", "j"], Kind::Reads));
    push(&mut lanes, set(5, "k"));
    assert_eq!(seqs(&drain(&mut lanes, at(0))), [1, 2, 4, 5], "nobody sees what MGET reads");
}

#[test]
fn of_two_lives_in_a_row_the_later_is_sent() {
    let mut lanes = lanes(100);
    let expire = |seq| entry(seq, &format!("PEXPIREAT k {seq}"), &["k"], Kind::SetsLife);
    push(&mut lanes, set(1, "k"));
    push(&mut lanes, expire(2));
    push(&mut lanes, set(3, "other"));
    push(&mut lanes, expire(4));
    push(&mut lanes, entry(5, "APPEND k x", &["k"], Kind::Builds));
    push(&mut lanes, expire(6));
    assert_eq!(seqs(&drain(&mut lanes, at(0))), [1, 3, 4, 5, 6]);
    push(&mut lanes, set(7, "k"));
    push(&mut lanes, expire(8));
    push(&mut lanes, expire(9));
    push(&mut lanes, set(10, "k"));
    assert_eq!(seqs(&drain(&mut lanes, at(0))), [10], "what it stood behind is still known");
}

#[test]
fn numbers_that_are_added_right_behind_each_other_are_added_at_once() {
    let mut lanes = lanes(100);
    let lives = vec![(key("k"), Life::Until { unix_ms: 99 })];
    for (seq, by) in [(1, 1), (2, 5), (3, -2)] {
        push(&mut lanes, incr_living(seq, "k", by, lives[0].1));
    }
    assert_eq!(lanes.floor(), 0, "no part of it is there");
    assert_eq!(lanes.oldest_since(), Some(at(1)));
    push(&mut lanes, set(4, "other"));
    push(&mut lanes, incr(5, "k", 7));
    push(&mut lanes, incr(6, "k", i64::MAX));
    let round = lanes.take(at(0), 10, MB);
    let found: Vec<_> = round.iter().map(|entry| words(entry)).collect();
    let most = format!("INCRBY k {}", i64::MAX);
    assert_eq!(found, ["INCRBY k 4", "SET other 4", "INCRBY k 7", &most], "not over another, nor too large");
    assert_eq!(round[0].seq, 3);
    assert_eq!((round[0].effect.kind, &round[0].effect.lives), (Kind::Adds(4), &lives));
    assert_eq!(lanes.floor(), 0);
}

#[test]
fn numbers_are_not_added_at_once_where_the_key_may_have_come_to_its_end_between_them() {
    let mut lanes = lanes(100);
    push(&mut lanes, incr_living(1, "k", 1, Life::Until { unix_ms: 99 }));
    push(&mut lanes, incr_living(2, "k", 5, Life::Forever));
    push(&mut lanes, incr_living(3, "k", 2, Life::Forever));
    let found: Vec<_> = lanes.take(at(0), 10, MB).iter().map(|entry| words(entry)).collect();
    assert_eq!(found, ["INCRBY k 1", "INCRBY k 7"], "it is 7, and not 8, where the key is gone as well");
}

#[test]
fn what_was_sent_once_keeps_its_place() {
    let mut lanes = lanes(100);
    push(&mut lanes, incr(1, "k", 1));
    push(&mut lanes, set(2, "j"));
    lanes.take(at(0), 10, MB);
    push(&mut lanes, set(3, "j"));
    push(&mut lanes, set(4, "j"));
    lanes.settle(at(0), vec![(1, Settled::Again), (2, Settled::Again)]);
    push(&mut lanes, incr(5, "k", 1));
    push(&mut lanes, incr(6, "k", 1));
    push(&mut lanes, set(7, "j"));
    assert_eq!(seqs(&drain(&mut lanes, at(99))), [1, 2, 6, 7], "it may be there, under its own number");
}

#[test]
fn what_is_sent_again_is_not_replaced_through_a_chain() {
    let mut lanes = lanes(100);
    push(&mut lanes, incr(1, "k", 1));
    push(&mut lanes, set(2, "j"));
    push(&mut lanes, incr(3, "k", 1));
    assert_eq!(seqs(&lanes.take(at(0), 1, MB)), [1]);
    lanes.settle(at(0), vec![(1, Settled::Again)]);
    push(&mut lanes, set(4, "k"));
    assert_eq!(seqs(&drain(&mut lanes, at(99))), [1, 2, 4]);
}

#[test]
fn whoever_waits_for_what_was_replaced_waits_for_what_replaced_it() {
    let mut lanes = lanes(100);
    let mut receipts = Vec::new();
    for (seq, is_set) in [(1, true), (2, false), (3, false), (4, true)] {
        let (receipt, tickets) = Receipt::new(Arc::new(["eu".into()]));
        let entry = if is_set { set(seq, "k") } else { incr(seq, "k", 1) };
        push(&mut lanes, Entry { tickets, ..entry });
        receipts.push(receipt);
    }
    let round = lanes.take(at(0), 10, MB);
    assert_eq!((seqs(&round), round[0].tickets.len()), (vec![4], 4));
    round[0].tickets.iter().for_each(|ticket| ticket.tell(Outcome::Acked));
    for receipt in receipts {
        assert!(matches!(receipt.outcomes()[..], [(_, Outcome::Acked)]));
    }
}

#[test]
fn a_full_queue_changes_nothing_and_room_is_made_by_the_oldest_that_is_not_out() {
    let mut lanes = lanes(3);
    (1..=3).for_each(|seq| push(&mut lanes, set(seq, &format!("k{seq}"))));
    let Pushed::Full(fourth) = lanes.push(set(4, "k4")) else { panic!("there is room") };
    assert_eq!((fourth.seq, lanes.len(), lanes.floor()), (4, 3, 0));
    push(&mut lanes, set(5, "k2"));
    lanes.take(at(0), 1, MB);
    let need = Lanes::bytes_of(&fourth);
    assert_eq!(seqs(&lanes.drop_oldest(need)), [3]);
    assert!(lanes.drop_oldest(need).is_empty(), "there is room now");
    push(&mut lanes, Entry { seq: 6, ..fourth });
    assert_eq!(seqs(&lanes.drop_oldest(usize::MAX)), [5, 6], "all but what is out");
    assert_eq!((lanes.len(), lanes.in_flight()), (1, 1));
    lanes.settle(at(0), vec![(1, Settled::Done)]);
    assert_eq!((lanes.len(), lanes.bytes(), lanes.newest.len(), lanes.lanes.len()), (0, 0, 0, 0));
}

#[test]
fn an_entry_that_does_not_fit_replaces_nothing() {
    let room = 2 * Lanes::bytes_of(&set(1, "k"));
    let options = RemoteOptions { max_bytes: room, ..RemoteOptions::default() };
    let mut lanes = Lanes::new(&options, 7);
    push(&mut lanes, set(1, "k"));
    let large = entry(2, &format!("SET k {}", "x".repeat(room)), &["k"], Kind::Overwrites);
    assert!(matches!(lanes.push(large), Pushed::Full(_)));
    assert_eq!(seqs(&drain(&mut lanes, at(0))), [1]);
    let fits = entry(3, &format!("SET k {}", "x".repeat(room / 2 - 20)), &["k"], Kind::Overwrites);
    assert!(2 * Lanes::bytes_of(&fits) > room);
    push(&mut lanes, fits);
    let fits = entry(4, &format!("SET k {}", "y".repeat(room / 2 - 20)), &["k"], Kind::Overwrites);
    push(&mut lanes, fits);
    assert_eq!(seqs(&drain(&mut lanes, at(0))), [4], "it needs the room of what it replaces");
}

#[test]
fn what_is_cleared_is_all_there_is_and_a_round_that_is_out_has_no_results() {
    let mut lanes = lanes(100);
    for seq in 1..=4 {
        push(&mut lanes, Entry { lane: u16::from(seq % 2 == 0), ..set(seq, &format!("k{seq}")) });
    }
    lanes.take(at(0), 2, MB);
    assert_eq!(seqs(&lanes.clear()), [1, 2, 3, 4]);
    assert_eq!((lanes.len(), lanes.bytes(), lanes.floor(), lanes.next_due(at(0))), (0, 0, 4, None));
    assert!(lanes.settle(at(0), vec![(1, Settled::Done), (2, Settled::Done)]).is_empty());
    push(&mut lanes, set(5, "k1"));
    lanes.pass_over(9);
    assert_eq!(lanes.floor(), 4);
    assert_eq!(seqs(&drain(&mut lanes, at(0))), [5]);
    assert_eq!(lanes.floor(), 9);
}

#[test]
fn one_hot_key_costs_one_entry_however_often_it_is_written_behind_another() {
    let mut lanes = lanes(100);
    push(&mut lanes, set(1, "cold"));
    for seq in 2..10_000 {
        push(&mut lanes, set(seq, if seq % 2 == 0 { "hot" } else { "warm" }));
    }
    assert_eq!((lanes.len(), lanes.newest.len()), (3, 3));
    assert!(lanes.lanes[&0].places() < 100, "{} places for three", lanes.lanes[&0].places());
}

#[test]
fn those_who_wait_for_a_hot_key_are_counted_and_none_is_forgotten() {
    let mut lanes = Lanes::new(&RemoteOptions { max_bytes: 20_000, ..RemoteOptions::default() }, 7);
    let mut receipts = Vec::new();
    let full = (1..1000).find(|seq| {
        let (receipt, tickets) = Receipt::new(Arc::new(["eu".into()]));
        receipts.push(receipt);
        matches!(lanes.push(Entry { tickets, ..set(*seq, "hot") }), Pushed::Full(_))
    });
    assert!(full.is_some(), "one entry takes any number of tickets");
    receipts.pop();
    assert_eq!(lanes.len(), 1);
    let told = drain(&mut lanes, at(0));
    told[0].tickets.iter().for_each(|ticket| ticket.tell(Outcome::Acked));
    assert!(receipts.iter().all(|receipt| receipt.outcomes()[0].1.is_final()));
}

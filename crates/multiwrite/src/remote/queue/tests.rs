//! What is queued beside what is left in the spool, and copies where there is no room.

use std::sync::Arc;
use std::time::Duration;

use redis::cmd;

use super::{Incoming, Queue};
use crate::effect::{Effect, Key, Kind};
use crate::journal::Journal;
use crate::options::{Overflow, RemoteOptions};
use crate::receipt::{Receipt, Ticket};
use crate::remote::copied::Copied;

fn queue(options: &RemoteOptions) -> Queue {
    Queue::new("eu".into(), options, false, 1, Arc::new(Journal::None))
}

fn key(name: &str) -> Key {
    name.as_bytes().into()
}

fn effect(verb: &str, name: &str, kind: Kind) -> Arc<Effect> {
    let steps = vec![cmd(verb).arg(name).arg("1").take()];
    Arc::new(Effect { steps, keys: vec![key(name)], lives: Vec::new(), kind })
}

fn push(queue: &mut Queue, seq: u64, effect: &Arc<Effect>, tickets: Vec<Ticket>) -> bool {
    queue.push(Incoming { seq, effect, parts: None, tickets, now: Duration::ZERO })
}

fn copy(queue: &mut Queue, seq: u64, name: &str) -> Copied {
    queue.push_copy(seq, &key(name), &effect("SET", name, Kind::Overwrites), 0, Duration::ZERO)
}

fn queued(queue: &mut Queue) -> Vec<u64> {
    queue.lanes.take(Duration::ZERO, 100, 100_000).iter().map(|entry| entry.seq).collect()
}

#[test]
fn nothing_overtakes_what_is_left_in_the_spool() {
    let mut queue = queue(&RemoteOptions::new().max_entries(1).overflow(Overflow::Spill));
    assert!(push(&mut queue, 1, &effect("INCRBY", "n", Kind::Adds(1)), Vec::new()));
    assert!(!push(&mut queue, 2, &effect("APPEND", "s", Kind::Builds), Vec::new()));
    let (receipt, tickets) = Receipt::new(Arc::new(["eu".into()]));
    assert!(!push(&mut queue, 3, &effect("GET", "s", Kind::Reads), tickets));
    assert_eq!(format!("{receipt:?}"), r#"{"eu": Dropped(Overflow)}"#);
    assert_eq!(copy(&mut queue, 4, "other"), Copied::NotNow);
    assert_eq!(queued(&mut queue), [1]);
    queue.lanes.clear();
    assert_eq!(queue.lanes.floor(), 1, "what is left is not passed by");
    assert_eq!(queue.dirty.len(), 0);
}

#[test]
fn one_copy_goes_where_there_is_no_room_and_others_when_it_has_arrived() {
    let mut queue = queue(&RemoteOptions::new().max_entries(1));
    assert!(push(&mut queue, 1, &effect("APPEND", "s", Kind::Builds), Vec::new()));
    assert_eq!(copy(&mut queue, 2, "a"), Copied::Queued);
    assert_eq!(copy(&mut queue, 3, "b"), Copied::Full);
    assert_eq!(queued(&mut queue), [1, 2]);
}

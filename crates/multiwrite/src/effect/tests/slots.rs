//! Effects by slot, and what they weigh.

use std::sync::Arc;

use redfleet_core::Slot;

use super::notation::{command, plan, reply, said};
use crate::effect::{Effect, Plan, Shipped};

fn effect(commands: &str, replies: &str, answers: &str) -> Arc<Effect> {
    let list = |text: &str| text.split("; ").map(reply).collect::<Vec<_>>();
    let Shipped::Effect(effect) = plan(commands).shipped(&list(replies), &list(answers)) else {
        panic!("{commands}")
    };
    Arc::new(effect)
}

fn split(effect: &Arc<Effect>) -> Option<Vec<(u16, String)>> {
    let mut parts: Vec<_> = effect.by_slot()?.into_iter().map(|(slot, part)| (slot, said(&part))).collect();
    parts.sort_by(|one, other| one.1.cmp(&other.1));
    Some(parts)
}

fn slot(key: &str) -> u16 {
    Slot::of_key(key.as_bytes()).index()
}

#[test]
fn an_effect_on_keys_of_several_slots_is_split_with_its_lives() {
    let moved = effect("RPOPLPUSH a b", "x", ":5; :-1");
    let parts = vec![
        (slot("b"), "LPUSH b x [b forever] Builds".into()),
        (slot("a"), "RPOP a [a until 5] Builds".into()),
    ];
    assert_eq!(split(&moved), Some(parts));
    let set = effect("MSET {t}a 1 {t}b 2 c 3", "OK", "?");
    let parts =
        vec![(slot("c"), "SET c 3 Overwrites".into()), (slot("t"), "SET {t}a 1; SET {t}b 2 Builds".into())];
    assert_eq!(split(&set), Some(parts));
}

#[test]
fn an_effect_in_one_slot_is_the_same_effect() {
    let effect = effect("MSET {t}a 1 {t}b 2", "OK", "?");
    let parts = effect.by_slot().unwrap();
    assert_eq!(parts.len(), 1);
    assert_eq!(parts[0].0, slot("t"));
    assert!(Arc::ptr_eq(&parts[0].1, &effect));
}

#[test]
fn a_message_goes_to_the_slot_of_its_channel() {
    assert_eq!(split(&effect("SPUBLISH c m", ":0", "?")).unwrap()[0].0, slot("c"));
    assert_eq!(split(&effect("PUBLISH c m", ":0", "?")).unwrap()[0].0, 0);
}

#[test]
fn what_only_reads_several_slots_has_no_part() {
    assert_eq!(split(&effect("MGET a b", "[]", "?")), Some(Vec::new()));
}

#[test]
fn a_script_over_several_slots_cannot_be_split() {
    let script = command("EVAL script 2 a b");
    let plan = Plan::deterministic(&[&script]).unwrap();
    let Shipped::Effect(effect) = plan.shipped(&[reply("OK")], &[reply(":-1"), reply(":-1")]) else {
        panic!()
    };
    assert!(Arc::new(effect).by_slot().is_none());
}

#[test]
fn an_effect_weighs_what_its_words_and_keys_do() {
    let light = effect("SET k v", "OK", "?").bytes();
    let heavy = effect(&format!("SET k {}", "v".repeat(10_000)), "OK", "?").bytes();
    assert_eq!(heavy - light, 9_999);
    assert!(light > 4);
}

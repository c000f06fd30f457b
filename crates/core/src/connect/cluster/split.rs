//! A command whose keys lie in several slots, taken apart into one command a slot.

use std::collections::BTreeMap;

use redis::Cmd;

use super::aggregate::{Aggregate, Merge};
use super::slots::Slot;
use crate::backend::keys;
use crate::backend::name;

/// How many words belong to each key, for the commands that can be taken apart.
pub(crate) fn width(command: &Cmd) -> Option<usize> {
    let name = name(command);
    let is = |other: &str| name.eq_ignore_ascii_case(other.as_bytes());
    if is("MSET") {
        return Some(2);
    }
    let is_by_key = is("DEL") || is("UNLINK") || is("EXISTS") || is("TOUCH") || is("MGET");
    is_by_key.then_some(1)
}

/// One command a slot, in the order in which the slots first appear, and how their replies become one.
///
/// # Complexity
///
/// Words x slots, and there are at most as many slots as keys.
pub(crate) fn parts(command: &Cmd) -> (Vec<(Slot, Cmd)>, Aggregate) {
    let width = width(command).unwrap_or(1);
    let words: Vec<&[u8]> = keys::words(command).skip(1).collect();
    let mut parts: Vec<(Slot, Cmd)> = Vec::new();
    let mut places: Vec<Vec<usize>> = Vec::new();
    let mut seen: BTreeMap<Slot, usize> = BTreeMap::new();
    for (place, group) in words.chunks(width).enumerate() {
        let Some(key) = group.first() else { continue };
        let slot = Slot::of_key(key);
        let part = *seen.entry(slot).or_insert_with(|| {
            let mut part = Cmd::new();
            part.arg(name(command));
            parts.push((slot, part));
            places.push(Vec::new());
            parts.len() - 1
        });
        if let (Some((_, part)), Some(places)) = (parts.get_mut(part), places.get_mut(part)) {
            group.iter().for_each(|word| {
                part.arg(word);
            });
            places.push(place);
        }
    }
    (parts, aggregate(command, places))
}

fn aggregate(command: &Cmd, places: Vec<Vec<usize>>) -> Aggregate {
    let name = name(command);
    let is = |other: &str| name.eq_ignore_ascii_case(other.as_bytes());
    if is("MSET") {
        Aggregate::write(Merge::Every)
    } else if is("MGET") {
        Aggregate::read(Merge::Places(places))
    } else if is("DEL") || is("UNLINK") {
        Aggregate::write(Merge::Sum)
    } else {
        Aggregate::read(Merge::Sum)
    }
}

#[cfg(test)]
mod tests {
    use redis::Value;

    use super::*;

    fn command(words: &[&str]) -> Cmd {
        let mut command = Cmd::new();
        words.iter().for_each(|word| {
            command.arg(word);
        });
        command
    }

    #[test]
    fn pairs_stay_together_and_slots_keep_the_order_of_their_first_key() {
        let (parts, _) = parts(&command(&["MSET", "{b}1", "x", "{a}1", "y", "{b}2", "z"]));
        let words: Vec<String> = parts
            .iter()
            .map(|(_, part)| {
                let words = keys::words(part).map(String::from_utf8_lossy);
                words.collect::<Vec<_>>().join(" ")
            })
            .collect();
        assert_eq!(words, ["MSET {b}1 x {b}2 z", "MSET {a}1 y"]);
    }

    #[test]
    fn merged_replies_stand_in_the_order_of_the_keys_for_any_split() {
        let mut random = fastrand::Rng::with_seed(7);
        for _ in 0..2_000 {
            let names: Vec<String> =
                (0..random.usize(1..40)).map(|_| format!("k{}", random.u8(..))).collect();
            let mut whole = vec!["MGET"];
            whole.extend(names.iter().map(String::as_str));
            let (parts, aggregate) = parts(&command(&whole));
            let echo = |part: &Cmd| {
                Value::Array(keys::keys_of(part).map(|key| Value::BulkString(key.to_vec())).collect())
            };
            for (slot, part) in &parts {
                assert!(keys::keys_of(part).all(|key| Slot::of_key(key) == *slot));
            }
            let merged = aggregate.merge(parts.iter().map(|(_, part)| Ok(echo(part))).collect());
            let expected = names.iter().map(|name| Value::BulkString(name.clone().into_bytes())).collect();
            assert_eq!(merged.unwrap(), Value::Array(expected));
        }
    }
}

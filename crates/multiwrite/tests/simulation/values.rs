//! What a node holds, looked at from outside of the world, in one form for the same value.

use std::collections::BTreeMap;
use std::fmt::Write;

use redfleet_core::test_util::history::Violation;
use redfleet_core::test_util::simulation::World;
use redfleet_core::{BackendExt, Embedded};
use redis::Value;

use super::commands::words;

/// Which of two nodes' lives must be the same.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Lives {
    Equal,
    /// A clock is off, so a life may have ended on one of them and not yet on the other: nothing lives any more.
    Over,
}

/// What each key holds, and when it ends; without the keys that the store keeps for itself.
async fn held(store: &Embedded) -> BTreeMap<String, String> {
    let mut held = BTreeMap::new();
    let keys: Vec<String> = store.query(words(&["KEYS", "*"])).await.unwrap();
    for key in keys.into_iter().filter(|key| !key.starts_with("redfleet:mw:")) {
        let kind: String = store.query(words(&["TYPE", &key])).await.unwrap();
        let read: &[&str] = match kind.as_str() {
            "string" => &["GET", &key],
            "list" => &["LRANGE", &key, "0", "-1"],
            "set" => &["SMEMBERS", &key],
            "zset" => &["ZRANGE", &key, "0", "-1", "WITHSCORES"],
            "hash" => &["HGETALL", &key],
            "stream" => &["XRANGE", &key, "-", "+"],
            // It has ended since it was named.
            _ => continue,
        };
        let is_ordered = !matches!(kind.as_str(), "set" | "hash");
        let value = text(store.query::<Value>(words(read)).await.unwrap(), is_ordered);
        let ends: i64 = store.query(words(&["PEXPIRETIME", &key])).await.unwrap();
        let mut said = format!("{kind} {value}, ends at {ends}");
        if kind == "hash" {
            let mut fields: Vec<String> = store.query(words(&["HKEYS", &key])).await.unwrap();
            fields.sort_unstable();
            let count = fields.len().to_string();
            let mut ask = words(&["HPEXPIRETIME", &key, "FIELDS", &count]);
            ask.arg(&fields);
            let ends: Vec<i64> = store.query(ask).await.unwrap();
            write!(said, ", fields {ends:?}").unwrap();
        }
        held.insert(key, said);
    }
    held
}

fn text(value: Value, is_ordered: bool) -> String {
    let mut items = match value {
        Value::Array(items) | Value::Set(items) => items.iter().map(|item| format!("{item:?}")).collect(),
        Value::Map(pairs) => pairs.iter().map(|pair| format!("{pair:?}")).collect(),
        other @ (Value::Nil | _) => vec![format!("{other:?}")],
    };
    if !is_ordered {
        items.sort_unstable();
    }
    items.join(" ")
}

/// That these nodes hold what node 0 holds.
pub(crate) async fn judge(world: &World, remotes: &[usize], lives: Lives) -> Result<(), Violation> {
    let node = |place: usize| world.nodes().get(place).unwrap();
    let local = held(node(0).store()).await;
    let mut evidence = String::new();
    for place in remotes {
        let remote = held(node(*place).store()).await;
        let mut keys: Vec<_> = local.keys().chain(remote.keys()).collect();
        keys.sort_unstable();
        keys.dedup();
        for key in keys.into_iter().filter(|key| local.get(*key) != remote.get(*key)) {
            let told = |held: Option<&String>| held.map_or_else(|| "nothing".to_owned(), String::clone);
            let (here, there) = (told(local.get(key)), told(remote.get(key)));
            writeln!(evidence, "{key}\n   local: {here}\n   n{place}:    {there}").unwrap();
        }
    }
    Violation::unless(evidence.is_empty(), "a remote is equal to local in the end", || evidence)?;
    let mortal: Vec<_> = local.iter().filter(|(_, said)| !said.contains("ends at -1")).collect();
    let is_over = lives == Lives::Equal || mortal.is_empty();
    Violation::unless(is_over, "nothing has a life any more", || format!("{mortal:?}"))
}

//! XINFO: what is known of a stream, its groups and their consumers.

use redis::Value;

use super::{SECOND, entries, entry, id, no_group_of, wrong_words};
use crate::embedded::call::Call;
use crate::embedded::commands::help::help;
use crate::embedded::commands::reply::{bulk, count};
use crate::embedded::refusal::Refusal;
use crate::embedded::spec::Spec;
use crate::embedded::store::{Group, Key, Stream, StreamId};

pub(super) const SUBCOMMANDS: &[Spec] = &[
    Spec::read("xinfo|consumers", 4, SECOND, consumers),
    Spec::read("xinfo|groups", 3, SECOND, groups),
    Spec::other("xinfo|help", 2, |_call| Ok(help("XINFO", HELP))),
    Spec::read("xinfo|stream", -3, SECOND, stream),
];

const HELP: &[&str] = &[
    "CONSUMERS <key> <groupname>",
    "    Show consumers of <groupname>.",
    "GROUPS <key>",
    "    Show the stream consumer groups.",
    "STREAM <key> [FULL [COUNT <count>]",
    "    Show information about the stream.",
];

/// How many entries of each kind FULL shows.
const SHOWN: usize = 10;

fn found<'a>(call: &'a mut Call<'_>) -> Result<&'a Stream, Refusal> {
    let key = call.word(2)?;
    call.keys().read::<Stream>(key)?.ok_or(Refusal::NO_SUCH_KEY)
}

fn map(fields: Vec<(&str, Value)>) -> Value {
    Value::Map(fields.into_iter().map(|(name, value)| (bulk(name), value)).collect())
}

fn number_or_nil(number: Option<i64>) -> Value {
    number.map_or(Value::Nil, Value::Int)
}

fn stream(call: &mut Call<'_>) -> Result<Value, Refusal> {
    found(call)?;
    let shown = match call.rest(3) {
        [] => None,
        [_] if call.is(3, "FULL") => Some(SHOWN),
        [_, _, _] if call.is(3, "FULL") && call.is(4, "COUNT") => Some(match usize::try_from(call.int(5)?) {
            Ok(0) => usize::MAX,
            Ok(number) => number,
            Err(_) => SHOWN,
        }),
        _ => return Err(wrong_words(call, "XINFO")),
    };
    let stream = found(call)?;
    let (nodes, tree) = stream.nodes();
    let extent = stream.extent();
    let mut fields = vec![
        ("length", count(stream.len())),
        ("radix-tree-keys", count(nodes)),
        ("radix-tree-nodes", count(tree)),
        ("last-generated-id", id(stream.last)),
        ("max-deleted-entry-id", id(stream.max_deleted)),
        ("entries-added", Value::Int(stream.added)),
        ("recorded-first-entry-id", id(extent.first)),
    ];
    match shown {
        None => {
            fields.push(("groups", count(stream.groups().len())));
            fields.push(("first-entry", stream.first().map_or(Value::Nil, entry)));
            fields.push(("last-entry", stream.newest().map_or(Value::Nil, entry)));
        }
        Some(shown) => {
            fields.push(("entries", entries(stream.after(StreamId::ZERO).take(shown))));
            let groups = stream.groups().map(|(name, group)| full_group(stream, name, group, shown));
            fields.push(("groups", Value::Array(groups.collect())));
        }
    }
    Ok(map(fields))
}

fn full_group(stream: &Stream, name: &Key, group: &Group, shown: usize) -> Value {
    let pending = group.pending_from(StreamId::ZERO).take(shown).map(|pending| {
        let (since, deliveries) = (Value::Int(pending.delivered_at), Value::Int(pending.deliveries));
        Value::Array(vec![id(pending.id), bulk(&pending.consumer), since, deliveries])
    });
    let consumers = group.consumers().map(|(name, consumer)| {
        let own = consumer.pending_from(StreamId::ZERO).take(shown);
        let own = own.filter_map(|id| group.pending_of(id)).map(|pending| {
            let (since, deliveries) = (Value::Int(pending.delivered_at), Value::Int(pending.deliveries));
            Value::Array(vec![id(pending.id), since, deliveries])
        });
        map(vec![
            ("name", bulk(name)),
            ("seen-time", Value::Int(consumer.seen_at)),
            ("active-time", Value::Int(consumer.active_at.unwrap_or(-1))),
            ("pel-count", count(consumer.pending())),
            ("pending", Value::Array(own.collect())),
        ])
    });
    map(vec![
        ("name", bulk(name)),
        ("last-delivered-id", id(group.last)),
        ("entries-read", number_or_nil(group.read)),
        ("lag", number_or_nil(stream.extent().lag(group))),
        ("pel-count", count(group.pending())),
        ("pending", Value::Array(pending.collect())),
        ("consumers", Value::Array(consumers.collect())),
    ])
}

fn groups(call: &mut Call<'_>) -> Result<Value, Refusal> {
    let stream = found(call)?;
    let extent = stream.extent();
    let row = |(name, group): (&Key, &Group)| {
        map(vec![
            ("name", bulk(name)),
            ("consumers", count(group.consumers().len())),
            ("pending", count(group.pending())),
            ("last-delivered-id", id(group.last)),
            ("entries-read", number_or_nil(group.read)),
            ("lag", number_or_nil(extent.lag(group))),
        ])
    };
    Ok(Value::Array(stream.groups().map(row).collect()))
}

fn consumers(call: &mut Call<'_>) -> Result<Value, Refusal> {
    let (key, name, now_ms) = (call.word(2)?, call.word(3)?, call.now_ms());
    let group = found(call)?.group(name).ok_or_else(|| no_group_of(key, name))?;
    let since = |time: i64| Value::Int(now_ms.saturating_sub(time).max(0));
    let rows = group.consumers().map(|(name, consumer)| {
        map(vec![
            ("name", bulk(name)),
            ("pending", count(consumer.pending())),
            ("idle", since(consumer.seen_at)),
            ("inactive", consumer.active_at.map_or(Value::Int(-1), since)),
        ])
    });
    Ok(Value::Array(rows.collect()))
}

//! XREAD and XREADGROUP, which can wait.

use redis::Value;

use super::{entries, id, ids, no_group};
use crate::embedded::call::{Call, Need, Wait};
use crate::embedded::commands::blocking;
use crate::embedded::commands::reply::bulk;
use crate::embedded::refusal::Refusal;
use crate::embedded::store::{Key, Stream, StreamEntry, StreamId};

/// What the words before the keys say.
#[derive(Clone, Copy, Debug)]
struct Options<'a> {
    /// The group, and who reads for it.
    reader: Option<(&'a [u8], &'a [u8])>,
    limit: usize,
    /// Whether it waits when there is nothing, and until when.
    wait: Option<Option<i64>>,
    is_acknowledged: bool,
    /// Where the first key is.
    keys_at: usize,
    /// How many keys there are.
    keys: usize,
}

/// From where on a stream is read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum From {
    After(StreamId),
    /// What nobody in the group has read.
    Unread,
    /// What this consumer has read and not acknowledged.
    History(StreamId),
}

pub(super) fn read(call: &mut Call<'_>) -> Result<Value, Refusal> {
    let options = options(call, false)?;
    carry_out(call, options)
}

pub(super) fn read_for_group(call: &mut Call<'_>) -> Result<Value, Refusal> {
    let options = options(call, true)?;
    if options.reader.is_none() {
        return Err(Refusal::fixed("ERR Missing GROUP option for XREADGROUP"));
    }
    carry_out(call, options)
}

fn options<'a>(call: &Call<'a>, is_for_group: bool) -> Result<Options<'a>, Refusal> {
    let mut read =
        Options { reader: None, limit: usize::MAX, wait: None, is_acknowledged: false, keys_at: 0, keys: 0 };
    let mut at = 1;
    while at < call.words.len() {
        let left = call.words.len() - at - 1;
        if call.is(at, "BLOCK") && left >= 1 {
            read.wait = Some(blocking::until_ms(call, at + 1)?);
            at += 2;
        } else if call.is(at, "COUNT") && left >= 1 {
            let limit = usize::try_from(call.int(at + 1)?).unwrap_or_default();
            read.limit = if limit == 0 { usize::MAX } else { limit };
            at += 2;
        } else if call.is(at, "STREAMS") && left >= 1 {
            if !left.is_multiple_of(2) {
                return Err(unbalanced(is_for_group));
            }
            return Ok(Options { keys_at: at + 1, keys: left / 2, ..read });
        } else if call.is(at, "GROUP") && left >= 2 {
            must_be_for_group(is_for_group, "GROUP")?;
            read.reader = Some((call.word(at + 1)?, call.word(at + 2)?));
            at += 3;
        } else if call.is(at, "NOACK") {
            must_be_for_group(is_for_group, "NOACK")?;
            read.is_acknowledged = true;
            at += 1;
        } else {
            return Err(Refusal::SYNTAX);
        }
    }
    Err(Refusal::SYNTAX)
}

fn unbalanced(is_for_group: bool) -> Refusal {
    let (name, what) =
        if is_for_group { ("xreadgroup", "an ID or '>'") } else { ("xread", "an ID, '+', or '$'") };
    Refusal::new(format!(
        "ERR Unbalanced '{name}' list of streams: for each stream key {what} must be specified."
    ))
}

fn must_be_for_group(is_for_group: bool, option: &str) -> Result<(), Refusal> {
    let text =
        || format!("ERR The {option} option is only supported by XREADGROUP. You called XREAD instead.");
    if is_for_group { Ok(()) } else { Err(Refusal::new(text())) }
}

/// From where on the stream at `index` is to be read, which is one, or nothing yet.
fn place(call: &mut Call<'_>, options: Options<'_>, index: usize) -> Result<From, Refusal> {
    let (key, word) =
        (call.word(options.keys_at + index)?, call.word(options.keys_at + options.keys + index)?);
    let stream = call.keys().read::<Stream>(key)?;
    let Some((group, _)) = options.reader else {
        return match word {
            b"$" => Ok(From::After(stream.map_or(StreamId::ZERO, |stream| stream.last))),
            b"+" => {
                let newest = stream.and_then(|stream| stream.newest()?.id.previous());
                Ok(From::After(newest.unwrap_or_default()))
            }
            b">" => Err(Refusal::fixed(
                "ERR The > ID can be specified only when calling XREADGROUP using the GROUP <group> <consumer> \
                 option.",
            )),
            _ => ids::exact(word).map(From::After),
        };
    };
    if stream.is_none_or(|stream| stream.group(group).is_none()) {
        return Err(no_group(key, group, " in XREADGROUP with GROUP option"));
    }
    match word {
        b"$" | b"+" => {
            let sign = String::from_utf8_lossy(word);
            Err(Refusal::new(format!(
                "ERR The {sign} ID is meaningless in the context of XREADGROUP: you want to read the history of this \
                 consumer by specifying a proper ID, or use the > ID to get new messages. The {sign} ID would just \
                 return an empty result set."
            )))
        }
        b">" => Ok(From::Unread),
        // The last id of all means the same to Redis.
        _ => ids::exact(word).map(|id| if id == StreamId::MAX { From::Unread } else { From::History(id) }),
    }
}

fn carry_out(call: &mut Call<'_>, options: Options<'_>) -> Result<Value, Refusal> {
    // All of them are looked at before anything is read.
    let froms = (0..options.keys).map(|index| place(call, options, index));
    let froms = froms.collect::<Result<Vec<_>, _>>()?;
    let mut found = Vec::new();
    for (index, from) in froms.iter().enumerate() {
        let key = call.word(options.keys_at + index)?;
        if let Some(entries) = look(call, options, key, *from)? {
            found.push((bulk(key), entries));
        }
    }
    if found.is_empty() {
        if let Some(until) = options.wait {
            wait(call, options, &froms, until);
        }
        return Ok(Value::Nil);
    }
    Ok(if call.is_resp3() {
        Value::Map(found)
    } else {
        Value::Array(found.into_iter().map(|(key, entries)| Value::Array(vec![key, entries])).collect())
    })
}

/// What there is in a stream, if there is anything. A history is there even if it is empty.
fn look(call: &mut Call<'_>, options: Options<'_>, key: &[u8], from: From) -> Result<Option<Value>, Refusal> {
    let some = |found: Vec<StreamEntry>| (!found.is_empty()).then(|| entries(&found));
    let Some((group, consumer)) = options.reader else {
        let From::After(after) = from else { return Ok(None) };
        let stream = call.keys().read::<Stream>(key)?;
        let found = stream.map(|stream| stream.after(after).take(options.limit).cloned().collect());
        return Ok(found.and_then(some));
    };
    let now_ms = call.now_ms();
    let Some(stream) = call.keys().write_quietly::<Stream>(key)? else { return Ok(None) };
    if let Some(group) = stream.group_mut(group) {
        group.see(consumer, now_ms);
    }
    match from {
        From::History(after) => Ok(Some(history(stream, group, consumer, after, options.limit, now_ms))),
        From::Unread | From::After(_) => {
            let (consumer, is_kept) = (Key::from(consumer), !options.is_acknowledged);
            Ok(some(stream.deliver(group, &consumer, options.limit, is_kept, now_ms)))
        }
    }
}

/// What a consumer has not acknowledged, which is delivered to it once more as far as it still exists.
fn history(
    stream: &mut Stream,
    group: &[u8],
    consumer: &[u8],
    after: StreamId,
    limit: usize,
    now_ms: i64,
) -> Value {
    let of_consumer = stream.group(group).and_then(|group| group.consumer(consumer));
    let pending = of_consumer.into_iter().flat_map(|consumer| consumer.pending_from(after));
    let pending: Vec<_> = pending.filter(|id| *id > after).take(limit).collect();
    let mut replies = Vec::with_capacity(pending.len());
    for pending_id in pending {
        let Some(found) = stream.get(pending_id).cloned() else {
            replies.push(Value::Array(vec![id(pending_id), Value::Nil]));
            continue;
        };
        replies.push(super::entry(&found));
        if let Some(group) = stream.group_mut(group)
            && let Some(mut pending) = group.pending_of(pending_id).cloned()
        {
            pending.delivered_at = now_ms;
            pending.deliveries = pending.deliveries.saturating_add(1);
            group.assign(pending);
        }
    }
    Value::Array(replies)
}

/// Waits for any of the streams. "From now on" is from what is the last entry now.
fn wait(call: &mut Call<'_>, options: Options<'_>, froms: &[From], until: Option<i64>) {
    let keys = call.words.get(options.keys_at..options.keys_at + options.keys).unwrap_or_default();
    let mut again: Vec<Vec<u8>> = call.words.iter().map(|word| word.to_vec()).collect();
    for (word, from) in again.iter_mut().skip(options.keys_at + options.keys).zip(froms) {
        if let From::After(after) = from
            && word == b"$"
        {
            *word = after.to_string().into_bytes();
        }
    }
    let needs = if options.reader.is_some() { Need::Group } else { Need::Stream };
    let keys = keys.iter().map(|key| Key::from(*key)).collect();
    call.wait = Some(Wait { needs, keys, until, again: Some(again) });
}

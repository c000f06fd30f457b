//! A whole stream: its entries, its groups, their consumers, and what is pending.
//!
//! What commands cannot say of it is when a consumer was last seen.

mod groups;
mod steps;

use std::collections::BTreeMap;

use redfleet_core::{Backend, Error, Result};
use redis::{Cmd, Value, cmd};

use super::{MAX_STEP_WORDS, PAGE, Room, TOO_LARGE};
use crate::effect::Key;
use crate::effect::form::Word;
use crate::effect::said::{bytes, integer, items, plain};
use groups::Group;

/// Milliseconds, and a number that parts those of one millisecond.
type Id = (u64, u64);

/// A stream as it is.
struct Stream {
    /// The last id that it gave.
    last: Id,
    max_deleted: Id,
    /// How many entries it ever had.
    added: i64,
    /// The words of each entry: names and values.
    entries: BTreeMap<Id, Vec<Word>>,
    groups: Vec<Group>,
}

/// Adds steps that make the stream where there is none.
///
/// # Cost
///
/// A round trip for all but the entries, one for each thousand of those, and for each thousand that are pending in a group.
pub(super) async fn read(
    local: &dyn Backend,
    key: &Key,
    room: &mut Room,
    steps: &mut Vec<Cmd>,
) -> Result<()> {
    // One entry is enough, as they are read page by page.
    let about = local.call(cmd("XINFO").arg("STREAM").arg(&**key).arg("FULL").arg("COUNT").arg(1)).await?;
    let mut stream = stream(&about).ok_or_else(|| Error::conversion::<Vec<Vec<u8>>>(&about))?;
    stream.entries = entries(local, key, room).await?;
    for group in &mut stream.groups {
        group.read_pending(local, key, room).await?;
    }
    stream.put(key, steps);
    Ok(())
}

fn stream(about: &Value) -> Option<Stream> {
    Some(Stream {
        last: id(field(about, "last-generated-id")?)?,
        max_deleted: id(field(about, "max-deleted-entry-id")?)?,
        added: integer(field(about, "entries-added")?)?,
        entries: BTreeMap::new(),
        groups: items(field(about, "groups")?)?.iter().map(Group::of).collect::<Option<_>>()?,
    })
}

async fn entries(local: &dyn Backend, key: &Key, room: &mut Room) -> Result<BTreeMap<Id, Vec<Word>>> {
    let (mut all, mut from) = (BTreeMap::new(), "-".to_owned());
    loop {
        let question = cmd("XRANGE").arg(&**key).arg(&from).arg("+").arg("COUNT").arg(PAGE).take();
        let reply = local.call(&question).await?;
        let page: Option<Vec<_>> = items(&reply).and_then(|page| page.iter().map(entry).collect());
        let page = page.ok_or_else(|| Error::conversion::<Vec<Vec<u8>>>(&reply))?;
        let is_last = page.len() < PAGE;
        for (id, words) in page {
            room.take(&words)?;
            if words.len() + 3 > MAX_STEP_WORDS {
                return Err(Error::unsupported("a copy by its type", TOO_LARGE));
            }
            from = format!("({}", text(id));
            all.insert(id, words);
        }
        if is_last {
            return Ok(all);
        }
    }
}

fn entry(reply: &Value) -> Option<(Id, Vec<Word>)> {
    let [at, words] = items(reply)? else { return None };
    let words = items(words)?.iter().map(|word| bytes(word).map(Word::from)).collect::<Option<_>>()?;
    Some((id(at)?, words))
}

/// The field of this name in a reply that is a map, by whatever protocol.
fn field<'a>(reply: &'a Value, name: &str) -> Option<&'a Value> {
    let is_it = |word: &Value| bytes(word) == Some(name.as_bytes());
    if let Value::Map(pairs) = plain(reply) {
        return pairs.iter().find(|(word, _)| is_it(word)).map(|(_, value)| value);
    }
    items(reply)?.chunks_exact(2).find_map(|pair| {
        let [word, value] = pair else { return None };
        is_it(word).then_some(value)
    })
}

fn id(word: &Value) -> Option<Id> {
    let (ms, number) = std::str::from_utf8(bytes(word)?).ok()?.split_once('-')?;
    Some((ms.parse().ok()?, number.parse().ok()?))
}

fn text((ms, number): Id) -> String {
    format!("{ms}-{number}")
}

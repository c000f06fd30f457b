//! A whole stream, read by its type: its entries, where it is, and its groups with what each consumer has not acknowledged.
//!
//! What is pending is copied for entries that are still there; one that was deleted is pending nowhere but on local.

use redfleet_core::{Backend, Error, Result};
use redis::{Cmd, Value, cmd};

use super::{Page, bounded};
use crate::effect::Key;
use crate::effect::form::Word;
use crate::effect::said::{bytes, integer, items, plain};
use crate::effect::words::command;

/// Steps that build the stream where there is no such key.
///
/// # Cost
///
/// One round trip a thousand entries, two a group, and one a thousand entries that are pending.
pub(super) async fn put(local: &dyn Backend, key: &Key, steps: &mut Vec<Cmd>) -> Result<()> {
    let about = local.call(cmd("XINFO").arg("STREAM").arg(&**key)).await?;
    let last = word(&about, "last-generated-id")?;
    let (mut words, mut from, mut is_empty) = (Vec::new(), Word::from(b"-".as_slice()), true);
    loop {
        let page = cmd("XRANGE").arg(&**key).arg(&*from).arg("+").arg("COUNT").arg(super::PAGE).take();
        let page = local.call(&page).await?;
        let Some((entries, next)) = entries(&page) else { return Err(Error::conversion::<Page>(&page)) };
        for (id, fields) in entries {
            is_empty = false;
            words.extend(fields.iter().map(|field| Word::from(*field)));
            bounded(&words)?;
            steps.push(command([b"XADD".as_slice(), key, id].into_iter().chain(fields)));
        }
        let Some(next) = next else { break };
        from = next;
    }
    if is_empty {
        // A stream without entries is a key all the same.
        steps.push(command([b"XADD".as_slice(), key, b"0-1", b"", b""]));
        steps.push(command([b"XTRIM".as_slice(), key, b"MAXLEN", b"0"]));
    }
    let (added, deleted) = (number(&about, "entries-added")?, word(&about, "max-deleted-entry-id")?);
    let words =
        [b"XSETID".as_slice(), key, &last, b"ENTRIESADDED", added.as_bytes(), b"MAXDELETEDID", &deleted];
    steps.push(command(words));
    groups(local, key, steps).await
}

async fn groups(local: &dyn Backend, key: &Key, steps: &mut Vec<Cmd>) -> Result<()> {
    let groups = local.call(cmd("XINFO").arg("GROUPS").arg(&**key)).await?;
    for group in items(&groups).unwrap_or_default() {
        let (name, last) = (word(group, "name")?, word(group, "last-delivered-id")?);
        let mut create = command([b"XGROUP".as_slice(), b"CREATE", key, &name, &last]);
        if let Ok(read) = number(group, "entries-read") {
            create.arg("ENTRIESREAD").arg(read);
        }
        steps.push(create);
        let consumers = local.call(cmd("XINFO").arg("CONSUMERS").arg(&**key).arg(&*name)).await?;
        for consumer in items(&consumers).unwrap_or_default() {
            let consumer = word(consumer, "name")?;
            steps.push(command([b"XGROUP".as_slice(), b"CREATECONSUMER", key, &name, &consumer]));
        }
        pending(local, key, &name, steps).await?;
    }
    Ok(())
}

/// Whose each pending entry is, for how long, and how often it was delivered.
async fn pending(local: &dyn Backend, key: &Key, group: &[u8], steps: &mut Vec<Cmd>) -> Result<()> {
    let mut from = Word::from(b"-".as_slice());
    loop {
        let page = cmd("XPENDING").arg(&**key).arg(group).arg(&*from).arg("+").arg(super::PAGE).take();
        let page = local.call(&page).await?;
        let rows = items(&page).unwrap_or_default();
        for row in rows {
            let told = items(row).and_then(|row| {
                let [id, consumer, idle, times] = row else { return None };
                Some((bytes(id)?, bytes(consumer)?, integer(idle)?, integer(times)?))
            });
            let Some((id, consumer, idle, times)) = told else { return Err(Error::conversion::<Page>(row)) };
            let mut claim = command([b"XCLAIM".as_slice(), key, group, consumer, b"0", id]);
            steps.push(
                claim.arg("IDLE").arg(idle).arg("RETRYCOUNT").arg(times).arg("FORCE").arg("JUSTID").take(),
            );
            from = after(id);
        }
        if rows.len() < super::PAGE {
            return Ok(());
        }
    }
}

/// The entries of a page with their fields, and where the next page begins, if there is one.
type Entries<'a> = (Vec<(&'a [u8], Vec<&'a [u8]>)>, Option<Word>);

fn entries(page: &Value) -> Option<Entries<'_>> {
    let rows = items(page)?;
    let entry = |row| {
        let [id, fields] = items(row)? else { return None };
        let fields = items(fields)?.iter().map(bytes).collect::<Option<Vec<_>>>()?;
        Some((bytes(id)?, fields))
    };
    let entries: Vec<_> = rows.iter().map(entry).collect::<Option<_>>()?;
    let last = entries.last().filter(|_| rows.len() == super::PAGE).map(|(id, _)| after(id));
    Some((entries, last))
}

/// What comes after this id.
fn after(id: &[u8]) -> Word {
    [b"(".as_slice(), id].concat().into()
}

/// What XINFO says under this name.
fn said<'a>(about: &'a Value, name: &str) -> Result<&'a Value> {
    let is_it = |word: &Value| bytes(word).is_some_and(|word| word == name.as_bytes());
    let found = if let Value::Map(pairs) = plain(about) {
        pairs.iter().find(|(word, _)| is_it(word)).map(|(_, said)| said)
    } else {
        let words = items(about).unwrap_or_default();
        words.iter().position(is_it).and_then(|at| words.get(at + 1))
    };
    found.ok_or_else(|| Error::conversion::<Page>(about))
}

fn word(about: &Value, name: &str) -> Result<Word> {
    let said = said(about, name)?;
    bytes(said).map(Word::from).ok_or_else(|| Error::conversion::<Vec<u8>>(said))
}

fn number(about: &Value, name: &str) -> Result<String> {
    let said = said(about, name)?;
    integer(said).map(|number| number.to_string()).ok_or_else(|| Error::conversion::<i64>(said))
}

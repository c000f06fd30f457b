//! What the script of a round said, read. What it says is written in `scripts/ship.lua`.

use std::collections::BTreeMap;
use std::sync::Arc;

use redfleet_core::{Error, Result};
use redis::Value;

use super::refusal;
use super::ship::Verdict;
use super::watermark::Mark;
use crate::effect::Key;

/// What a round came to.
#[derive(Debug)]
struct Told {
    marked: u64,
    /// None if something was lost.
    skipped: Option<usize>,
    behind: usize,
    stop: String,
    /// By the entry's index.
    refused: BTreeMap<usize, String>,
    lives: BTreeMap<usize, Vec<Key>>,
}

/// One verdict an entry. The mark moves to where the remote's is.
pub(super) fn verdicts(reply: Value, entries: usize, mark: &mut Mark) -> Vec<Verdict> {
    let told = match Told::read(reply) {
        Ok(told) => told,
        Err(error) => return vec![refusal::of_call(error); entries],
    };
    mark.acked = told.marked;
    let Told { skipped: Some(skipped), behind, stop, mut refused, mut lives, .. } = told else {
        return vec![Verdict::LostData; entries];
    };
    let verdict = |index: usize| {
        // Of what was there before it may be told again that it is not as it should be.
        if index >= behind.max(skipped) {
            Verdict::Again(refusal::told(&stop))
        } else if let Some(text) = refused.remove(&index) {
            Verdict::Refused(refusal::told(&text))
        } else if let Some(keys) = lives.remove(&index) {
            Verdict::LifeDiffers(keys)
        } else if index < skipped {
            Verdict::AlreadyThere
        } else {
            Verdict::Applied
        }
    };
    (0..entries).map(verdict).collect()
}

impl Told {
    fn read(reply: Value) -> Result<Self> {
        let Value::Array(items) = reply else { return Err(Error::conversion::<Vec<Value>>(&reply)) };
        let mut items = items.into_iter();
        let marked = text(items.next())?.parse().unwrap_or_default();
        let skipped = usize::try_from(number(items.next())?).ok();
        let behind = usize::try_from(number(items.next())?).unwrap_or_default();
        let mut told = Self {
            marked,
            skipped,
            behind,
            stop: text(items.next())?,
            refused: BTreeMap::new(),
            lives: BTreeMap::new(),
        };
        while let Some(place) = items.next() {
            // Counted from 1 there.
            let index = usize::try_from(number(Some(place))?).unwrap_or_default().saturating_sub(1);
            match text(items.next())?.as_str() {
                "refused" => drop(told.refused.insert(index, text(items.next())?)),
                _ => told.lives.entry(index).or_default().push(Arc::from(bytes(items.next())?)),
            }
        }
        Ok(told)
    }
}

fn number(value: Option<Value>) -> Result<i64> {
    let value = value.unwrap_or_default();
    if let Value::Int(number) = value { Ok(number) } else { Err(Error::conversion::<i64>(&value)) }
}

fn bytes(value: Option<Value>) -> Result<Vec<u8>> {
    let value = value.unwrap_or_default();
    if let Value::BulkString(bytes) = value { Ok(bytes) } else { Err(Error::conversion::<Vec<u8>>(&value)) }
}

fn text(value: Option<Value>) -> Result<String> {
    bytes(value).map(|bytes| String::from_utf8_lossy(&bytes).into_owned())
}

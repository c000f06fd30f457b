//! Sorted sets.

pub(super) mod add;
pub(super) mod algebra;
mod ends;
pub(super) mod look;
pub(super) mod pop;
pub(super) mod range;
pub(super) mod remove;
#[cfg(test)]
mod tests;

use redis::Value;

use super::reply::bulk;
use crate::embedded::call::Call;
use crate::embedded::store::{Key, SortedSet, Stored};

/// Members with their scores: pairs in RESP3, one after the other in RESP2.
fn scored(call: &Call<'_>, pairs: impl IntoIterator<Item = (Key, f64)>) -> Value {
    let parts = pairs.into_iter().map(|(member, score)| [bulk(member), Value::Double(score)]);
    Value::Array(match call.is_resp3() {
        true => parts.map(|pair| Value::Array(pair.into())).collect(),
        false => parts.flatten().collect(),
    })
}

/// Replaces whatever a key held by this set; an empty one removes it.
fn store(call: &mut Call<'_>, key: Key, set: SortedSet) -> usize {
    let size = set.len();
    if set.is_empty() {
        call.keys().remove(&key);
    } else {
        call.keys().set(key, Stored::SortedSet(set), None);
    }
    size
}

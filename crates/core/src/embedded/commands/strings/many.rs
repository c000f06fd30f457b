//! MGET, MSET and MSETNX: several keys at once.

use redis::Value;

use super::bulk;
use crate::embedded::call::Call;
use crate::embedded::refusal::Refusal;
use crate::embedded::spec::Keys;
use crate::embedded::store::Stored;

/// Every second word is a key.
pub(super) const PAIRS: Keys = Keys::Range { first: 1, last: -1, step: 2 };

/// What holds no string is as if it was not there.
pub(super) fn mget(call: &mut Call<'_>) -> Result<Value, Refusal> {
    let mut values = Vec::with_capacity(call.rest(1).len());
    for key in call.rest(1) {
        values.push(call.keys().read::<Vec<u8>>(key).ok().flatten().map_or(Value::Nil, bulk));
    }
    Ok(Value::Array(values))
}

pub(super) fn mset(call: &mut Call<'_>) -> Result<Value, Refusal> {
    check_pairs(call, "mset")?;
    set_all(call);
    Ok(Value::Okay)
}

pub(super) fn msetnx(call: &mut Call<'_>) -> Result<Value, Refusal> {
    check_pairs(call, "msetnx")?;
    let is_any_there = call.rest(1).iter().step_by(2).any(|key| call.data.keyspace.contains(key));
    if !is_any_there {
        set_all(call);
    }
    Ok(Value::Int((!is_any_there).into()))
}

fn check_pairs(call: &Call<'_>, command: &str) -> Result<(), Refusal> {
    if call.rest(1).len().is_multiple_of(2) { Ok(()) } else { Err(Refusal::wrong_arity(command)) }
}

fn set_all(call: &mut Call<'_>) {
    for pair in call.rest(1).chunks_exact(2) {
        if let [key, value] = pair {
            call.keys().set((*key).into(), Stored::String(value.to_vec()), None);
        }
    }
}

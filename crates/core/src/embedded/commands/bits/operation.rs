//! BITOP: values joined bit by bit, the shorter ones with zeros behind them.

use redis::Value;

use crate::embedded::call::Call;
use crate::embedded::commands::reply::count;
use crate::embedded::refusal::Refusal;
use crate::embedded::store::Stored;

pub(super) fn operate(call: &mut Call<'_>) -> Result<Value, Refusal> {
    let (target, sources) = (call.key(2)?, call.rest(3));
    let joined = match call.word(1)?.to_ascii_uppercase().as_slice() {
        b"AND" => join(call, sources, |left, right| left & right)?,
        b"OR" => join(call, sources, |left, right| left | right)?,
        b"XOR" => join(call, sources, |left, right| left ^ right)?,
        b"NOT" if sources.len() > 1 => {
            return Err(Refusal::fixed("ERR BITOP NOT must be called with a single source key."));
        }
        b"NOT" => join(call, sources, |left, _| left)?.into_iter().map(|byte| !byte).collect(),
        _ => return Err(Refusal::SYNTAX),
    };
    let len = joined.len();
    if joined.is_empty() {
        call.keys().remove(&target);
    } else {
        call.keys().set(target, Stored::String(joined), None);
    }
    Ok(count(len))
}

/// The values of these keys, joined byte by byte. A key that is not there is as if it were empty.
fn join(call: &mut Call<'_>, sources: &[&[u8]], with: fn(u8, u8) -> u8) -> Result<Vec<u8>, Refusal> {
    let mut joined: Option<Vec<u8>> = None;
    for source in sources {
        let value = call.keys().read::<Vec<u8>>(source)?.map_or(&[][..], Vec::as_slice);
        let Some(joined) = &mut joined else {
            joined = Some(value.to_vec());
            continue;
        };
        joined.resize(joined.len().max(value.len()), 0);
        let padded = value.iter().copied().chain(std::iter::repeat(0));
        for (left, right) in joined.iter_mut().zip(padded) {
            *left = with(*left, right);
        }
    }
    Ok(joined.unwrap_or_default())
}

//! XADD.

use redis::Value;

use super::ids::Wanted;
use super::trim;
use crate::embedded::call::Call;
use crate::embedded::refusal::Refusal;
use crate::embedded::store::{Key, Stream, StreamId};

pub(super) fn add(call: &mut Call<'_>) -> Result<Value, Refusal> {
    let (key, options) = (call.word(1)?, trim::options(call, true)?);
    let Some((wanted, at)) = options.id else { return Err(Refusal::wrong_arity("xadd")) };
    let fields = call.rest(at + 1);
    if fields.is_empty() || !fields.len().is_multiple_of(2) {
        return Err(Refusal::wrong_arity("xadd"));
    }
    if wanted == Wanted::This(StreamId::ZERO) {
        return Err(Refusal::fixed("ERR The ID specified in XADD must be greater than 0-0"));
    }
    let now_ms = call.now_ms();
    let last = call.keys().read::<Stream>(key)?.map(|stream| stream.last);
    if last.is_none() && options.only_if_there {
        return Ok(Value::Nil);
    }
    let id = wanted.after(last.unwrap_or_default(), now_ms)?;
    let stream = call.keys().write_or_new::<Stream>(key)?;
    stream.add(id, fields.iter().map(|item| Key::from(*item)).collect());
    if let Some(trim) = options.trim {
        stream.trim(trim);
    }
    call.keys().mark_ready(key);
    Ok(super::id(id))
}

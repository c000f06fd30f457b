//! XRANGE and XREVRANGE.

use redis::Value;

use super::{entries, ids};
use crate::embedded::call::Call;
use crate::embedded::refusal::Refusal;
use crate::embedded::store::Stream;

pub(super) fn range(call: &mut Call<'_>, is_reversed: bool) -> Result<Value, Refusal> {
    let (start_at, end_at) = if is_reversed { (3, 2) } else { (2, 3) };
    let (start, end) = (ids::start(call.word(start_at)?)?, ids::end(call.word(end_at)?)?);
    let mut limit = usize::MAX;
    for at in (4..call.words.len()).step_by(2) {
        if !call.is(at, "COUNT") || at + 1 == call.words.len() {
            return Err(Refusal::SYNTAX);
        }
        limit = usize::try_from(call.int(at + 1)?).unwrap_or_default();
    }
    let key = call.word(1)?;
    let Some(stream) = call.keys().read::<Stream>(key)? else { return Ok(Value::Array(Vec::new())) };
    if limit == 0 {
        return Ok(Value::Nil);
    }
    let found = stream.range(start, end);
    Ok(if is_reversed { entries(found.rev().take(limit)) } else { entries(found.take(limit)) })
}

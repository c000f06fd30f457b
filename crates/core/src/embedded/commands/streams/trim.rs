//! XTRIM, and the options that it has in common with XADD.
//!
//! A rough trim (`~`) removes whole nodes, as in Redis, and the nodes are those that a Redis with its default settings
//! would have: of 100 entries or about 4 KiB.

use redis::Value;

use super::ids::{self, Wanted};
use crate::embedded::call::Call;
use crate::embedded::commands::reply::count;
use crate::embedded::refusal::Refusal;
use crate::embedded::store::{Keep, Stream, Trim};

/// The most that a rough trim removes at once, unless LIMIT says otherwise.
const ROUGH_LIMIT: usize = 100 * 100;

/// What the words before the fields say.
#[derive(Clone, Copy, Debug)]
pub(super) struct Options {
    pub(super) trim: Option<Trim>,
    pub(super) only_if_there: bool,
    /// Which id is wanted, and where that stands.
    pub(super) id: Option<(Wanted, usize)>,
}

pub(super) fn trim(call: &mut Call<'_>) -> Result<Value, Refusal> {
    let options = options(call, false)?;
    let (key, trim) = (call.word(1)?, options.trim.ok_or(Refusal::SYNTAX)?);
    let Some(stream) = call.keys().write_quietly::<Stream>(key)? else { return Ok(Value::Int(0)) };
    let gone = stream.trim(trim);
    if gone > 0 {
        call.keys().mark_changed(key);
    }
    Ok(count(gone))
}

/// Reads the options behind the key: up to the id, if an entry is added.
pub(super) fn options(call: &Call<'_>, is_adding: bool) -> Result<Options, Refusal> {
    const BOTH: Refusal =
        Refusal::fixed("ERR syntax error, MAXLEN and MINID options at the same time are not compatible");
    let mut read = Options { trim: None, only_if_there: false, id: None };
    let (mut limit, mut at) = (None, 2);
    while at < call.words.len() && read.id.is_none() {
        let has_value = at + 1 < call.words.len();
        let is_star = is_adding && call.is(at, "*");
        if (call.is(at, "MAXLEN") || call.is(at, "MINID")) && has_value && !is_star {
            if read.trim.is_some() {
                return Err(BOTH);
            }
            let has_sign = at + 2 < call.words.len() && (call.is(at + 1, "~") || call.is(at + 1, "="));
            let is_rough = has_sign && call.is(at + 1, "~");
            let value_at = at + 1 + usize::from(has_sign);
            let keep = keep(call, call.is(at, "MAXLEN"), value_at)?;
            read.trim = Some(Trim { keep, is_rough, limit: None });
            at = value_at + 1;
        } else if call.is(at, "LIMIT") && has_value {
            let value = size(call, at + 1, "LIMIT")?;
            limit = Some(value);
            at += 2;
        } else if is_adding && call.is(at, "NOMKSTREAM") {
            read.only_if_there = true;
            at += 1;
        } else if is_adding {
            read.id = Some((Wanted::read(call.word(at)?)?, at));
        } else {
            return Err(Refusal::SYNTAX);
        }
    }
    limited(&mut read.trim, limit, is_adding)?;
    Ok(read)
}

fn keep(call: &Call<'_>, is_max_len: bool, at: usize) -> Result<Keep, Refusal> {
    if is_max_len {
        size(call, at, "MAXLEN").map(Keep::Newest)
    } else {
        ids::exact(call.word(at)?).map(Keep::From)
    }
}

/// How many, of which there cannot be fewer than none.
fn size(call: &Call<'_>, at: usize, name: &str) -> Result<usize, Refusal> {
    let negative = |_| Refusal::new(format!("ERR The {name} argument must be >= 0."));
    usize::try_from(call.int(at)?).map_err(negative)
}

/// Limits a rough trim; an exact one has no limit, and cannot be given one.
fn limited(trim: &mut Option<Trim>, limit: Option<usize>, is_adding: bool) -> Result<(), Refusal> {
    const NO_TRIM: Refusal =
        Refusal::fixed("ERR syntax error, LIMIT cannot be used without specifying a trimming strategy");
    const EXACT: Refusal =
        Refusal::fixed("ERR syntax error, LIMIT cannot be used without the special ~ option");
    match (trim, limit) {
        (None, Some(1..)) => Err(NO_TRIM),
        (None, _) if !is_adding => {
            Err(Refusal::fixed("ERR syntax error, XTRIM must be called with a trimming strategy"))
        }
        (None, None) => Ok(()),
        (Some(trim), limit) if trim.is_rough => {
            // Zero is no limit.
            trim.limit = Some(limit.unwrap_or(ROUGH_LIMIT)).filter(|limit| *limit > 0);
            Ok(())
        }
        (Some(_), None) => Ok(()),
        (Some(_) | None, Some(_)) => Err(EXACT),
    }
}

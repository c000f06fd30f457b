//! EXPIRE, TTL, PERSIST and their variants: how long a key lives.

#[cfg(test)]
mod tests;

use redis::Value;

use crate::embedded::call::Call;
use crate::embedded::refusal::Refusal;
use crate::embedded::spec::{Keys, Spec};

pub(super) const COMMANDS: &[Spec] = &[
    Spec::write("expire", -3, Keys::FIRST, |call| expire(call, From::Now, Unit::Seconds)),
    Spec::write("expireat", -3, Keys::FIRST, |call| expire(call, From::Epoch, Unit::Seconds)),
    Spec::read("expiretime", 2, Keys::FIRST, |call| left(call, From::Epoch, Unit::Seconds)),
    Spec::write("persist", 2, Keys::FIRST, persist),
    Spec::write("pexpire", -3, Keys::FIRST, |call| expire(call, From::Now, Unit::Milliseconds)),
    Spec::write("pexpireat", -3, Keys::FIRST, |call| expire(call, From::Epoch, Unit::Milliseconds)),
    Spec::read("pexpiretime", 2, Keys::FIRST, |call| left(call, From::Epoch, Unit::Milliseconds)),
    Spec::read("pttl", 2, Keys::FIRST, |call| left(call, From::Now, Unit::Milliseconds)),
    Spec::read("ttl", 2, Keys::FIRST, |call| left(call, From::Now, Unit::Seconds)),
];

/// Where a time is counted from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum From {
    Now,
    Epoch,
}

/// In what a time is counted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Unit {
    Seconds,
    Milliseconds,
}

/// Unix time in milliseconds, of a time that is counted so; nothing if that is too large for it.
pub(super) fn unix_ms(count: i64, from: From, unit: Unit, now_ms: i64) -> Option<i64> {
    let ms = match unit {
        Unit::Seconds => count.checked_mul(1000)?,
        Unit::Milliseconds => count,
    };
    match from {
        From::Now => ms.checked_add(now_ms),
        From::Epoch => Some(ms),
    }
}

/// The refusal of a time that is too large, or not allowed.
pub(super) fn invalid_time(command: &str) -> Refusal {
    Refusal::new(format!("ERR invalid expire time in '{command}' command"))
}

/// Under which conditions a life is set.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Conditions {
    only_mortal: bool,
    only_immortal: bool,
    only_longer: bool,
    only_shorter: bool,
}

impl Conditions {
    pub(super) fn read(words: &[&[u8]]) -> Result<Self, Refusal> {
        let mut all = Self::default();
        for word in words {
            match word.to_ascii_uppercase().as_slice() {
                b"NX" => all.only_immortal = true,
                b"XX" => all.only_mortal = true,
                b"GT" => all.only_longer = true,
                b"LT" => all.only_shorter = true,
                _ => {
                    let word = Refusal::shown(word);
                    return Err(Refusal::new(format!("ERR Unsupported option {word}")));
                }
            }
        }
        if all.only_immortal && (all.only_mortal || all.only_longer || all.only_shorter) {
            let text = "ERR NX and XX, GT or LT options at the same time are not compatible";
            return Err(Refusal::fixed(text));
        }
        if all.only_longer && all.only_shorter {
            return Err(Refusal::fixed("ERR GT and LT options at the same time are not compatible"));
        }
        Ok(all)
    }

    /// Whether a life that ends at `before` may become one that ends at `after`. One without an end is the longest.
    pub(super) fn allow(self, before: Option<i64>, after: i64) -> bool {
        match before {
            None => !self.only_mortal && !self.only_longer,
            Some(before) => {
                let is_refused = self.only_immortal
                    || (self.only_longer && after <= before)
                    || (self.only_shorter && after >= before);
                !is_refused
            }
        }
    }
}

fn expire(call: &mut Call<'_>, from: From, unit: Unit) -> Result<Value, Refusal> {
    let conditions = Conditions::read(call.rest(3))?;
    let count = call.int(2)?;
    let now_ms = call.now_ms();
    let Some(at) = unix_ms(count, from, unit, now_ms) else {
        let name = call.word(0)?.to_ascii_lowercase();
        return Err(invalid_time(&String::from_utf8_lossy(&name)));
    };
    let key = call.word(1)?;
    call.keys().mark_used(key);
    let Some(before) = call.keys().entry(key).map(|entry| entry.expires_at) else {
        return Ok(Value::Int(0));
    };
    let is_allowed = conditions.allow(before, at);
    if is_allowed {
        call.keys().set_expiry(key, Some(at));
    }
    Ok(Value::Int(is_allowed.into()))
}

fn left(call: &mut Call<'_>, from: From, unit: Unit) -> Result<Value, Refusal> {
    let (key, now_ms) = (call.word(1)?, call.now_ms());
    let Some(entry) = call.keys().entry(key) else { return Ok(Value::Int(-2)) };
    let Some(at) = entry.expires_at else { return Ok(Value::Int(-1)) };
    let ms = match from {
        From::Now => at.saturating_sub(now_ms),
        From::Epoch => at,
    };
    Ok(Value::Int(match unit {
        Unit::Seconds => ms / 1000 + i64::from(ms % 1000 >= 500),
        Unit::Milliseconds => ms,
    }))
}

fn persist(call: &mut Call<'_>) -> Result<Value, Refusal> {
    let key = call.word(1)?;
    call.keys().mark_used(key);
    let is_mortal = call.keys().entry(key).is_some_and(|entry| entry.expires_at.is_some());
    if is_mortal {
        call.keys().set_expiry(key, None);
    }
    Ok(Value::Int(is_mortal.into()))
}

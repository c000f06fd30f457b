//! Whole keys: what they are on local, and the effect that makes them so elsewhere.

use redfleet_core::{Backend, Error, Result};
use redis::{Cmd, Value, cmd};

use super::questions::life;
use super::said::bytes;
use super::words::command;
use super::{Effect, Key, Kind, Life};

/// What is asked on local to know all of a key, for [`from_dump`]. In one round trip.
pub(crate) fn questions_for_dump(key: &[u8]) -> [Cmd; 2] {
    [cmd("DUMP").arg(key).take(), cmd("PEXPIRETIME").arg(key).take()]
}

/// The effect that makes this key what it is on local, or deletes it.
///
/// # Errors
///
/// What local said instead of an answer.
pub(crate) fn from_dump(key: &Key, answers: &[Result<Value>]) -> Result<Effect> {
    let [payload, end] = answers else { return Err(Error::Unanswered) };
    let (payload, end) = (payload.as_ref().map_err(Clone::clone)?, end.as_ref().map_err(Clone::clone)?);
    let life = life(end).ok_or_else(|| Error::conversion::<i64>(end))?;
    let step = restoring(key, payload, life).ok_or_else(|| Error::conversion::<Vec<u8>>(payload))?;
    Ok(Effect { steps: vec![step], keys: vec![key.clone()], lives: Vec::new(), kind: Kind::Overwrites })
}

/// The command that makes this key so: RESTORE, or DEL where local has none. Nothing if DUMP said something else.
pub(super) fn restoring(key: &Key, payload: &Value, life: Life) -> Option<Cmd> {
    if matches!(payload, Value::Nil) || life == Life::Gone {
        return Some(command([b"DEL".as_slice(), key]));
    }
    let payload = bytes(payload)?;
    Some(match life {
        Life::Until { unix_ms } => {
            let end = unix_ms.to_string();
            command([b"RESTORE".as_slice(), key, end.as_bytes(), payload, b"REPLACE", b"ABSTTL"])
        }
        Life::Forever | Life::Gone => command([b"RESTORE".as_slice(), key, b"0", payload, b"REPLACE"]),
    })
}

/// The effect that makes this key what it is on local, read by its type and not as a payload: for a remote that refuses the
/// payloads of local's version.
///
/// # Errors
///
/// What local said instead of an answer.
pub(crate) async fn read_typed(local: &dyn Backend, key: &Key) -> Result<Effect> {
    super::typed::read(local, key).await
}

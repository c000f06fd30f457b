//! Where in a cluster a command goes.

use redis::Cmd;

use super::scan::Cursor;
use super::slots::Slot;
use super::{aggregate, split};
use crate::backend::{keys_of, name, word};
use crate::error::{Error, Result};

/// Where in a cluster a command goes: decided from its words alone.
///
/// # Example
///
/// ```
/// use redfleet_core::{Route, Slot};
/// use redis::cmd;
///
/// let slot = Slot::of_key(b"user:1");
/// assert_eq!(Route::of(cmd("GET").arg("user:1"))?, Route::Slot(slot));
/// assert_eq!(Route::of(cmd("DEL").arg("user:1").arg("user:2"))?, Route::Split);
/// assert_eq!(Route::of(&cmd("DBSIZE"))?, Route::Primaries);
/// assert!(Route::of(cmd("SUNION").arg("a").arg("b")).is_err());
/// # Ok::<(), redfleet_core::Error>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Route {
    /// To the primary of this slot, which holds all its keys.
    Slot(Slot),
    /// To any primary: it has no key, and they would all answer the same, or each for itself.
    Any,
    /// To every primary, and their replies are made one.
    Primaries,
    /// To the primary with this number, in the order of their slots: a SCAN, whose cursor says how far it is.
    Primary(u16),
    /// In parts, one for each slot of its keys, and their replies are made one.
    Split,
}

impl Route {
    /// Where `command` goes.
    ///
    /// # Errors
    ///
    /// [`Error::Unsupported`] if its keys lie in several slots and it cannot be taken apart, or if it is about
    /// one server and does not say which.
    pub fn of(command: &Cmd) -> Result<Self> {
        let mut slots = keys_of(command).map(Slot::of_key);
        let Some(first) = slots.next() else { return keyless(command) };
        if slots.all(|slot| slot == first) {
            return Ok(Self::Slot(first));
        }
        match split::width(command) {
            // A pair without its second half is for the server to refuse, before anything is carried out.
            Some(width) if !(command.args_iter().len() - 1).is_multiple_of(width) => Ok(Self::Slot(first)),
            Some(_) => Ok(Self::Split),
            None => Err(Error::unsupported(word(name(command)), SEVERAL_SLOTS)),
        }
    }
}

const SEVERAL_SLOTS: &str =
    "its keys lie in several slots: give them one {hash tag}, or send one command a key in a batch";

fn keyless(command: &Cmd) -> Result<Route> {
    let name = name(command);
    let is = |other: &str| name.eq_ignore_ascii_case(other.as_bytes());
    if is("SCAN") {
        // What is no cursor is refused by whoever is asked.
        return Ok(Cursor::of(command).map_or(Route::Any, |cursor| Route::Primary(cursor.primary)));
    }
    if is("SHUTDOWN") || is("FAILOVER") || is("REPLICAOF") || is("SLAVEOF") || is("SWAPDB") {
        return Err(Error::unsupported(
            word(name),
            "it is about one server: take it from Cluster::primaries()",
        ));
    }
    Ok(if aggregate::of(command).is_some() { Route::Primaries } else { Route::Any })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn route(text: &str) -> Result<Route> {
        let mut command = Cmd::new();
        for word in text.split(' ') {
            command.arg(word);
        }
        Route::of(&command)
    }

    #[test]
    fn a_command_with_keys_goes_to_their_slot() {
        for text in ["GET a", "MGET a{t} b{t}", "EVAL s 2 {t}a {t}b x", "MSET a 1 a 2", "SUNION {t}a {t}b"] {
            assert!(matches!(route(text), Ok(Route::Slot(_))), "{text}");
        }
        assert_eq!(route("GET foo").unwrap(), Route::Slot(Slot::of_key(b"foo")));
        assert_eq!(route("MGET x{t} y{t}").unwrap(), Route::Slot(Slot::of_key(b"t")));
    }

    #[test]
    fn what_can_be_taken_apart_is_and_the_rest_is_refused() {
        for text in ["DEL a b", "unlink a b", "EXISTS a b", "TOUCH a b", "MGET a b", "MSET a 1 b 2"] {
            assert_eq!(route(text).unwrap(), Route::Split, "{text}");
        }
        for text in
            ["SUNION a b", "RENAME a b", "MSETNX a 1 b 2", "EVAL s 2 a b", "PFCOUNT a b", "BITOP AND a b"]
        {
            assert!(matches!(route(text), Err(Error::Unsupported { .. })), "{text}");
        }
    }

    #[test]
    fn a_broken_pair_is_not_taken_apart() {
        assert_eq!(route("MSET a 1 b").unwrap(), Route::Slot(Slot::of_key(b"a")));
    }

    #[test]
    fn a_scan_goes_where_its_cursor_says() {
        assert_eq!(route("SCAN 0").unwrap(), Route::Primary(0));
        assert_eq!(route("scan 281474976710663 COUNT 1").unwrap(), Route::Primary(1));
        assert_eq!(route("SCAN x").unwrap(), Route::Any);
    }

    #[test]
    fn a_command_without_keys_goes_to_any_primary_or_to_all() {
        for text in [
            "PING",
            "TIME",
            "INFO",
            "CLUSTER INFO",
            "COMMAND",
            "PUBLISH c m",
            "RANDOMKEY",
            "CONFIG GET x",
            "EVAL s 0",
        ] {
            assert_eq!(route(text).unwrap(), Route::Any, "{text}");
        }
        for text in [
            "DBSIZE",
            "KEYS *",
            "FLUSHALL",
            "flushdb ASYNC",
            "SCRIPT LOAD x",
            "CONFIG SET a b",
            "FUNCTION LOAD x",
        ] {
            assert_eq!(route(text).unwrap(), Route::Primaries, "{text}");
        }
        assert!(route("SHUTDOWN").is_err());
    }
}

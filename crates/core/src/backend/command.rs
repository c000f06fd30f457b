//! What a command would do to the connection that carries it.

use redis::{Arg, Cmd};

use super::Batch;
use crate::error::{Error, Result};

/// Where a command is about to run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Place {
    /// On the connection that all callers share.
    Shared,
    /// On a connection of one's own.
    Session,
}

/// The command's name as it was written, or nothing for an empty command.
pub(crate) fn name(command: &Cmd) -> &[u8] {
    arg(command, 0).unwrap_or_default()
}

/// The command's `index`th word, the name being the 0th.
pub(crate) fn arg(command: &Cmd, index: usize) -> Option<&[u8]> {
    if let Arg::Simple(bytes) = command.args_iter().nth(index)? { Some(bytes) } else { None }
}

/// A command's name for people: upper case, and of bounded length.
pub(crate) fn word(name: &[u8]) -> String {
    const MAX_SHOWN_BYTES: usize = 32;
    let shown = name.get(..MAX_SHOWN_BYTES).unwrap_or(name);
    String::from_utf8_lossy(shown).to_ascii_uppercase()
}

/// Refuses what would change or occupy the connection for others, or break its one reply a command.
pub(crate) fn check(command: &Cmd, place: Place) -> Result<()> {
    let name = name(command);
    if name.is_empty() {
        return Err(Error::unsupported("an empty command", "give the command a name"));
    }
    if command.is_no_response() {
        return Err(Error::unsupported(
            word(name),
            "every command here has a reply: leave no_response unset",
        ));
    }
    match (harm(command, name), place) {
        (Harm::None, _) | (Harm::State(_), Place::Session) => Ok(()),
        (Harm::State(instead) | Harm::Protocol(instead), _) => Err(Error::unsupported(word(name), instead)),
    }
}

/// Refuses what the shared connection of a [`Backend`](super::Backend) would refuse: for queues, so that they say so
/// where the command is queued and not when it is sent.
///
/// # Errors
///
/// [`Error::Unsupported`] if the command changes the connection for others or occupies it (it runs on a
/// [`session`](super::Backend::session)), or ends the order of one reply a command (it runs nowhere).
///
/// # Example
///
/// ```
/// use redfleet_core::check_shared;
/// use redis::cmd;
///
/// assert!(check_shared(cmd("GET").arg("k")).is_ok());
/// let error = check_shared(cmd("BLPOP").arg("k").arg(0)).unwrap_err();
/// assert_eq!(error.to_string(), "BLPOP is not supported here: it makes everybody wait: use a session");
/// ```
pub fn check_shared(command: &Cmd) -> Result<()> {
    check(command, Place::Shared)
}

/// A command's name for people: upper case, and of bounded length. Never a key or a value.
#[must_use]
pub fn command_name(command: &Cmd) -> String {
    word(name(command))
}

/// [`check`] for every command of a batch: either all of it may run, or nothing of it is sent.
pub(crate) fn check_all(batch: &Batch, place: Place) -> Result<()> {
    batch.unchecked().try_for_each(|command| check(command, place))
}

/// What carrying a command does to its connection.
enum Harm {
    /// Nothing: it may be shared.
    None,
    /// It changes the connection, or makes it wait: it needs a connection of its own.
    State(&'static str),
    /// It ends the order of one reply a command: it can run nowhere here.
    Protocol(&'static str),
}

const TRANSACTION: Harm = Harm::State("send an atomic batch, or use a session");
const OWN: Harm = Harm::State("it changes the connection for everybody: use a session");
const BLOCKING: Harm = Harm::State("it makes everybody wait: use a session");
const SUBSCRIBING: Harm = Harm::Protocol("use subscribe()");
const ENDING: Harm = Harm::Protocol("it ends the order of one reply a command");

fn harm(command: &Cmd, name: &[u8]) -> Harm {
    let is = |other: &str| name.eq_ignore_ascii_case(other.as_bytes());
    // By length first: this runs for every command, and most lengths have few candidates.
    match name.len() {
        4 if is("EXEC") => TRANSACTION,
        4 if is("AUTH") => OWN,
        4 if is("WAIT") => BLOCKING,
        4 if is("SYNC") || is("QUIT") => ENDING,
        5 if is("MULTI") || is("WATCH") => TRANSACTION,
        5 if is("HELLO") || is("RESET") || is("PSYNC") => ENDING,
        5 if is("BLPOP") || is("BRPOP") => BLOCKING,
        5 if is("XREAD") && has_block(command, 1) => BLOCKING,
        6 if is("SELECT") || is("ASKING") => OWN,
        6 if is("CLIENT") => client(command),
        6 if is("SCRIPT") && arg(command, 1).is_some_and(|verb| verb.eq_ignore_ascii_case(b"DEBUG")) => {
            ENDING
        }
        6 if is("BLMOVE") || is("BLMPOP") || is("BZMPOP") => BLOCKING,
        7 if is("DISCARD") || is("UNWATCH") => TRANSACTION,
        7 if is("MONITOR") => ENDING,
        7 if is("WAITAOF") => BLOCKING,
        8 if is("READONLY") => OWN,
        8 if is("BZPOPMIN") || is("BZPOPMAX") => BLOCKING,
        8 if is("REPLCONF") => ENDING,
        9 if is("READWRITE") => OWN,
        9 if is("SUBSCRIBE") => SUBSCRIBING,
        10 if is("PSUBSCRIBE") || is("SSUBSCRIBE") => SUBSCRIBING,
        10 if is("BRPOPLPUSH") => BLOCKING,
        // GROUP, the group's name and the consumer's come first, and may be called anything.
        10 if is("XREADGROUP") && has_block(command, 4) => BLOCKING,
        11 if is("UNSUBSCRIBE") => SUBSCRIBING,
        12 if is("PUNSUBSCRIBE") || is("SUNSUBSCRIBE") => SUBSCRIBING,
        _ => Harm::None,
    }
}

fn client(command: &Cmd) -> Harm {
    let Some(verb) = arg(command, 1) else { return Harm::None };
    let is = |other: &str| verb.eq_ignore_ascii_case(other.as_bytes());
    if is("REPLY") {
        ENDING
    } else if ["SETNAME", "TRACKING", "CACHING", "NO-EVICT", "NO-TOUCH", "CAPA", "SETINFO"]
        .iter()
        .any(|v| is(v))
    {
        OWN
    } else {
        Harm::None
    }
}

/// Whether XREAD or XREADGROUP would wait: BLOCK stands among the options, before STREAMS.
fn has_block(command: &Cmd, options: usize) -> bool {
    for word in command.args_iter().skip(options) {
        let Arg::Simple(word) = word else { continue };
        if word.eq_ignore_ascii_case(b"STREAMS") {
            return false;
        }
        if word.eq_ignore_ascii_case(b"BLOCK") {
            return true;
        }
    }
    false
}

#[cfg(test)]
mod tests {
    use super::*;

    fn command(text: &str) -> Cmd {
        let mut command = Cmd::new();
        for word in text.split(' ') {
            command.arg(word);
        }
        command
    }

    #[test]
    fn what_changes_or_occupies_a_connection_runs_on_a_session_only() {
        for text in [
            "MULTI",
            "EXEC",
            "DISCARD",
            "WATCH k",
            "UNWATCH",
            "SELECT 1",
            "AUTH secret",
            "WAIT 1 0",
            "WAITAOF 1 0 0",
            "BLPOP k 0",
            "BRPOP k 0",
            "BLMOVE a b LEFT LEFT 0",
            "BLMPOP 0 1 k LEFT",
            "BZPOPMIN k 0",
            "BZPOPMAX k 0",
            "BZMPOP 0 1 k MIN",
            "BRPOPLPUSH a b 0",
            "XREAD BLOCK 0 STREAMS s $",
            "xreadgroup GROUP g c BLOCK 0 STREAMS s >",
            "XREADGROUP GROUP streams me BLOCK 0 STREAMS s >",
            "CLIENT TRACKING ON",
            "client setname x",
            "CLIENT CACHING YES",
            "CLIENT NO-EVICT on",
            "READONLY",
            "READWRITE",
            "ASKING",
        ] {
            assert!(check(&command(text), Place::Shared).is_err(), "{text} on the shared connection");
            assert!(check(&command(text), Place::Session).is_ok(), "{text} on a session");
        }
    }

    #[test]
    fn what_breaks_one_reply_a_command_runs_nowhere() {
        for text in [
            "SUBSCRIBE c",
            "PSUBSCRIBE c",
            "SSUBSCRIBE c",
            "UNSUBSCRIBE",
            "PUNSUBSCRIBE",
            "SUNSUBSCRIBE",
            "MONITOR",
            "HELLO 3",
            "RESET",
            "QUIT",
            "SYNC",
            "PSYNC ? -1",
            "CLIENT REPLY OFF",
            "SCRIPT DEBUG YES",
            "REPLCONF ACK 1",
        ] {
            for place in [Place::Shared, Place::Session] {
                assert!(
                    matches!(check(&command(text), place), Err(Error::Unsupported { .. })),
                    "{text} in {place:?}"
                );
            }
        }
    }

    #[test]
    fn everyday_commands_are_shared() {
        for text in [
            "GET k",
            "set k v",
            "XREAD STREAMS s 0",
            "XREAD COUNT 1 STREAMS BLOCK 0",
            "CLIENT ID",
            "XREADGROUP GROUP block me STREAMS s >",
            "CLIENT",
            "PUBLISH c m",
            "EVAL return 0",
            "SCRIPT LOAD x",
            "PING",
            "INFO",
        ] {
            assert!(check(&command(text), Place::Shared).is_ok(), "{text}");
        }
    }

    #[test]
    fn an_empty_command_and_one_without_a_reply_are_refused() {
        assert!(check(&Cmd::new(), Place::Session).is_err());
        let mut silent = redis::cmd("PING");
        silent.set_no_response(true);
        assert!(check(&silent, Place::Session).is_err());
    }
}

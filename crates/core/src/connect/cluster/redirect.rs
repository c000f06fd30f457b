//! Refusals that say where else to ask, and how often they are followed.
//!
//! Each of them is a server's own word that it did nothing, so what follows repeats no effect.

use std::time::Duration;

use super::address::Address;
use super::slots::Slot;
use crate::error::Error;

/// What a refusal says about where to go.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Redirect {
    /// The slot is served there, from now on.
    Moved(Slot, Address),
    /// The slot is on its way there: ask there, this once.
    Ask(Address),
    /// The slot is on its way, and its keys are in both places.
    TryAgain,
    /// The server is a replica now.
    Demoted,
}

impl Redirect {
    /// Reads a refusal.
    ///
    /// The whole text counts, not its first word: a script may refuse with words of its own after it has
    /// written something, and TRYAGAIN is a word that scripts do use.
    pub(crate) fn read(error: &Error) -> Option<Self> {
        let Error::Refused { error } = error else { return None };
        let details = error.details().unwrap_or_default();
        match error.code() {
            "MOVED" => place(details).map(|(slot, address)| Self::Moved(slot, address)),
            "ASK" => place(details).map(|(_, address)| Self::Ask(address)),
            "TRYAGAIN" if details.starts_with("Multiple keys request during rehashing") => {
                Some(Self::TryAgain)
            }
            "READONLY" if details.starts_with("You can't write against a read only replica") => {
                Some(Self::Demoted)
            }
            _ => None,
        }
    }
}

/// `3999 127.0.0.1:6381`.
fn place(details: &str) -> Option<(Slot, Address)> {
    let (slot, address) = details.split_once(' ')?;
    Some((Slot::new(slot.parse().ok()?)?, Address::parse(address)?))
}

/// How often a command may be sent somewhere else.
const MAX_HOPS: u32 = 5;
/// How often it may wait for keys on their way, or for a new primary: 10 ms doubling, 630 ms in all.
const MAX_WAITS: u32 = 6;
const FIRST_WAIT: Duration = Duration::from_millis(10);

/// How far one command was sent around already.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Trail {
    hops: u32,
    waits: u32,
}

impl Trail {
    /// Whether one more redirection may be followed, and how long to wait before that.
    pub(crate) fn follow(&mut self, redirect: &Redirect) -> Option<Duration> {
        match redirect {
            Redirect::Moved(..) | Redirect::Ask(_) => {
                self.hops += 1;
                (self.hops <= MAX_HOPS).then_some(Duration::ZERO)
            }
            Redirect::TryAgain | Redirect::Demoted => {
                self.waits += 1;
                (self.waits <= MAX_WAITS).then(|| FIRST_WAIT * 2u32.pow(self.waits - 1))
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use redis::Value;

    use super::*;

    fn read(resp: &str) -> Option<Redirect> {
        let Ok(Value::ServerError(error)) = redis::parse_redis_value(format!("-{resp}\r\n").as_bytes())
        else {
            panic!("{resp}")
        };
        Redirect::read(&Error::refused(error))
    }

    #[test]
    fn the_words_of_running_servers_are_read() {
        let slot = Slot::new(15_891).unwrap();
        let to = Address::new("127.0.0.1", 27_100);
        assert_eq!(read("MOVED 15891 127.0.0.1:27100"), Some(Redirect::Moved(slot, to.clone())));
        assert_eq!(read("ASK 15891 127.0.0.1:27100"), Some(Redirect::Ask(to)));
        assert_eq!(read("MOVED 15891 ::1:1"), Some(Redirect::Moved(slot, Address::new("::1", 1))));
        assert_eq!(read("MOVED 15891 :6381"), Some(Redirect::Moved(slot, Address::new("", 6381))));
        assert_eq!(read("TRYAGAIN Multiple keys request during rehashing of slot"), Some(Redirect::TryAgain));
        assert_eq!(read("READONLY You can't write against a read only replica."), Some(Redirect::Demoted));
    }

    #[test]
    fn other_refusals_lead_nowhere() {
        for text in [
            "ERR MOVED 1 a:1",
            "MOVED",
            "MOVED 1",
            "MOVED 16384 a:1",
            "MOVED x a:1",
            "MOVED 1 a:x",
            "CLUSTERDOWN down",
            "TRYAGAIN later",
            "TRYAGAIN",
            "READONLY mine",
            "NOSCRIPT no",
            "ASK me",
        ] {
            assert_eq!(read(text), None, "{text}");
        }
    }

    #[test]
    fn nothing_is_followed_for_ever() {
        let mut trail = Trail::default();
        let ask = Redirect::Ask(Address::new("a", 1));
        assert_eq!((0..100).map_while(|_| trail.follow(&ask)).count(), 5);
        let mut trail = Trail::default();
        let waits: Vec<_> = (0..100).map_while(|_| trail.follow(&Redirect::TryAgain)).collect();
        assert_eq!(waits.iter().sum::<Duration>(), Duration::from_millis(630));
        assert_eq!(waits.len(), 6);
    }
}

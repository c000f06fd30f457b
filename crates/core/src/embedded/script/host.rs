//! What a script is run for: the store behind `redis.call`.

use std::any::Any;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Mutex;

use redis::Value;

use crate::lock::lock;

/// In which protocol's terms a script wants its replies: `redis.setresp`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Protocol {
    /// Maps are flat lists, doubles are strings, nothing is `false`.
    Resp2,
    /// Maps, sets, doubles, booleans and null are what they are.
    Resp3,
}

/// What answers the commands of a script.
///
/// The engine owns the host during a run, because what Lua calls cannot borrow. So a host is a small struct into
/// which the store is moved (`mem::take`) and from which it is moved out again.
pub(crate) trait Host: Send + 'static {
    /// One command, with its name first. Rules for scripts (what is not allowed from one, arity, no writes from
    /// a script that said so) are the host's; the error is the reply's whole text: `ERR ..`, `WRONGTYPE ..`.
    fn call(&mut self, words: &[&[u8]], protocol: Protocol) -> Result<Value, String>;

    /// Whether the script's user may run this command; `None` if there is no such command.
    fn permits(&mut self, words: &[&[u8]]) -> Option<bool>;

    /// A line for the server's log, at one of the four levels of Redis: 0 (debug) to 3 (warning).
    fn log(&mut self, level: u8, line: &[u8]);
}

/// What somebody panicked with.
pub(crate) type Panic = Box<dyn Any + Send>;

/// Where the host is while a script runs.
#[derive(Debug)]
pub(super) struct Seat<H> {
    host: Mutex<Option<H>>,
    /// A host that panicked. Lua does not let a panic through whole, so it waits here for the end of the script.
    fallen: Mutex<Option<(H, Panic)>>,
}

impl<H: Host> Seat<H> {
    pub(super) const fn empty() -> Self {
        Self { host: Mutex::new(None), fallen: Mutex::new(None) }
    }

    pub(super) fn enter(&self, host: H) {
        *lock(&self.host) = Some(host);
    }

    /// The host, and what it panicked with, if it did.
    pub(super) fn leave(&self) -> (Option<H>, Option<Panic>) {
        match lock(&self.fallen).take() {
            Some((host, panic)) => (Some(host), Some(panic)),
            None => (lock(&self.host).take(), None),
        }
    }

    /// What `ask` gets from the host; nothing if no script runs, or if the host has panicked.
    pub(super) fn with<R>(&self, ask: impl FnOnce(&mut H) -> R) -> Option<R> {
        let mut seat = lock(&self.host);
        let host = seat.as_mut()?;
        match catch_unwind(AssertUnwindSafe(|| ask(host))) {
            Ok(answer) => Some(answer),
            Err(panic) => {
                *lock(&self.fallen) = seat.take().map(|host| (host, panic));
                None
            }
        }
    }
}

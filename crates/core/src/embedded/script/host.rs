//! What a script is run for: the store behind `redis.call`.

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

/// Where the host is while a script runs.
#[derive(Debug)]
pub(super) struct Seat<H>(Mutex<Option<H>>);

impl<H: Host> Seat<H> {
    pub(super) const fn empty() -> Self {
        Self(Mutex::new(None))
    }

    pub(super) fn enter(&self, host: H) {
        *lock(&self.0) = Some(host);
    }

    pub(super) fn leave(&self) -> Option<H> {
        lock(&self.0).take()
    }

    /// What `ask` gets from the host; nothing if no script runs.
    pub(super) fn with<R>(&self, ask: impl FnOnce(&mut H) -> R) -> Option<R> {
        lock(&self.0).as_mut().map(ask)
    }
}

//! What the store knows of one connection.

use redis::Value;

use super::mailbox::Mailbox;
use super::tracking::Mode;

/// Which connection it is. Numbers are never used again.
pub(crate) type ClientId = u64;

/// Which shapes of replies a connection understands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Protocol {
    Resp2,
    Resp3,
}

/// One connection's state.
#[derive(Debug)]
pub(crate) struct Client {
    pub(crate) id: ClientId,
    pub(crate) protocol: Protocol,
    /// Between MULTI and EXEC.
    pub(crate) transaction: Option<Transaction>,
    pub(crate) tracking: Option<Mode>,
    /// What the connection is told unasked.
    pub(crate) mailbox: Mailbox,
    /// What it is told in place of a reply, by SUBSCRIBE and its like.
    pub(crate) confirmations: Vec<Value>,
    /// Whether it does nothing but listen, on behalf of a backend that outlives a restart.
    pub(crate) is_listener: bool,
}

/// What was queued since MULTI.
#[derive(Clone, Debug, Default)]
pub(crate) struct Transaction {
    pub(crate) commands: Vec<Vec<Vec<u8>>>,
    /// Whether one could not be queued, so that EXEC will refuse them all.
    pub(crate) is_aborted: bool,
}

impl Client {
    pub(crate) fn new(id: ClientId, protocol: Protocol) -> Self {
        Self {
            id,
            protocol,
            transaction: None,
            tracking: None,
            mailbox: Mailbox::default(),
            confirmations: Vec::new(),
            is_listener: false,
        }
    }
}

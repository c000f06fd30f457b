//! All that a node keeps: what commands work on.

use super::blocked::Blocked;
use super::hub::Hub;
use super::roster::Roster;
use super::script::Limits;
use super::scripts::Scripts;
use super::server::Server;
use super::store::Keyspace;
use super::tracking::{Mailboxes, Tracking};
use super::watches::Watches;

/// A node's data and who is interested in it.
#[derive(Debug)]
pub(crate) struct Data {
    pub(crate) keyspace: Keyspace,
    pub(crate) blocked: Blocked,
    pub(crate) hub: Hub,
    pub(crate) tracking: Tracking,
    /// Of all connections.
    pub(crate) mailboxes: Mailboxes,
    pub(crate) roster: Roster,
    pub(crate) watches: Watches,
    pub(crate) scripts: Scripts,
    pub(crate) identity: Identity,
    pub(crate) server: Server,
    /// What SPOP and its like draw from.
    pub(crate) random: fastrand::Rng,
    /// How many commands were carried out since the start.
    pub(crate) commands: u64,
}

/// Which life of which node it is.
#[derive(Clone, Debug)]
pub(crate) struct Identity {
    /// 40 hexadecimal digits, others after each restart.
    pub(crate) run_id: String,
    /// Unix time in milliseconds.
    pub(crate) started_ms: i64,
}

impl Identity {
    /// A new life.
    pub(crate) fn draw(random: &mut fastrand::Rng, started_ms: i64) -> Self {
        let digits = std::iter::repeat_with(|| char::from_digit(random.u32(..16), 16).unwrap_or('0'));
        Self { run_id: digits.take(40).collect(), started_ms }
    }
}

impl Data {
    pub(crate) fn new(mut random: fastrand::Rng, now_ms: i64) -> Self {
        Self {
            keyspace: Keyspace::default(),
            blocked: Blocked::default(),
            hub: Hub::default(),
            tracking: Tracking::default(),
            mailboxes: Mailboxes::new(),
            roster: Roster::default(),
            watches: Watches::default(),
            scripts: Scripts::new(Limits::default()),
            identity: Identity::draw(&mut random, now_ms),
            server: Server::default(),
            random,
            commands: 0,
        }
    }
}

//! Embedded servers, and what they hold.

use std::collections::BTreeMap;
use std::time::Duration;

use redfleet_core::{Backend, BackendExt, Clock, Embedded, Result};
use redfleet_multiwrite::{BuildError, Builder, MultiWrite};
use redis::{FromRedisValue, cmd};

/// Long enough for anything that is to happen at all.
pub(crate) const LONG: Duration = Duration::from_secs(60);

/// A local and two remotes, in paused time.
pub(crate) struct World {
    pub(crate) local: Embedded,
    pub(crate) eu: Embedded,
    pub(crate) us: Embedded,
    pub(crate) clock: Clock,
}

impl World {
    pub(crate) fn new() -> Self {
        let clock = Clock::tokio();
        let node = |seed| Embedded::builder().clock(clock.clone()).seed(seed).build();
        Self { local: node(1), eu: node(2), us: node(3), clock }
    }

    pub(crate) fn builder(&self) -> Builder {
        MultiWrite::builder(self.local.shared()).clock(self.clock.clone()).seed(7)
    }

    pub(crate) fn store(&self) -> std::result::Result<MultiWrite, BuildError> {
        self.builder().remote("eu", self.eu.shared()).remote("us", self.us.shared()).build()
    }
}

/// One command, written as on a command line.
pub(crate) fn words(line: &str) -> redis::Cmd {
    let mut words = line.split(' ');
    let mut command = cmd(words.next().unwrap_or_default());
    words.for_each(|word| {
        command.arg(word);
    });
    command
}

/// What a node replies.
pub(crate) async fn ask<T: FromRedisValue>(node: &dyn Backend, line: &str) -> Result<T> {
    node.query(words(line)).await
}

/// All that a node holds, but for what is kept there for the store's own use: each key with its payload and its end.
pub(crate) async fn held(node: &dyn Backend) -> Result<BTreeMap<Vec<u8>, (Option<Vec<u8>>, i64)>> {
    let keys: Vec<Vec<u8>> = ask(node, "KEYS *").await?;
    let mut held = BTreeMap::new();
    for key in keys.into_iter().filter(|key| !key.starts_with(b"redfleet:mw:")) {
        let payload = node.query(cmd("DUMP").arg(&key)).await?;
        let end = node.query(cmd("PEXPIRETIME").arg(&key)).await?;
        held.insert(key, (payload, end));
    }
    Ok(held)
}

impl World {
    /// Whether both remotes hold what local holds.
    pub(crate) async fn are_equal(&self) -> Result<bool> {
        let local = held(&self.local).await?;
        let (eu, us) = (held(&self.eu).await?, held(&self.us).await?);
        Ok(local == eu && local == us)
    }
}

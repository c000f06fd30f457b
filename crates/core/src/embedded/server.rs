//! What a node knows of itself as a server: where it listens, how it is set, what it has counted.

use std::collections::BTreeMap;

/// The version whose replies these are.
pub(crate) const VERSION: &str = "8.0.2";
/// The same as a number, a byte a part.
pub(crate) const VERSION_NUM: u32 = 0x0008_0002;

/// One door that is open.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Listening {
    pub(crate) port: u16,
    /// How many connections it takes at once.
    pub(crate) clients_max: usize,
}

/// A node as a server. It starts anew with each life.
#[derive(Debug, Default)]
pub(crate) struct Server {
    /// Where clients of other processes come in: the doors that are open, the last one last.
    pub(crate) listening: Vec<Listening>,
    pub(crate) connections: u64,
    pub(crate) rejected: u64,
    /// What CONFIG SET changed.
    pub(crate) settings: BTreeMap<&'static str, String>,
    /// Unix time in seconds of the last SAVE.
    pub(crate) saved_at: Option<i64>,
}

impl Server {
    /// The port that clients of other processes come to, if there is one; of several the last.
    pub(crate) fn port(&self) -> Option<u16> {
        self.listening.last().map(|door| door.port)
    }

    /// How many connections that door takes at once.
    pub(crate) fn clients_max(&self) -> Option<usize> {
        self.listening.last().map(|door| door.clients_max)
    }

    /// What RESETSTAT forgets.
    pub(crate) fn forget_counts(&mut self) {
        (self.connections, self.rejected) = (0, 0);
    }

    /// What a restart forgets. Where it listens stays: the door is another life's as well.
    pub(crate) fn forget_process(&mut self) {
        *self = Self { listening: std::mem::take(&mut self.listening), ..Self::default() };
    }
}

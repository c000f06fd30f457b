//! Who is connected: what each connection told of itself, and what it did last.

use std::collections::BTreeMap;

use super::client::{ClientId, Protocol};

/// What others may know of a connection.
#[derive(Clone, Debug)]
pub(crate) struct Member {
    /// Where it comes from; nothing for one in this process.
    pub(crate) address: String,
    /// Where it came in.
    pub(crate) local_address: String,
    pub(crate) name: Vec<u8>,
    pub(crate) library: Vec<u8>,
    pub(crate) library_version: Vec<u8>,
    pub(crate) protocol: Protocol,
    /// Unix time in milliseconds.
    pub(crate) connected_ms: i64,
    /// When its last command came.
    pub(crate) used_ms: i64,
    /// Its last command.
    pub(crate) command: &'static str,
    /// How many commands are queued since MULTI.
    pub(crate) queued: Option<usize>,
    pub(crate) is_no_evict: bool,
    pub(crate) is_no_touch: bool,
}

/// All connections of a node.
#[derive(Debug, Default)]
pub(crate) struct Roster {
    members: BTreeMap<ClientId, Member>,
    /// Those that are to end after the current command.
    doomed: Vec<ClientId>,
}

impl Member {
    fn new(protocol: Protocol, now_ms: i64) -> Self {
        Self {
            address: String::new(),
            local_address: String::new(),
            name: Vec::new(),
            library: Vec::new(),
            library_version: Vec::new(),
            protocol,
            connected_ms: now_ms,
            used_ms: now_ms,
            command: "NULL",
            queued: None,
            is_no_evict: false,
            is_no_touch: false,
        }
    }
}

impl Roster {
    pub(crate) fn enter(&mut self, id: ClientId, protocol: Protocol, now_ms: i64) {
        self.members.insert(id, Member::new(protocol, now_ms));
    }

    pub(crate) fn leave(&mut self, id: ClientId) {
        self.members.remove(&id);
    }

    pub(crate) fn get(&self, id: ClientId) -> Option<&Member> {
        self.members.get(&id)
    }

    pub(crate) fn get_mut(&mut self, id: ClientId) -> Option<&mut Member> {
        self.members.get_mut(&id)
    }

    /// All, in the order in which they came.
    pub(crate) fn iter(&self) -> impl Iterator<Item = (ClientId, &Member)> {
        self.members.iter().map(|(id, member)| (*id, member))
    }

    pub(crate) fn len(&self) -> usize {
        self.members.len()
    }

    /// A command of this connection begins.
    pub(crate) fn note(&mut self, id: ClientId, command: &'static str, now_ms: i64) {
        if let Some(member) = self.members.get_mut(&id) {
            member.command = command;
            member.used_ms = now_ms;
        }
    }

    /// This connection ends after the current command.
    pub(crate) fn doom(&mut self, id: ClientId) {
        self.doomed.push(id);
    }

    /// Those that are to end now.
    pub(crate) fn take_doomed(&mut self) -> Vec<ClientId> {
        std::mem::take(&mut self.doomed)
    }
}

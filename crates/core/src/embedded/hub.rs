//! Who hears what is published.

use std::collections::{BTreeMap, BTreeSet};

use super::client::ClientId;
use super::glob;
use super::mailbox::{Mailbox, Push};
use super::store::Key;

/// Channels, patterns and those who listen.
#[derive(Debug, Default)]
pub(crate) struct Hub {
    channels: BTreeMap<Key, BTreeSet<ClientId>>,
    patterns: BTreeMap<Key, BTreeSet<ClientId>>,
    listeners: BTreeMap<ClientId, Listener>,
}

/// What one connection listens to.
#[derive(Debug)]
struct Listener {
    mailbox: Mailbox,
    channels: BTreeSet<Key>,
    patterns: BTreeSet<Key>,
}

/// Whether a name is a channel's or a pattern.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Names {
    Channels,
    Patterns,
}

impl Hub {
    /// Adds an interest, and tells how many this listener has now.
    pub(crate) fn subscribe(&mut self, id: ClientId, mailbox: &Mailbox, names: Names, name: Key) -> usize {
        let listener = self.listeners.entry(id).or_insert_with(|| Listener {
            mailbox: mailbox.clone(),
            channels: BTreeSet::new(),
            patterns: BTreeSet::new(),
        });
        let (own, all) = match names {
            Names::Channels => (&mut listener.channels, &mut self.channels),
            Names::Patterns => (&mut listener.patterns, &mut self.patterns),
        };
        own.insert(name.clone());
        all.entry(name).or_default().insert(id);
        self.interests(id)
    }

    /// Ends an interest, and tells how many this listener has left.
    pub(crate) fn unsubscribe(&mut self, id: ClientId, names: Names, name: &[u8]) -> usize {
        let (own, all) = match names {
            Names::Channels => (self.listeners.get_mut(&id).map(|own| &mut own.channels), &mut self.channels),
            Names::Patterns => (self.listeners.get_mut(&id).map(|own| &mut own.patterns), &mut self.patterns),
        };
        if own.is_some_and(|own| own.remove(name))
            && let Some(ids) = all.get_mut(name)
        {
            ids.remove(&id);
            if ids.is_empty() {
                all.remove(name);
            }
        }
        self.interests(id)
    }

    /// What this listener listens to.
    pub(crate) fn names(&self, id: ClientId, names: Names) -> Vec<Key> {
        let Some(listener) = self.listeners.get(&id) else { return Vec::new() };
        match names {
            Names::Channels => listener.channels.iter().cloned().collect(),
            Names::Patterns => listener.patterns.iter().cloned().collect(),
        }
    }

    /// How many channels and patterns this listener listens to.
    pub(crate) fn interests(&self, id: ClientId) -> usize {
        self.listeners.get(&id).map_or(0, |own| own.channels.len() + own.patterns.len())
    }

    /// Forgets a listener.
    pub(crate) fn leave(&mut self, id: ClientId) {
        for names in [Names::Channels, Names::Patterns] {
            for name in self.names(id, names) {
                self.unsubscribe(id, names, &name);
            }
        }
        self.listeners.remove(&id);
    }

    /// Tells everybody who listens, and returns how many times it was told.
    pub(crate) fn publish(&self, channel: &[u8], payload: &[u8]) -> usize {
        let mut told = 0;
        let mut tell = |ids: &BTreeSet<ClientId>, pattern: Option<&Key>| {
            for listener in ids.iter().filter_map(|id| self.listeners.get(id)) {
                let push = Push::Published {
                    channel: channel.into(),
                    pattern: pattern.cloned(),
                    payload: payload.into(),
                };
                listener.mailbox.put(&push);
                told += 1;
            }
        };
        if let Some(ids) = self.channels.get(channel) {
            tell(ids, None);
        }
        for (pattern, ids) in &self.patterns {
            if glob::matches(pattern, channel) {
                tell(ids, Some(pattern));
            }
        }
        told
    }

    /// How many listen to this channel by its name.
    pub(crate) fn listeners(&self, channel: &[u8]) -> usize {
        self.channels.get(channel).map_or(0, BTreeSet::len)
    }

    /// Channels that somebody listens to, and how many do.
    pub(crate) fn channels(&self) -> impl Iterator<Item = (&Key, usize)> {
        self.channels.iter().map(|(channel, ids)| (channel, ids.len()))
    }

    /// How many different patterns are listened to.
    pub(crate) fn patterns(&self) -> usize {
        self.patterns.len()
    }
}

//! CLIENT TRACKING: who has read what, and is told when it changes.

use std::collections::{BTreeMap, BTreeSet};

use super::client::{Client, ClientId};
use super::mailbox::{Mailbox, Push};
use super::store::Key;

/// How many keys are remembered as read. Of one more, some reader is told that it changed.
const MAX_KEYS: usize = 1_000_000;

/// Where each connection is told what it did not ask for.
pub(crate) type Mailboxes = BTreeMap<ClientId, Mailbox>;

/// How a connection wants to be told.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Mode {
    /// Another connection that is to be told instead.
    pub(crate) redirect: Option<ClientId>,
    /// Of all keys with these prefixes, whether it read them or not.
    pub(crate) prefixes: Option<Vec<Key>>,
    /// Only of what is read right after CLIENT CACHING YES.
    pub(crate) is_opt_in: bool,
    /// Not of what is read right after CLIENT CACHING NO.
    pub(crate) is_opt_out: bool,
    /// Not of its own changes.
    pub(crate) is_no_loop: bool,
    /// What CLIENT CACHING said of the next command.
    pub(crate) caching: Option<bool>,
}

/// Who has read which keys.
#[derive(Debug, Default)]
pub(crate) struct Tracking {
    readers: BTreeMap<Key, BTreeSet<ClientId>>,
    modes: BTreeMap<ClientId, Mode>,
}

impl Tracking {
    /// Whether nobody is to be told of anything.
    pub(crate) fn is_idle(&self) -> bool {
        self.modes.is_empty()
    }

    /// Tells this connection from now on.
    pub(crate) fn start(&mut self, client: &mut Client, mode: Mode) {
        self.modes.insert(client.id, mode.clone());
        client.tracking = Some(mode);
    }

    /// Tells it no more.
    pub(crate) fn stop(&mut self, id: ClientId) {
        // That it has read something is forgotten when that changes.
        self.modes.remove(&id);
        if self.modes.is_empty() {
            self.readers.clear();
        }
    }

    /// How this connection is told, if it is.
    pub(crate) fn mode(&self, id: ClientId) -> Option<&Mode> {
        self.modes.get(&id)
    }

    /// How many connections are told of something.
    pub(crate) fn len(&self) -> usize {
        self.modes.len()
    }

    /// This connection has read these keys.
    pub(crate) fn note_read(&mut self, client: &Client, keys: &[&[u8]], mailboxes: &Mailboxes) {
        let Some(mode) = &client.tracking else { return };
        if mode.prefixes.is_some() || !mode.caching.unwrap_or(!mode.is_opt_in) {
            return;
        }
        for key in keys {
            self.readers.entry((*key).into()).or_default().insert(client.id);
        }
        while self.readers.len() > MAX_KEYS
            && let Some((key, ids)) = self.readers.pop_first()
        {
            let modes = ids.iter().filter_map(|id| Some((*id, self.modes.get(id)?)));
            modes.for_each(|(id, mode)| tell(id, mode, Some(vec![key.clone()]), mailboxes));
        }
    }

    /// These keys changed by what `by` did.
    pub(crate) fn invalidate(&mut self, keys: &[Key], by: ClientId, mailboxes: &Mailboxes) {
        for key in keys {
            let readers = self.readers.remove(key).unwrap_or_default();
            for (id, mode) in &self.modes {
                let is_told = match &mode.prefixes {
                    Some(prefixes) => prefixes.iter().any(|prefix| key.starts_with(prefix)),
                    None => readers.contains(id),
                };
                if is_told && !(mode.is_no_loop && *id == by) {
                    tell(*id, mode, Some(vec![key.clone()]), mailboxes);
                }
            }
        }
    }

    /// All keys are gone.
    pub(crate) fn invalidate_all(&mut self, mailboxes: &Mailboxes) {
        self.readers.clear();
        for (id, mode) in &self.modes {
            tell(*id, mode, None, mailboxes);
        }
    }
}

fn tell(id: ClientId, mode: &Mode, keys: Option<Vec<Key>>, mailboxes: &Mailboxes) {
    if let Some(mailbox) = mailboxes.get(&mode.redirect.unwrap_or(id)) {
        mailbox.put(&Push::Invalidated(keys));
    } else if let (Some(redirect), Some(mailbox)) = (mode.redirect, mailboxes.get(&id)) {
        mailbox.put(&Push::Unreachable(redirect));
    }
}

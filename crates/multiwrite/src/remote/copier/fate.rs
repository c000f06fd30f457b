//! What becomes of the copy of each key.

use std::sync::Arc;
use std::time::Duration;

use redfleet_core::Error as CoreError;

use super::Copier;
use crate::dirty::{Cause, Taken};
use crate::effect::{Effect, Key};
use crate::remote::copied::Copied;
use crate::store::local::UNFENCED;

/// What becomes of the copy of one key.
#[derive(Clone, Copy, Debug)]
pub(super) enum Fate {
    Queued,
    /// It is read once more.
    Soon,
    /// It is read once more, and alone.
    Large,
    /// It cannot be read, and is tried again after a while.
    Later,
}

impl Copier {
    pub(super) fn push(&mut self, key: &Key, effect: Effect) -> Fate {
        if self.needs_room {
            return Fate::Soon;
        }
        let effect = Arc::new(effect);
        match self.local.sequencer.copy(|seq| self.remote.push_copy(seq, key, &effect)) {
            Copied::Queued => Fate::Queued,
            Copied::NotNow => Fate::Soon,
            Copied::Full => {
                self.needs_room = true;
                Fate::Large
            }
        }
    }

    /// A key that cannot be read holds up no other one.
    pub(super) fn cannot_be_read(&self, error: CoreError) -> Fate {
        tracing::debug!(remote = %self.remote.name, %error, "a key cannot be read on local: it is tried again later");
        self.remote.queue().last_error = Some(error);
        Fate::Later
    }

    /// Notes of a key of a copy of everything what becomes of its copy: it is returned if it stays in its place.
    pub(super) fn note_pending(&self, key: &Key, fate: Fate, now: Duration) -> Option<Key> {
        let until = match fate {
            Fate::Queued => return None,
            Fate::Soon | Fate::Large => return Some(Arc::clone(key)),
            Fate::Later => now.saturating_add(self.remote.options.last_retry),
        };
        let mut queue = self.remote.queue();
        queue.mark(std::slice::from_ref(key), Cause::Effect, 0);
        queue.dirty.postpone(key, until);
        None
    }

    /// Notes of a dirty key what becomes of its copy.
    pub(super) fn note(&mut self, taken: &Taken, fate: Fate, again: bool, now: Duration) {
        let mut queue = self.remote.queue();
        let is_new = self.unfenced.get(&taken.key) != Some(&taken.generation);
        match fate {
            Fate::Large => queue.dirty.mark_large(&taken.key),
            Fate::Soon => queue.dirty.postpone(&taken.key, now),
            Fate::Later => {
                let until = now.saturating_add(self.remote.options.last_retry);
                queue.dirty.postpone(&taken.key, until);
            }
            Fate::Queued if again && taken.cause.needs_fence() && is_new => {
                self.unfenced.insert(Arc::clone(&taken.key), taken.generation);
                queue.dirty.postpone(&taken.key, now.saturating_add(UNFENCED));
            }
            Fate::Queued => {
                self.unfenced.remove(&taken.key);
                queue.typed.remove(&taken.key);
                queue.dirty.done(taken);
            }
        }
    }
}

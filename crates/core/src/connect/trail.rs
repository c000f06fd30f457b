//! What is unanswered on one connection, so that a lost one is noted exactly where something of it may come late.

use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, OnceLock};

use super::fence::{Lost, Peer};

/// What is unanswered on one connection: the commands that were sent or are about to be, and have no reply yet. One whose
/// caller went away counts until the connection ends, because nobody sees its reply.
#[derive(Debug)]
pub(super) struct Trail {
    lost: Arc<Lost>,
    /// Known once the connection is introduced. Before that no caller has sent anything.
    peer: OnceLock<Peer>,
    unanswered: AtomicUsize,
    is_over: AtomicBool,
    is_noted: AtomicBool,
}

impl Trail {
    pub(super) fn new(lost: Arc<Lost>) -> Arc<Self> {
        Arc::new(Self {
            lost,
            peer: OnceLock::new(),
            unanswered: AtomicUsize::new(0),
            is_over: AtomicBool::new(false),
            is_noted: AtomicBool::new(false),
        })
    }

    pub(super) fn introduce(&self, peer: Peer) {
        self.peer.set(peer).ok();
    }

    /// Counts what is about to be sent, unless nothing may be any more. Whoever ends the connection either sees the count,
    /// or is seen here.
    pub(super) fn begin(&self) -> bool {
        self.unanswered.fetch_add(1, Ordering::SeqCst);
        let may_send = !self.is_over.load(Ordering::SeqCst);
        if !may_send {
            self.answered();
        }
        may_send
    }

    pub(super) fn answered(&self) {
        self.unanswered.fetch_sub(1, Ordering::SeqCst);
    }

    /// Something that was sent was not answered: whoever is told so may ask for a fence at once.
    pub(super) fn note(&self) {
        let Some(peer) = self.peer.get() else { return };
        let mut noted = self.lost.noted();
        // Within the lock: who finds it noted finds it in the list, too.
        if self.unanswered.load(Ordering::SeqCst) > 0 && !self.is_noted.swap(true, Ordering::SeqCst) {
            noted.add(peer.clone());
        }
    }

    /// The connection ends: nothing more is sent on it.
    pub(super) fn end(&self) {
        self.is_over.store(true, Ordering::SeqCst);
        self.note();
    }

    /// Whether the connection is among the lost ones.
    pub(super) fn is_noted(&self) -> bool {
        self.is_noted.load(Ordering::SeqCst)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn trail(lost: &Arc<Lost>, client_id: i64) -> Arc<Trail> {
        let trail = Trail::new(Arc::clone(lost));
        trail.introduce(Peer { run_id: Some("a".into()), client_id: Some(client_id) });
        trail
    }

    #[test]
    fn a_connection_is_noted_once_and_only_with_something_unanswered() {
        let lost = Arc::new(Lost::default());
        let quiet = trail(&lost, 1);
        assert!(quiet.begin());
        quiet.answered();
        quiet.end();
        assert!(lost.is_empty() && !quiet.begin(), "and nothing is sent after its end");
        let half_made = Trail::new(Arc::clone(&lost));
        assert!(half_made.begin());
        half_made.end();
        assert!(lost.is_empty(), "what is sent before the introduction is nobody's command");
        let owing = trail(&lost, 2);
        assert!(owing.begin());
        owing.note();
        owing.end();
        assert!(owing.is_noted());
        assert_eq!(lost.noted().ids(), [2]);
    }
}

//! The task that brings what writers put down to the remotes' queues.

use std::sync::{Arc, Weak};

use tokio::sync::Notify;

use super::local::Local;

/// Brings it there until nobody holds the store any more.
pub(super) async fn run(local: Weak<Local>, arrived: Arc<Notify>) {
    loop {
        arrived.notified().await;
        // Whoever is awake already goes first: above all the connection to local, on whose reply the next writer waits.
        tokio::task::yield_now().await;
        let Some(local) = local.upgrade() else { return };
        local.sequencer.distribute();
    }
}

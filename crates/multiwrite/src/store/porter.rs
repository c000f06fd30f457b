//! The task that brings what writers put down to the remotes' queues.

use std::sync::{Arc, Weak};
use std::time::Duration;

use tokio::sync::Notify;
use tokio::time::timeout;

use super::local::Local;

/// How often a local to which nothing is written is looked at.
const LOOK: Duration = Duration::from_secs(10);

/// Brings it there until nobody holds the store any more, and sees whether local is still the same.
pub(super) async fn run(local: Weak<Local>, arrived: Arc<Notify>) {
    loop {
        let is_idle = timeout(LOOK, arrived.notified()).await.is_err();
        // Whoever is awake already goes first: above all the connection to local, on whose reply the next writer waits.
        tokio::task::yield_now().await;
        let Some(local) = local.upgrade() else { return };
        local.sequencer.distribute();
        if is_idle {
            local.look().await;
        } else {
            local.glance();
        }
    }
}

//! The task that keeps the journal: it writes what was told, and takes out what nobody needs any more.

use std::sync::{Arc, Weak};
use std::time::Duration;

use redfleet_core::Error as CoreError;
use tokio::time::{sleep, timeout};

use super::local::Local;
use crate::dirty::Cause;
use crate::journal::Journal;
use crate::outbox::{Outbox, RecoveredOutbox};

/// How long what was told may wait before it is written.
const FLUSH: Duration = Duration::from_millis(5);
/// How often an outbox is emptied, and how long a failure is waited after.
const TRIM: Duration = Duration::from_millis(200);

/// Keeps the journal until nobody holds the store any more.
pub(super) async fn run(local: Weak<Local>) {
    loop {
        let Some(local) = local.upgrade() else { return };
        let pause = match &*local.journal {
            Journal::None => return,
            journal @ Journal::Spool(_) => {
                if journal.is_buffered()
                    && let Err(error) = journal.flush(local.clock.now())
                {
                    tracing::warn!(%error, "the spool is not written");
                }
                FLUSH
            }
            Journal::Outbox(outbox) => {
                tend(&local, outbox).await;
                TRIM
            }
        };
        drop(local);
        sleep(pause).await;
    }
}

/// Reads what an outbox has from before, once, and then empties it of what arrived.
async fn tend(local: &Arc<Local>, outbox: &Outbox) {
    let is_ready = *local.is_ready.borrow();
    let done = async {
        if is_ready {
            return outbox.trim(&*local.backend).await;
        }
        let recovered = outbox.recover(&*local.backend).await?;
        mark(local, &recovered);
        outbox.start();
        local.is_ready.send_replace(true);
        Ok(())
    };
    let done =
        timeout(local.deadline, done).await.unwrap_or_else(|_| Err(CoreError::deadline(local.deadline)));
    if let Err(error) = done {
        tracing::warn!(%error, "the outbox cannot be kept");
    }
}

fn mark(local: &Local, recovered: &RecoveredOutbox) {
    for remote in local.sequencer.remotes().iter() {
        remote.mark(&recovered.keys, Cause::UnknownOnLocal);
        if recovered.is_everything_everywhere || recovered.everything.contains(&*remote.name) {
            remote.mark_everything();
        }
    }
}

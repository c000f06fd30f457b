//! The task that keeps the journal: it writes what was told, and takes out what nobody needs any more. It tells the figures, too.

use std::sync::{Arc, Weak};
use std::time::Duration;

use redfleet_core::{Error as CoreError, Result as CoreResult, lock};
use tokio::time::{sleep, timeout};

use super::local::Local;
use crate::dirty::Cause;
use crate::journal::Journal;
use crate::outbox::{Outbox, RecoveredOutbox};

/// How long what was told may wait before it is written.
const FLUSH: Duration = Duration::from_millis(5);
/// How often the figures are told.
const TELL: Duration = Duration::from_secs(1);
/// How often an outbox is emptied, and how long a failure is waited after.
const TRIM: Duration = Duration::from_millis(200);

/// Keeps the journal until nobody holds the store any more.
pub(super) async fn run(local: Weak<Local>) {
    #[cfg(feature = "metrics")]
    let mut told = None;
    loop {
        let Some(local) = local.upgrade() else { return };
        let pause = match &*local.journal {
            Journal::None if cfg!(feature = "metrics") => TELL,
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
        #[cfg(feature = "metrics")]
        tell(&local, &mut told);
        drop(local);
        sleep(pause).await;
    }
}

/// Tells the figures of all remotes, if it is time.
#[cfg(feature = "metrics")]
fn tell(local: &Local, told: &mut Option<Duration>) {
    let now = local.clock.now();
    if told.is_none_or(|told| now.saturating_sub(told) >= TELL) {
        *told = Some(now);
        local.sequencer.remotes().iter().for_each(|remote| crate::metrics::tell(&remote.health()));
    }
}

/// Reads what an outbox has from before, once, and then empties it of what arrived.
async fn tend(local: &Arc<Local>, outbox: &Outbox) {
    let kept = if outbox.is_started() {
        let trimmed = timeout(local.deadline, outbox.trim(&*local.backend)).await;
        trimmed.unwrap_or_else(|_| Err(CoreError::deadline(local.deadline)))
    } else {
        recover(local, outbox).await
    };
    if let Err(error) = kept {
        tracing::warn!(%error, "the outbox cannot be kept");
        *lock(&local.unread) = Some(error);
    }
}

/// Reads what an outbox has from before, as often as it takes until nothing more can come into it.
async fn recover(local: &Local, outbox: &Outbox) -> CoreResult<()> {
    let is_ready = *local.is_ready.borrow();
    // What the process before has sent last comes into the outbox when local carries it out.
    if is_ready && local.clock.now() < local.haunted_until {
        return Ok(());
    }
    let recovered = outbox.recover(&*local.backend, local.deadline).await?;
    mark(local, &recovered);
    if is_ready || !recovered.was_open {
        outbox.start();
        local.is_known.send_replace(true);
    }
    local.is_ready.send_replace(true);
    Ok(())
}

fn mark(local: &Local, recovered: &RecoveredOutbox) {
    for remote in local.sequencer.remotes().iter() {
        remote.mark(&recovered.keys, Cause::UnknownOnLocal);
        if recovered.is_everything_everywhere || recovered.everything.contains(&*remote.name) {
            remote.mark_everything(Cause::UnknownOnLocal);
        }
    }
}

//! The probes of an open breaker: one after the other, until the node replies.

use std::sync::Weak;
use std::sync::atomic::Ordering;

use tokio::time::{sleep, timeout};

use super::Guarded;
use crate::error::Error;
use crate::layer::breaker::health::Health;

impl Guarded {
    /// Probes until the node replies or nobody holds the backend any more.
    ///
    /// The task may end with its runtime: then the next call that finds the breaker open begins another.
    pub(super) fn probe_in_background(&self) {
        let Ok(runtime) = tokio::runtime::Handle::try_current() else { return };
        if self.is_probing.swap(true, Ordering::AcqRel) {
            return;
        }
        let (probing, settings) = (Probing(self.myself.clone()), self.settings);
        runtime.spawn(async move {
            let mut pause = settings.first_probe;
            loop {
                sleep(pause).await;
                let Some(guarded) = probing.0.upgrade() else { return };
                if guarded.down().is_none() || guarded.probe().await {
                    return;
                }
                pause = (pause * 2).min(settings.last_probe);
            }
        });
    }

    /// Whether the breaker is closed after one more try.
    async fn probe(&self) -> bool {
        let deadline = self.settings.probe_deadline;
        let ping = redis::cmd("PING");
        let answer = timeout(deadline, self.inner.call(&ping)).await;
        match answer {
            Ok(Ok(_) | Err(Error::Refused { .. })) => {
                self.change(Health::on_reply);
                return true;
            }
            Ok(Err(error)) => self.health().set_cause(error),
            Err(_elapsed) => self.health().set_cause(Error::deadline(deadline)),
        }
        self.inner.disconnect();
        false
    }
}

/// The probe of a breaker, until it ends.
struct Probing(Weak<Guarded>);

impl Drop for Probing {
    fn drop(&mut self) {
        if let Some(guarded) = self.0.upgrade() {
            guarded.is_probing.store(false, Ordering::Release);
        }
    }
}

//! Local: the one server whose word counts, and what orders the writes on it.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use redfleet_core::{
    Backend, Batch, Clock, Effect as CoreEffect, Error as CoreError, Result as CoreResult, lock, mutant,
};
use redis::{Cmd, Value};
use tokio::sync::watch;
use tokio::time::timeout;

use super::life::Life;
use super::scope::Scope;
use super::sequencer::Sequencer;
use crate::after::within;
use crate::gate::Gate;
use crate::journal::Journal;

/// How many writers of different keys may be on their way at once before they wait for each other needlessly.
pub(crate) const STRIPES: usize = 4096;

/// Local, and what orders the writes on it.
#[derive(Debug)]
pub(crate) struct Local {
    pub(crate) backend: Arc<dyn Backend>,
    /// How long it may take to answer.
    pub(crate) deadline: Duration,
    pub(crate) clock: Clock,
    pub(crate) gate: Arc<Gate>,
    pub(crate) sequencer: Sequencer,
    pub(crate) scope: Scope,
    pub(crate) journal: Arc<Journal>,
    /// Whether what an outbox has from before is known.
    pub(crate) is_ready: watch::Sender<bool>,
    /// Why an outbox cannot be read, as it was said last.
    pub(crate) unread: Mutex<Option<CoreError>>,
    /// Whether nothing more can come into an outbox from before.
    pub(crate) is_known: watch::Sender<bool>,
    /// Which life of it was seen last.
    pub(crate) life: Life,
    /// Whose effects these are, as remotes note them.
    pub(crate) source: Arc<str>,
    /// Until then something that the process before has sent may still arrive: nobody here can end its connections.
    pub(crate) haunted_until: Duration,
}

/// How long a request that was given up may still be on its way, where nobody can end its connection.
pub(crate) const UNFENCED: Duration = Duration::from_secs(10);

impl Local {
    /// Has nothing be carried out any more that was sent earlier on a connection that was lost. Whether that is certain.
    ///
    /// # Errors
    ///
    /// It is to be tried again.
    pub(crate) async fn fence(&self) -> CoreResult<bool> {
        if mutant::is_on("fence_is_skipped") {
            return Ok(true);
        }
        match within(self.deadline, self.backend.fence()).await {
            Ok(()) => Ok(self.clock.now() >= self.haunted_until),
            Err(CoreError::Refused { .. } | CoreError::Unsupported { .. }) => Ok(false),
            Err(error) => Err(error),
        }
    }

    /// Waits until nothing more can come into the journal from before.
    ///
    /// # Cancel safety
    ///
    /// Nothing is lost.
    pub(crate) async fn known(&self) {
        // The sender is here, so it does not go away meanwhile.
        drop(self.is_known.subscribe().wait_for(|is_known| *is_known).await);
    }

    /// Waits until what the journal has from before is known, as long as local has to answer.
    ///
    /// # Errors
    ///
    /// Why it is not known then.
    ///
    /// # Cancel safety
    ///
    /// Nothing is lost.
    pub(crate) async fn ready(&self) -> CoreResult<()> {
        let is_ready = *self.is_ready.borrow();
        if is_ready || timeout(self.deadline, self.is_ready.subscribe().wait_for(|is| *is)).await.is_ok() {
            return Ok(());
        }
        Err(lock(&self.unread).clone().unwrap_or_else(|| CoreError::deadline(self.deadline)))
    }

    /// Sends one command. After the deadline its effect is unknown, and the connection is dropped, so that what is stuck on it
    /// is not carried out much later.
    pub(crate) async fn call(&self, command: &Cmd) -> CoreResult<Value> {
        match timeout(self.deadline, self.backend.call(command)).await {
            Ok(reply) => reply,
            Err(_) => Err(self.late()),
        }
    }

    /// Sends a batch, and answers with one entry a command.
    pub(crate) async fn call_batch(&self, batch: &Batch) -> Vec<CoreResult<Value>> {
        let error = match timeout(self.deadline, self.backend.call_batch(batch)).await {
            Ok(Ok(replies)) => return replies,
            Ok(Err(error)) => error,
            Err(_) => self.late(),
        };
        vec![Err(error); batch.len()]
    }

    fn late(&self) -> CoreError {
        self.backend.overdue(self.deadline);
        self.backend.disconnect();
        CoreError::deadline(self.deadline)
    }
}

/// Whether a command with this answer may have been carried out, or may yet be, without anybody knowing.
pub(crate) fn is_unknown(reply: &CoreResult<Value>) -> bool {
    reply.as_ref().is_err_and(|error| error.effect() == CoreEffect::Unknown)
}

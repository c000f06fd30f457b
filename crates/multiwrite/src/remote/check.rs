//! Whether a remote is a server of its own, and neither local nor another remote.

use std::sync::Arc;
use std::time::Duration;

use redfleet_core::{Error as CoreError, Incarnation};

use super::Remote;
use crate::after::within;
use crate::store::local::Local;

/// Why nothing can be sent to a remote yet, or ever.
pub(super) enum Unfit {
    /// It is another remote, or local.
    Same(CoreError),
    /// Nobody can say which server it is.
    Unknown(CoreError),
}

/// Whether the remote is a server of its own, as far as run ids tell.
pub(super) async fn check(remote: &Remote, local: &Local) -> Result<(), Unfit> {
    let own = identity(remote.backend.identify(), remote.options.deadline).await?;
    if own.run_id().is_none() {
        return Ok(());
    }
    let authority = identity(local.backend.identify(), local.deadline).await?;
    if own.is_same_server(&authority) {
        return Err(Unfit::Same(CoreError::duplicate("local")));
    }
    let remotes = local.sequencer.remotes();
    let mut others = remotes.iter().filter(|other| !std::ptr::eq(&***other, remote));
    let is_same =
        |other: &&Arc<Remote>| other.backend.incarnation().is_some_and(|other| own.is_same_server(&other));
    match others.find(is_same) {
        Some(other) => Err(Unfit::Same(CoreError::duplicate(Arc::clone(&other.name)))),
        None => Ok(()),
    }
}

async fn identity(
    asked: impl Future<Output = redfleet_core::Result<Incarnation>>,
    deadline: Duration,
) -> Result<Incarnation, Unfit> {
    within(deadline, asked).await.map_err(Unfit::Unknown)
}

//! What a journal still knows from before.

use std::path::PathBuf;
use std::sync::Arc;

use redfleet_core::Backend;

use crate::effect::Key;
use crate::error::BuildError;
use crate::journal::Journal;
use crate::outbox::Outbox;
use crate::spool::{RecoveredRemote, Spool, SpoolOptions};

/// A journal, and what it still knows from before.
pub(super) struct Recovered {
    pub(super) journal: Journal,
    /// Under which name remotes keep how far they are.
    pub(super) source: Arc<str>,
    /// The last seq that may have been used.
    pub(super) last_seq: u64,
    /// Keys of which nobody knows what happened to them on local.
    pub(super) unknown: Vec<Key>,
    /// What each remote lacks, in their order.
    pub(super) lacks: Vec<Lack>,
}

/// What a remote lacks from before.
#[derive(Debug, Default)]
pub(crate) struct Lack {
    pub(crate) dirty: Vec<Key>,
    pub(crate) is_everything: bool,
    /// What the spool keeps above this is not there, as far as is known.
    pub(crate) settled: Option<u64>,
    /// Up to where it had acknowledged rounds, by lane.
    pub(crate) acked: Vec<(u16, u64)>,
}

/// Opens the journal that is asked for.
///
/// # Errors
///
/// Those of the spool; or it cannot be had here.
pub(super) fn open(
    spool: Option<(PathBuf, SpoolOptions)>,
    outbox: Option<String>,
    local: &dyn Backend,
    remotes: &[Arc<str>],
    source: &str,
) -> Result<Recovered, BuildError> {
    let nothing = |journal| Recovered {
        journal,
        source: source.into(),
        last_seq: 0,
        unknown: Vec::new(),
        lacks: Vec::new(),
    };
    match (spool, outbox) {
        (Some(_), Some(_)) => Err(BuildError::TwoJournals),
        (None, None) => Ok(nothing(Journal::None)),
        (None, Some(_)) if local.is_sharded() => Err(BuildError::OutboxOnSharded),
        (None, Some(name)) => {
            let names = remotes.iter().map(|name| name.to_string());
            Ok(nothing(Journal::Outbox(Box::new(Outbox::new(&name, names)))))
        }
        (Some((directory, options)), None) => {
            let (spool, recovered) = Spool::open(&directory, &options, remotes, source)?;
            let (is_new, is_everything) = (recovered.is_new, recovered.is_everything_unknown);
            let lack = |remote| lack(remote, is_new, is_everything);
            Ok(Recovered {
                journal: Journal::Spool(Box::new(spool)),
                source: recovered.source.into(),
                last_seq: recovered.next_seq.saturating_sub(1),
                unknown: recovered.unknown,
                lacks: recovered.remotes.into_iter().map(lack).collect(),
            })
        }
    }
}

/// A remote that a spool from before does not know has what nobody can say; in a new spool all are taken to be equal.
fn lack(remote: RecoveredRemote, is_new: bool, is_everything: bool) -> Lack {
    tracing::debug!(remote = %remote.name, remote.settled, dirty = remote.dirty.len(), "goes on from the spool");
    Lack {
        dirty: remote.dirty,
        is_everything: is_everything || remote.is_everything || !remote.is_known && !is_new,
        settled: (!is_new).then_some(remote.settled),
        acked: remote.acked,
    }
}

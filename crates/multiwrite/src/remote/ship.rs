//! One round of entries on its way to a remote, and what the remote made of each.

#[cfg(test)]
mod tests;

use std::sync::Arc;

use redfleet_core::{Backend, Error};

use super::watermark::Watermarks;
use super::{at_least_once, exactly_once};
use crate::effect::Key;
use crate::entry::Entry;
use crate::options::Guarantee;

/// What a remote made of one entry.
#[derive(Clone, Debug)]
pub(crate) enum Verdict {
    /// It is carried out.
    Applied,
    /// It was carried out before: a round that was thought lost had arrived.
    AlreadyThere,
    /// It cannot be carried out there; of an entry of several steps the others are. To be copied whole.
    Refused(Error),
    /// It is carried out, but these keys live longer or shorter there than on local. To be copied whole.
    LifeDiffers(Vec<Key>),
    /// It is not there, or will be skipped if it is: to be sent again.
    Again(Error),
    /// It may be there or not, and must not be sent again. To be copied whole. With exactly-once effect only where the answer
    /// is none of a server's.
    MayBeThere(Error),
    /// It is not there, because the remote has less than it once had. Everything is to be copied.
    LostData,
    /// It is not there, and nothing will be until somebody does what the error says.
    Halted(Error),
}

impl Verdict {
    /// Whether the entry is behind us, so that later ones of its lane may come.
    pub(super) const fn lets_others_follow(&self) -> bool {
        match self {
            Self::Applied
            | Self::AlreadyThere
            | Self::Refused(_)
            | Self::LifeDiffers(_)
            | Self::MayBeThere(_) => true,
            Self::Again(_) | Self::LostData | Self::Halted(_) => false,
        }
    }
}

/// Sends a round, and answers with one verdict an entry, in the order of the round.
///
/// The entries of each lane are in the order of their seq; on a remote that is not sharded there is one lane, 0.
///
/// # Guarantee
///
/// With [`Guarantee::ExactlyOnce`] each entry is carried out once, however often it is sent, in any company, also where
/// requests and replies are lost, late or doubled; and where an entry is told to be sent again, no later one of its lane was
/// carried out. With [`Guarantee::AtLeastOnce`] it holds only while no request is late: whoever got an error whose effect is
/// unknown has to end the remote's old connections before the next round.
///
/// # Cost
///
/// One round trip. One more for a script that the server does not know; and an entry with a script that somebody vouched for
/// has one of its own.
///
/// # Cancel safety
///
/// With [`Guarantee::ExactlyOnce`] the same entries are sent again. With [`Guarantee::AtLeastOnce`] what
/// [`cut`](at_least_once::cut) says is done.
pub(crate) async fn send(
    round: &[Arc<Entry>],
    remote: &dyn Backend,
    marks: &mut Watermarks,
    guarantee: Guarantee,
    source: &str,
) -> Vec<(u64, Verdict)> {
    let verdicts = match guarantee {
        Guarantee::ExactlyOnce => exactly_once::send(round, remote, marks, source).await,
        Guarantee::AtLeastOnce => at_least_once::send(round, remote, marks, source).await,
    };
    round.iter().map(|entry| entry.seq).zip(verdicts).collect()
}

//! A look at the watermarks themselves, between rounds: whether the remote still has what it had, also where nothing is to be
//! sent.

use std::collections::BTreeSet;
use std::sync::Arc;

use redfleet_core::{Backend, Batch, Result, convert, mutant};
use redis::cmd;

use super::watermark::{Mark, TTL_MS, Watermarks};
use crate::entry::Entry;

/// What a look at the watermarks shows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Seen {
    /// The remote has at least what it said it had.
    Same,
    /// It has less: everything is to be copied.
    LostData,
}

/// Looks at all watermarks that are known, and lets them live for another week. To be called through each new connection, so
/// that a remote that lost its data is noticed although nobody writes; and once a day, so that no watermark of a lane at
/// rest ends, which would look the same.
///
/// # Cost
///
/// One round trip, two commands a lane.
///
/// # Errors
///
/// What the remote answers. Then nothing is known, and nothing changed.
///
/// # Cancel safety
///
/// It can be repeated.
pub(crate) async fn look(remote: &dyn Backend, marks: &mut Watermarks) -> Result<Seen> {
    let lanes = marks.lanes();
    at(&lanes, remote, marks).await
}

/// The same for those of the round's lanes that were not seen through the connection that is up.
pub(super) async fn before(
    round: &[Arc<Entry>],
    remote: &dyn Backend,
    marks: &mut Watermarks,
    source: &str,
) -> Result<Seen> {
    marks.seen_through(remote.identify().await?);
    let is_sharded = remote.is_sharded();
    let lanes: BTreeSet<u16> = round.iter().map(|entry| entry.lane).collect();
    let lanes: Vec<u16> =
        lanes.into_iter().filter(|lane| !marks.of(*lane, is_sharded, source).is_compared).collect();
    at(&lanes, remote, marks).await
}

async fn at(lanes: &[u16], remote: &dyn Backend, marks: &mut Watermarks) -> Result<Seen> {
    let mut batch = Batch::with_capacity(2 * lanes.len());
    for lane in lanes {
        if let Some(Mark { key, .. }) = marks.known(*lane) {
            batch.push(cmd("GET").arg(&key[..]).take());
            batch.push(cmd("PEXPIRE").arg(&key[..]).arg(TTL_MS).take());
        }
    }
    if batch.is_empty() {
        return Ok(Seen::Same);
    }
    let replies = remote.call_batch(&batch).await?.into_iter().step_by(2);
    let there = replies.map(|reply| convert::<Option<String>>(reply?)).collect::<Result<Vec<_>>>()?;
    let mut seen = Seen::Same;
    for (lane, there) in lanes.iter().zip(there) {
        let there: u64 = there.and_then(|text| text.parse().ok()).unwrap_or_default();
        if let Some(mark) = marks.known(*lane) {
            if there < mark.acked && !mutant::is_on("lost_data_is_not_noticed") {
                seen = Seen::LostData;
            }
            mark.acked = there;
            mark.is_compared = true;
        }
    }
    Ok(seen)
}

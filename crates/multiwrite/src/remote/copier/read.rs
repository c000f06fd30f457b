//! Keys as they are on local, read whole.

use redfleet_core::{Batch, Error as CoreError, Result as CoreResult};

use super::{CHUNK_KEYS, Copier};
use crate::after::within;
use crate::effect::{Effect, Key, from_dump, questions_for_dump, read_typed};
use crate::remote::refusal;

impl Copier {
    /// Reads the keys whole. Where so many are not read within local's deadline, fewer are tried the next time; one alone that is
    /// not has an error of its own.
    pub(super) async fn read(&mut self, keys: &[Key]) -> CoreResult<Vec<CoreResult<Effect>>> {
        let local = &self.local;
        if self.remote.is_typed() || self.remote.queue().are_typed(keys) {
            let mut effects = Vec::with_capacity(keys.len());
            for key in keys {
                effects.push(within(local.deadline, read_typed(&*local.backend, key)).await);
            }
            return Ok(effects);
        }
        let batch: Batch = keys.iter().flat_map(|key| questions_for_dump(key)).collect();
        match within(local.deadline, local.backend.call_batch(&batch)).await {
            Ok(replies) => {
                self.chunk = (self.chunk * 2).min(CHUNK_KEYS);
                Ok(keys.iter().zip(replies.chunks(2)).map(|(key, answers)| from_dump(key, answers)).collect())
            }
            Err(error @ CoreError::Deadline { .. }) if keys.len() == 1 => Ok(vec![Err(error)]),
            Err(error) => {
                if matches!(error, CoreError::Deadline { .. }) {
                    self.chunk = (keys.len() / 2).max(1);
                }
                Err(error)
            }
        }
    }
}

/// Whether the error is this key's alone, and not one of the server or of the way there: a single key that is not read in time may
/// be too large for that.
pub(super) fn is_its_own(error: &CoreError) -> bool {
    if let CoreError::Refused { error: refused, .. } = error {
        let is_of_all =
            refusal::is_of_the_server(refused.code()) || ["NOAUTH", "NOPERM"].contains(&refused.code());
        return !is_of_all || refusal::is_of_a_key(error);
    }
    matches!(error, CoreError::Deadline { .. } | CoreError::Unsupported { .. } | CoreError::Conversion { .. })
}

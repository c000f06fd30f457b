//! Whether local is still the server that carried out what was written: one that restarted, or took its place, may have less.

use std::sync::{Arc, Mutex};

use redfleet_core::{Incarnation, lock};
use tokio::time::timeout;

use super::local::Local;
use crate::dirty::Cause;

/// Which life of local was seen last.
#[derive(Debug)]
pub(crate) struct Life {
    /// Whether another life has all that the one before acknowledged, so that it does not matter.
    is_durable: bool,
    run_id: Mutex<Option<Arc<str>>>,
}

impl Life {
    pub(super) fn new(is_durable: bool) -> Self {
        Self { is_durable, run_id: Mutex::new(None) }
    }

    /// Whether local may have lost something since it was seen last. Where it does not say who it is, nobody can tell.
    fn may_have_lost(&self, seen: &Incarnation) -> bool {
        let Some(run_id) = seen.run_id() else { return false };
        let mut last = lock(&self.run_id);
        let is_another = last.as_deref().is_some_and(|last| last != run_id);
        if is_another || last.is_none() {
            *last = Some(run_id.into());
        }
        is_another && !self.is_durable
    }
}

impl Local {
    /// Looks which life of local answers, as far as that is known here. Costs no round trip.
    pub(super) fn glance(&self) {
        if let Some(seen) = self.backend.incarnation() {
            self.see(&seen);
        }
    }

    /// Asks local who it is. If it does not answer, nothing is known.
    ///
    /// # Cost
    ///
    /// None if a connection is up.
    pub(super) async fn look(&self) {
        if let Ok(Ok(seen)) = timeout(self.deadline, self.backend.identify()).await {
            self.see(&seen);
        }
    }

    fn see(&self, seen: &Incarnation) {
        if self.life.may_have_lost(seen) {
            tracing::warn!(
                "local has restarted, or another server has taken its place: everything is to be copied"
            );
            drop(self.sequencer.mark_everything(Cause::Effect, None, false));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn seen(run_id: Option<&str>) -> Incarnation {
        Incarnation::new(run_id.map(Arc::from), 1)
    }

    #[test]
    fn another_life_may_have_less_unless_it_is_durable_or_nobody_can_tell() {
        let life = Life::new(false);
        let told: Vec<bool> = [Some("a"), None, Some("a"), Some("b"), Some("b"), Some("a")]
            .map(|run_id| life.may_have_lost(&seen(run_id)))
            .into();
        assert_eq!(told, [false, false, false, true, false, true]);
        let durable = Life::new(true);
        assert!(!durable.may_have_lost(&seen(Some("a"))) && !durable.may_have_lost(&seen(Some("b"))));
    }
}

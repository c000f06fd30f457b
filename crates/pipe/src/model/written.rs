//! What became of a write.

use std::fmt;
use std::sync::Arc;

use redfleet_core::mutant;
use redis::Value;

use super::attribute::Attribute;
use super::change::{Action, Answer, Step};
use crate::deferred::convert;
use crate::error::{Error, Result};

/// What became of a write that was carried out. For people, it tells names and no values.
#[derive(Clone, Default)]
pub struct Written {
    version: Option<u64>,
    steps: Arc<[Step]>,
    results: Vec<Value>,
}

impl Written {
    pub(super) fn new(steps: Arc<[Step]>, Answer { version, results }: Answer) -> Self {
        Self { version, steps, results }
    }

    /// The version that the record has now; `None` if its model has none, or if there was nothing to change: then nothing was
    /// sent, and what version is stored is not known.
    #[must_use]
    pub const fn version(&self) -> Option<u64> {
        self.version
    }

    /// What an increment made of this field; what stood in it, if it was removed and that was asked for.
    ///
    /// # Errors
    ///
    /// If that is no `T`.
    pub fn value<M, T, K>(&self, attribute: Attribute<M, T, K>) -> Result<Option<T>> {
        let name = attribute.name().as_bytes();
        let place = self.steps.iter().position(|step| *step.name == *name);
        let Some(place) = place else { return Ok(None) };
        let decode = |bytes: Vec<u8>| attribute.decode(&bytes).map_err(Error::Invalid);
        self.bytes(place)?.map(decode).transpose()
    }

    /// Whether the write had an effect on this field: [`Patch::keep`](super::Patch::keep) leaves it if it has a value, and what
    /// is not there cannot be removed.
    #[must_use]
    pub fn has_changed<M, T, K>(&self, attribute: Attribute<M, T, K>) -> bool {
        let name = attribute.name().as_bytes();
        self.steps.iter().position(|step| *step.name == *name).is_some_and(|place| self.is_done(place))
    }

    /// How many fields were there and are gone.
    #[must_use]
    pub fn removed(&self) -> usize {
        let removed = |step: &Step| matches!(step.action, Action::Remove);
        let steps = self.steps.iter().enumerate();
        steps.filter(|(place, step)| removed(step) && self.is_done(*place)).count()
    }

    /// Each field that is now of another value, or of none.
    pub(super) fn changes(&self) -> impl Iterator<Item = Result<(&[u8], Option<Vec<u8>>)>> {
        self.steps.iter().enumerate().filter_map(|(place, step)| {
            let now = match &step.action {
                Action::Set(value) => Ok(Some(value.clone())),
                Action::SetMissing(value)
                    if self.is_done(place) || mutant::is_on("what_was_kept_is_learnt") =>
                {
                    Ok(Some(value.clone()))
                }
                Action::SetMissing(_) => return None,
                Action::Remove => Ok(None),
                Action::Increment { .. } => self.bytes(place),
            };
            Some(now.map(|now| (&*step.name, now)))
        })
    }

    /// The result of a step, if it is a value.
    fn bytes(&self, place: usize) -> Result<Option<Vec<u8>>> {
        let is_value = match self.steps.get(place).map(|step| &step.action) {
            Some(Action::Increment { .. }) => true,
            Some(Action::Remove) => !matches!(self.results.get(place), Some(Value::Int(_))),
            Some(Action::Set(_) | Action::SetMissing(_)) | None => false,
        };
        match self.results.get(place) {
            Some(Value::Int(number)) if is_value => Ok(Some(number.to_string().into_bytes())),
            Some(result) if is_value => convert(result.clone()),
            Some(_) | None => Ok(None),
        }
    }

    /// Whether a step had an effect. Where nothing is said of it, it had.
    fn is_done(&self, place: usize) -> bool {
        !matches!(self.results.get(place), Some(Value::Int(0) | Value::Nil))
            || matches!(
                self.steps.get(place),
                Some(Step { action: Action::Set(_) | Action::Increment { .. }, .. })
            )
    }
}

impl fmt::Debug for Written {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Written").field("version", &self.version).field("steps", &self.steps).finish()
    }
}

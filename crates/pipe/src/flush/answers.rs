//! The replies of one connection to the commands that one pipe queued for it.

use std::ops::Range;

use redfleet_core::Error as Said;
use redis::Value;

use crate::error::{Error, Result};

/// One entry a command, in the order in which they were queued.
#[derive(Debug, Default)]
pub(crate) struct Answers {
    pub(super) replies: Vec<Result<Value, Said>>,
    /// The errors in full, by the index of their entry. There are few, or the connection broke.
    pub(super) failures: Vec<(u32, Error)>,
}

impl Answers {
    /// Replies, and what is to be said of those that are errors. The failures come in order.
    pub(crate) const fn new(replies: Vec<Result<Value, Said>>, failures: Vec<(u32, Error)>) -> Self {
        Self { replies, failures }
    }

    /// Leaves room for commands that were queued, rolled back, and so not sent: their deferreds say so. The holes come in
    /// order, by the index that their commands were given.
    pub(crate) fn with_holes(self, holes: &[Range<usize>]) -> Self {
        if holes.is_empty() {
            return self;
        }
        let width: usize = holes.iter().map(ExactSizeIterator::len).sum();
        let mut replies = Vec::with_capacity(self.replies.len() + width);
        let mut sent = self.replies.into_iter();
        for hole in holes {
            replies.extend(sent.by_ref().take(hole.start.saturating_sub(replies.len())));
            replies.extend(hole.clone().map(|_| Err(Said::Unanswered)));
        }
        replies.extend(sent);
        let mut failures = self.failures;
        let (mut holes, mut shift) = (holes.iter().peekable(), 0);
        for (index, _) in &mut failures {
            while let Some(hole) = holes.next_if(|hole| hole.start <= *index as usize + shift) {
                shift += hole.len();
            }
            *index = index.saturating_add(u32::try_from(shift).unwrap_or(u32::MAX));
        }
        Self { replies, failures }
    }

    /// A copy of one reply.
    pub(crate) fn get(&mut self, command: u32) -> Result<Value> {
        match self.entry(command) {
            Some(Ok(value)) => Ok(value.clone()),
            Some(Err(_)) | None => Err(self.failure(command)),
        }
    }

    /// One reply, for which nobody will ask again.
    pub(crate) fn take(&mut self, command: u32) -> Result<Value> {
        match self.entry(command) {
            Some(Ok(value)) => Ok(std::mem::replace(value, Value::Nil)),
            Some(Err(_)) | None => Err(self.failure(command)),
        }
    }

    /// How many commands failed.
    pub(crate) const fn failed(&self) -> usize {
        self.failures.len()
    }

    /// Which commands failed, and why, in order.
    pub(crate) fn failures(&self) -> impl Iterator<Item = (u32, &Error)> {
        self.failures.iter().map(|(command, error)| (*command, error))
    }

    fn entry(&mut self, command: u32) -> Option<&mut Result<Value, Said>> {
        self.replies.get_mut(usize::try_from(command).ok()?)
    }

    fn failure(&self, command: u32) -> Error {
        let found = self.failures.binary_search_by_key(&command, |(index, _)| *index).ok();
        found.and_then(|at| self.failures.get(at)).map_or(Error::RolledBack, |(_, error)| error.clone())
    }
}

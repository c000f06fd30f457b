//! The replies to several callers' commands, dealt out in the callers' order.

use redfleet_core::{Error as Said, mutant};
use redis::Value;

use super::Answers;
use crate::error::Error;

/// What is left of the replies to what several callers queued for one connection.
#[derive(Debug)]
pub(crate) struct Deal {
    replies: std::vec::IntoIter<Result<Value, Said>>,
    failures: Vec<(u32, Error)>,
    /// How many entries were dealt, and how many of the failures were among them.
    entries: u32,
    failed: usize,
}

impl Answers {
    /// Begins to deal them out.
    pub(crate) fn deal(self) -> Deal {
        Deal { replies: self.replies.into_iter(), failures: self.failures, entries: 0, failed: 0 }
    }
}

impl Deal {
    /// The next entries, so many, for one caller.
    pub(crate) fn take(&mut self, entries: usize) -> Answers {
        let replies = self.replies.by_ref().take(entries).collect();
        let (start, from) = (self.entries, self.failed);
        self.entries = start.saturating_add(u32::try_from(entries).unwrap_or(u32::MAX));
        let rest = self.failures.get(from..).unwrap_or_default();
        let own = rest.partition_point(|(index, _)| *index < self.entries);
        self.failed += own;
        let own = if mutant::is_on("errors_go_to_everybody") {
            &self.failures
        } else {
            rest.get(..own).unwrap_or_default()
        };
        let failures = own.iter().map(|(index, error)| (index.saturating_sub(start), error.clone()));
        Answers::new(replies, failures.collect())
    }
}

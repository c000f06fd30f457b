//! What a person is told about a disagreement: lines as redis-cli takes them, both replies, and the seed.

use super::command::{Protocol, Sequence};
use super::duel::Disagreement;

/// What was found in a family, one a kind.
#[derive(Debug, Default)]
pub(super) struct Reports {
    pub(super) played: usize,
    pub(super) all: Vec<Report>,
}

#[derive(Debug)]
pub(super) struct Report {
    /// The family, and how long the sequence was before it was shrunk.
    name: String,
    length: usize,
    pub(super) sequence: Sequence,
    pub(super) found: Disagreement,
}

impl Reports {
    pub(super) fn knows(&self, found: &Disagreement) -> bool {
        self.all.iter().any(|report| report.found.kind() == found.kind())
    }

    pub(super) fn add(&mut self, name: &str, sequence: Sequence, length: usize, found: Disagreement) {
        self.all.push(Report { name: name.to_owned(), length, sequence, found });
    }

    pub(super) fn texts(&self) -> Vec<String> {
        self.all.iter().map(Report::text).collect()
    }

    pub(super) fn assert_none(&self) {
        let texts = self.texts();
        assert!(texts.is_empty(), "after {} commands:\n\n{}\n", self.played, texts.join("\n\n"));
    }
}

impl Report {
    pub(super) fn text(&self) -> String {
        let protocol = match self.sequence.protocol {
            Protocol::Resp2 => "RESP2",
            Protocol::Resp3 => "RESP3",
        };
        let (seed, found) = (self.sequence.seed, &self.found);
        let start = format!("{}, seed {seed}, {protocol}, shrunk from {} commands:", self.name, self.length);
        let mut lines = vec![start];
        for (place, command) in self.sequence.commands().iter().enumerate() {
            lines.push(format!("  {command}"));
            if found.place == Some(place) {
                break;
            }
        }
        if found.place.is_none() {
            lines.push(format!("  at the end: {}", found.command));
        }
        lines.push(format!("    subject: {}", found.subject));
        lines.push(format!("    server:  {}", found.server));
        lines.push(format!("  again: cargo xtask test core --seed {seed} --commands 1"));
        lines.join("\n")
    }
}

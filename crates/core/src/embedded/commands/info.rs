//! INFO: what a node tells of itself, in sections.

mod sections;
#[cfg(test)]
mod tests;

use std::fmt::Write;

use redis::{Value, VerbatimFormat};

use crate::embedded::call::Call;
use crate::embedded::data::Data;
use crate::embedded::refusal::Refusal;
use crate::embedded::spec::Spec;

pub(super) const COMMANDS: &[Spec] = &[Spec::other("info", -1, info)];

/// The lines of one section.
#[derive(Debug, Default)]
struct Lines(String);

impl Lines {
    fn put(&mut self, name: &str, value: impl std::fmt::Display) {
        write!(self.0, "{name}:{value}\r\n").ok();
    }
}

type Fill = fn(&mut Lines, &Data);

/// Every section, in Redis's order.
const SECTIONS: &[(&str, Fill)] = &[
    ("Server", sections::server),
    ("Clients", sections::clients),
    ("Memory", sections::memory),
    ("Persistence", sections::persistence),
    ("Stats", sections::stats),
    ("Replication", sections::replication),
    ("CPU", sections::cpu),
    ("Modules", |_lines, _data| {}),
    ("Errorstats", |_lines, _data| {}),
    ("Cluster", |lines, _data| lines.put("cluster_enabled", 0)),
    ("Keyspace", sections::keyspace),
];

/// A section that is named twice is told once, and one that nobody knows not at all.
fn info(call: &mut Call<'_>) -> Result<Value, Refusal> {
    let named = call.rest(1);
    let is_wanted = |section: &str| {
        let is_meant = |word: &&[u8]| {
            let all: [&[u8]; 4] = [b"default", b"all", b"everything", section.as_bytes()];
            all.iter().any(|other| word.eq_ignore_ascii_case(other))
        };
        named.is_empty() || named.iter().any(is_meant)
    };
    let told = SECTIONS.iter().filter(|(name, _)| is_wanted(name)).map(|(name, fill)| {
        let mut lines = Lines(format!("# {name}\r\n"));
        fill(&mut lines, call.data);
        lines.0
    });
    let text = told.collect::<Vec<_>>().join("\r\n");
    Ok(Value::VerbatimString { format: VerbatimFormat::Text, text })
}

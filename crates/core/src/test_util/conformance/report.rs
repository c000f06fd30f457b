//! What came of the clauses.

use std::fmt;

use super::clause::Violation;
use super::subject::Ability;

/// What came of one clause.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub enum Verdict {
    /// The backend keeps it.
    Kept,
    /// The backend does not.
    Violated(Violation),
    /// It needs what the backend lacks, and that was said.
    #[non_exhaustive]
    LeftOut {
        /// What it needs.
        needs: Ability,
        /// Why that is not there.
        because: String,
    },
    /// It needs what was not given, and nobody said why not: the backend does not pass.
    #[non_exhaustive]
    Untried {
        /// What it needs.
        needs: Ability,
    },
}

/// One clause and what came of it.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Entry {
    /// The part of the contract that the clause belongs to.
    pub part: &'static str,
    /// The name of the clause's function.
    pub name: &'static str,
    /// What came of it.
    pub verdict: Verdict,
}

/// What came of all clauses, in their order. As text, it tells what was violated and what was not tried, and why.
#[derive(Clone, Debug)]
#[must_use = "a report that nobody reads proves nothing"]
pub struct Report {
    entries: Vec<Entry>,
}

impl Report {
    pub(super) const fn new(entries: Vec<Entry>) -> Self {
        Self { entries }
    }

    /// Whether no clause is violated, and each that was not tried was left out for a reason.
    #[must_use]
    pub fn is_conformant(&self) -> bool {
        self.entries.iter().all(|entry| match entry.verdict {
            Verdict::Kept | Verdict::LeftOut { .. } => true,
            Verdict::Violated(_) | Verdict::Untried { .. } => false,
        })
    }

    /// Every clause and what came of it.
    #[must_use]
    pub fn entries(&self) -> &[Entry] {
        &self.entries
    }

    /// What the backend does not keep.
    pub fn violations(&self) -> impl Iterator<Item = &Violation> {
        self.entries.iter().filter_map(|entry| match &entry.verdict {
            Verdict::Violated(violation) => Some(violation),
            Verdict::Kept | Verdict::LeftOut { .. } | Verdict::Untried { .. } => None,
        })
    }
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (mut kept, mut violated, mut left_out, mut untried) = (0, 0, 0, 0);
        for entry in &self.entries {
            *match entry.verdict {
                Verdict::Kept => &mut kept,
                Verdict::Violated(_) => &mut violated,
                Verdict::LeftOut { .. } => &mut left_out,
                Verdict::Untried { .. } => &mut untried,
            } += 1;
        }
        write!(f, "{kept} clauses kept, {violated} violated, {left_out} left out, {untried} not tried")?;
        for Entry { part, name, verdict } in &self.entries {
            match verdict {
                Verdict::Kept => {}
                Verdict::Violated(violation) => write!(f, "\nviolated: {violation}")?,
                Verdict::LeftOut { needs, because } => {
                    write!(f, "\nleft out: {part}: {name}: needs {needs}: {because}")?;
                }
                Verdict::Untried { needs } => {
                    let instead = "give one, or say why there is none";
                    write!(f, "\nnot tried: {part}: {name}: needs {needs}: {instead}")?;
                }
            }
        }
        Ok(())
    }
}

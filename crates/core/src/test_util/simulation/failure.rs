//! What is told of a run that failed: the seed, the reason, the plan and the trace.

use std::fmt;

use super::Plan;

/// How many lines of the trace are shown: its end, which is where the rule was seen to be broken.
const SHOWN_LINES: usize = 80;

/// A run that failed.
#[derive(Clone, Debug)]
pub struct Failure {
    pub(super) scenario: String,
    pub(super) seed: u64,
    pub(super) reason: String,
    pub(super) plan: Plan,
    /// How many faults the plan had before it was shortened.
    pub(super) faults: usize,
    pub(super) trace: String,
    pub(super) is_whole: bool,
}

impl Failure {
    /// The seed that fails.
    #[must_use]
    pub const fn seed(&self) -> u64 {
        self.seed
    }

    /// What is wrong.
    #[must_use]
    pub fn reason(&self) -> &str {
        &self.reason
    }

    /// The plan, without those faults that it takes none of to fail.
    pub const fn plan(&self) -> &Plan {
        &self.plan
    }

    /// The whole trace.
    #[must_use]
    pub fn trace(&self) -> &str {
        &self.trace
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { scenario, seed, reason, plan, faults, trace, is_whole } = self;
        writeln!(f, "scenario {scenario} fails with seed {seed}\n{reason}\n")?;
        writeln!(f, "plan ({} of its {faults} faults are enough, times in ms):\n{plan}", plan.steps().len())?;
        let lines = trace.lines().count();
        let shown = if *is_whole { lines } else { lines.min(SHOWN_LINES) };
        writeln!(
            f,
            "trace ({shown} of {lines} lines; ms, > sent, = carried out, < answered, x closed, ! fault, ~ note):"
        )?;
        for line in trace.lines().skip(lines - shown) {
            writeln!(f, "{line}")?;
        }
        write!(f, "again, with the whole trace: cargo xtask sim --seed {seed} --only {scenario}")
    }
}

impl std::error::Error for Failure {}

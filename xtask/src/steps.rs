//! A plan of named steps: a line when one starts, a line when it ends, one table when all have.

use std::time::{Duration, Instant};

use crate::failure::{Result, fail};

/// What a step has to tell when it is done.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Done {
    /// A few words for the table.
    pub(crate) note: String,
    /// How many tests the step executed, if it is one that executes tests.
    pub(crate) tests: Option<Tests>,
}

/// How many tests were executed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Tests {
    pub(crate) passed: u64,
    pub(crate) failed: u64,
}

impl Done {
    pub(crate) fn note(note: impl Into<String>) -> Self {
        Self { note: note.into(), tests: None }
    }
}

/// One step of a plan. Steps do not depend on each other's success: a failed one never hides the next.
pub(crate) struct Step {
    name: String,
    action: Box<dyn FnOnce() -> Verdict>,
}

/// How a step ended.
#[derive(Debug)]
pub(crate) struct Verdict {
    done: Done,
    failure: Option<String>,
}

impl Verdict {
    /// Failed, with something to tell all the same.
    pub(crate) fn failed(done: Done, failure: impl Into<String>) -> Self {
        Self { done, failure: Some(failure.into()) }
    }
}

impl From<Result<Done>> for Verdict {
    fn from(result: Result<Done>) -> Self {
        match result {
            Ok(done) => Self { done, failure: None },
            Err(failure) => Self::failed(Done::default(), failure.to_string()),
        }
    }
}

impl Step {
    pub(crate) fn new<V: Into<Verdict>>(
        name: impl Into<String>,
        action: impl FnOnce() -> V + 'static,
    ) -> Self {
        Self { name: name.into(), action: Box::new(|| action().into()) }
    }

    pub(crate) fn name(&self) -> &str {
        &self.name
    }
}

/// Runs every step, prints the table, and fails if any step did, or if a plan with tests executed none.
pub(crate) fn run(plan: Vec<Step>) -> Result<()> {
    let (count, started) = (plan.len(), now());
    let mut rows = Vec::with_capacity(count);
    for (index, step) in plan.into_iter().enumerate() {
        let title = format!("[{}/{count}] {} ..", index + 1, step.name);
        eprintln!("{title}");
        let start = now();
        let verdict = (step.action)();
        let took = start.elapsed();
        match &verdict.failure {
            None => eprintln!("{title} ok {}", seconds(took)),
            Some(failure) => eprintln!("{title} FAILED {}\n{failure}", seconds(took)),
        }
        rows.push(Row { name: step.name, took, verdict });
    }
    println!("\n{}", table(&rows, started.elapsed()));
    verdict(&rows)
}

struct Row {
    name: String,
    took: Duration,
    verdict: Verdict,
}

/// The sum of all tests that were executed, if any step is one that executes tests.
fn tests(rows: &[Row]) -> Option<Tests> {
    rows.iter()
        .filter_map(|row| row.verdict.done.tests)
        .reduce(|sum, tests| Tests { passed: sum.passed + tests.passed, failed: sum.failed + tests.failed })
}

fn verdict(rows: &[Row]) -> Result<()> {
    let failed: Vec<_> =
        rows.iter().filter(|row| row.verdict.failure.is_some()).map(|row| row.name.as_str()).collect();
    if !failed.is_empty() {
        return fail(format!("failed: {}", failed.join("; ")));
    }
    match tests(rows) {
        Some(Tests { passed: 0, .. }) => {
            fail("no test was executed: a run that tests nothing is not a success")
        }
        _ => Ok(()),
    }
}

fn table(rows: &[Row], took: Duration) -> String {
    let width = rows.iter().map(|row| row.name.chars().count()).max().unwrap_or(0).max("all".len());
    let mut lines: Vec<_> = rows
        .iter()
        .map(|row| {
            let word = if row.verdict.failure.is_some() { "FAILED" } else { "ok" };
            let note = match row.verdict.done.tests {
                Some(tests) => format!("{} passed, {} failed", tests.passed, tests.failed),
                None => row.verdict.done.note.clone(),
            };
            format!("{:width$}  {word:6}  {:>8}  {note}", row.name, seconds(row.took)).trim_end().to_owned()
        })
        .collect();
    lines.push(format!("{:width$}  {:6}  {:>8}", "all", "", seconds(took)));
    if let Some(tests) = tests(rows) {
        lines.push(format!("\n{} passed, {} failed", tests.passed, tests.failed));
    }
    lines.join("\n")
}

/// A time as a person says it.
pub(crate) fn seconds(took: Duration) -> String {
    if took < Duration::from_secs(10) {
        format!("{:.1} s", took.as_secs_f64())
    } else {
        format!("{} s", took.as_secs())
    }
}

/// The time on the wall: how long steps take is what this tool tells.
#[expect(clippy::disallowed_methods, reason = "a build tool measures real time; no test pauses it")]
pub(crate) fn now() -> Instant {
    Instant::now()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn row(name: &str, verdict: impl Into<Verdict>) -> Row {
        Row { name: name.into(), took: Duration::from_millis(1500), verdict: verdict.into() }
    }

    fn counted(passed: u64, failed: u64) -> Done {
        Done { note: String::new(), tests: Some(Tests { passed, failed }) }
    }

    #[test]
    fn a_run_that_executes_no_test_is_a_failure() {
        assert!(verdict(&[row("unit", Ok(counted(0, 0)))]).is_err());
        assert!(verdict(&[row("unit", Ok(counted(0, 0))), row("doc", Ok(counted(1, 0)))]).is_ok());
        assert!(verdict(&[row("fmt", Ok(Done::default()))]).is_ok());
    }

    #[test]
    fn every_step_runs_and_one_failure_fails_the_plan() {
        let ran = std::rc::Rc::new(std::cell::Cell::new(false));
        let seen = ran.clone();
        let bad = Step::new("bad", || fail("broken"));
        let good = Step::new("good", move || {
            seen.set(true);
            Ok(Done::default())
        });
        let error = run(vec![bad, good]).unwrap_err();
        assert_eq!(error.to_string(), "failed: bad");
        assert!(ran.get());
    }

    #[test]
    fn the_table_ends_with_the_sum_of_the_tests() {
        let rows = [row("core: unit", Ok(counted(3, 0))), row("doc", Verdict::failed(counted(1, 2), "no"))];
        let text = table(&rows, Duration::from_secs(12));
        let want = "core: unit  ok         1.5 s  3 passed, 0 failed\n\
                    doc         FAILED     1.5 s  1 passed, 2 failed\n\
                    all                     12 s\n\n\
                    4 passed, 2 failed";
        assert_eq!(text, want);
    }
}

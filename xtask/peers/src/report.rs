//! The figures of one crate, in the file that `cargo xtask bench` reads: `target/bench/CRATE.json`.

use std::path::PathBuf;
use std::{env, fs, io};

use serde::{Deserialize, Serialize};

use crate::measure::Comparison;

/// Where the tool says that figures go.
const FOLDER_VARIABLE: &str = "REDFLEET_BENCH_FOLDER";

/// One figure.
///
/// `low` and `high` are the 95 % interval of `ratio`, and `budget` its limit; in a row that has no ratio, all three
/// are of `ours`, in `unit`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[expect(clippy::exhaustive_structs, reason = "an unpublished package, and benches write rows of their own")]
pub struct Row {
    /// What was measured; rows of the same name replace each other.
    pub name: String,
    /// Our figure; none if it could not be taken, which the budget's check takes for a failure.
    pub ours: Option<f64>,
    /// The peer's.
    pub theirs: Option<f64>,
    /// Ours to theirs: the median of the pairs' ratios, not the ratio of the medians.
    pub ratio: Option<f64>,
    /// The interval's lower end.
    pub low: Option<f64>,
    /// The interval's upper end.
    pub high: Option<f64>,
    /// The most that is allowed.
    pub budget: Option<f64>,
    /// The unit of `ours` and `theirs`.
    pub unit: String,
}

impl Row {
    /// Ours against theirs, in microseconds an operation. Without a budget for rows that only inform, as A/A.
    #[must_use]
    pub fn ratio(comparison: &Comparison, budget: Option<f64>) -> Self {
        let ratio = comparison.ratio();
        Self {
            name: comparison.name().to_owned(),
            ours: Some(comparison.ours_ns().median / 1000.0),
            theirs: Some(comparison.theirs_ns().median / 1000.0),
            ratio: Some(ratio.median),
            low: Some(ratio.low),
            high: Some(ratio.high),
            budget,
            unit: "us".into(),
        }
    }

    /// What we add to theirs, in nanoseconds an operation.
    #[must_use]
    pub fn overhead(comparison: &Comparison, budget_ns: Option<f64>) -> Self {
        let overhead = comparison.overhead_ns();
        Self {
            name: comparison.name().to_owned(),
            ours: Some(overhead.median),
            theirs: None,
            ratio: None,
            low: Some(overhead.low),
            high: Some(overhead.high),
            budget: budget_ns,
            unit: "ns".into(),
        }
    }

    /// The same for each of the `parts` that an operation consists of, as the commands of a pipeline.
    #[must_use]
    pub fn overhead_each(comparison: &Comparison, parts: u32, budget_ns: Option<f64>) -> Self {
        let whole = Self::overhead(comparison, budget_ns);
        let each = |figure: Option<f64>| figure.map(|ns| ns / f64::from(parts));
        Self { ours: each(whole.ours), low: each(whole.low), high: each(whole.high), ..whole }
    }

    /// A row that has a budget, but no figure to hold against it.
    #[must_use]
    pub fn missing(name: &str, budget: f64) -> Self {
        Self {
            name: name.to_owned(),
            ours: None,
            theirs: None,
            ratio: None,
            low: None,
            high: None,
            budget: Some(budget),
            unit: String::new(),
        }
    }
}

/// Where figures go: the folder that the tool names, `target/bench` if it names none.
#[must_use]
pub fn folder() -> PathBuf {
    env::var_os(FOLDER_VARIABLE).map_or_else(|| PathBuf::from("target/bench"), PathBuf::from)
}

/// The rows of one crate.
#[derive(Debug)]
pub struct Report {
    file: PathBuf,
    rows: Vec<Row>,
}

impl Report {
    /// Opens the report of a crate, with the rows that are there already.
    ///
    /// # Errors
    ///
    /// If there is a file that cannot be read as a report.
    pub fn open(krate: &str) -> io::Result<Self> {
        Self::at(folder().join(format!("{krate}.json")))
    }

    fn at(file: PathBuf) -> io::Result<Self> {
        let rows = match fs::read(&file) {
            Ok(bytes) => serde_json::from_slice(&bytes)?,
            Err(error) if error.kind() == io::ErrorKind::NotFound => Vec::new(),
            Err(error) => return Err(error),
        };
        Ok(Self { file, rows })
    }

    /// Adds a row in memory, or replaces the one of the same name.
    pub fn put(&mut self, row: Row) {
        match self.rows.iter_mut().find(|old| old.name == row.name) {
            Some(old) => *old = row,
            None => self.rows.push(row),
        }
    }

    /// Writes the file.
    ///
    /// # Errors
    ///
    /// If it cannot be written.
    pub fn write(&self) -> io::Result<()> {
        if let Some(folder) = self.file.parent() {
            fs::create_dir_all(folder)?;
        }
        fs::write(&self.file, format!("{}\n", serde_json::to_string_pretty(&self.rows)?))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn row(name: &str, ours: f64) -> Row {
        Row {
            name: name.into(),
            ours: Some(ours),
            theirs: None,
            ratio: None,
            low: None,
            high: None,
            budget: None,
            unit: "ns".into(),
        }
    }

    #[test]
    fn rows_are_merged_by_name_across_runs() {
        let folder = env::temp_dir().join(format!("redfleet-peers-{}", std::process::id()));
        let file = folder.join("deep/core.json");
        let mut report = Report::at(file.clone()).unwrap();
        report.put(row("a", 1.0));
        report.put(row("b", 2.0));
        report.write().unwrap();
        let mut report = Report::at(file.clone()).unwrap();
        report.put(row("a", 3.0));
        report.put(Row::missing("c", 1.0));
        report.write().unwrap();
        let rows = Report::at(file.clone()).unwrap().rows;
        fs::write(&file, "not a report").unwrap();
        let broken = Report::at(file).is_err();
        fs::remove_dir_all(&folder).unwrap();
        assert_eq!(rows, [row("a", 3.0), row("b", 2.0), Row::missing("c", 1.0)]);
        assert!(broken);
    }
}

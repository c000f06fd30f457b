//! The list of a crate's mutants, `tests/mutants.txt`, held against its sources.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use crate::failure::{Failure, Result, fail};

/// A known bug.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Mutant {
    pub(super) name: String,
    /// The test binary that catches it; `lib` is that of the unit tests.
    pub(super) binary: String,
    /// A part of the names of the tests that do.
    pub(super) filter: String,
    /// What is wrong with it.
    pub(super) wrong: String,
}

/// The mutants of the crate in this folder. Each must be in its sources, and those there on the list.
pub(super) fn read(folder: &Path) -> Result<Vec<Mutant>> {
    let path = folder.join("tests/mutants.txt");
    let mutants = match fs::read_to_string(&path) {
        Ok(text) => parse(&text).map_err(|failure| Failure::new(format!("{}: {failure}", path.display())))?,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Vec::new(),
        Err(error) => return fail(format!("{} cannot be read: {error}", path.display())),
    };
    let mut switches = BTreeSet::new();
    collect(&folder.join("src"), &mut switches)?;
    let listed: BTreeSet<_> = mutants.iter().map(|mutant| mutant.name.clone()).collect();
    if let Some(name) = listed.symmetric_difference(&switches).next() {
        let where_ = if listed.contains(name) { "on the list only" } else { "in the sources only" };
        return fail(format!("{}: `{name}` is {where_}", path.display()));
    }
    Ok(mutants)
}

fn parse(text: &str) -> Result<Vec<Mutant>> {
    let lines = text.lines().filter(|line| !line.trim().is_empty() && !line.starts_with('#'));
    lines
        .map(|line| parse_line(line).ok_or_else(|| Failure::new(format!("not three columns: `{line}`"))))
        .collect()
}

fn parse_line(line: &str) -> Option<Mutant> {
    let mut columns = line.splitn(3, '|').map(str::trim).filter(|column| !column.is_empty());
    let (name, tests, wrong) = (columns.next()?, columns.next()?, columns.next()?);
    let (binary, filter) = tests.split_once(' ')?;
    let text = |text: &str| text.trim().to_owned();
    Some(Mutant { name: text(name), binary: text(binary), filter: text(filter), wrong: text(wrong) })
}

/// Every name that the sources under this folder ask for.
fn collect(folder: &Path, names: &mut BTreeSet<String>) -> Result<()> {
    let unreadable = |error: std::io::Error| Failure::new(format!("{}: {error}", folder.display()));
    let Ok(entries) = fs::read_dir(folder) else { return Ok(()) };
    let mut paths: Vec<PathBuf> = Vec::new();
    for entry in entries {
        paths.push(entry.map_err(unreadable)?.path());
    }
    for path in paths {
        if path.is_dir() {
            collect(&path, names)?;
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            names.extend(asked_for(&fs::read_to_string(&path).map_err(unreadable)?));
        }
    }
    Ok(())
}

fn asked_for(source: &str) -> Vec<String> {
    let parts = source.split("mutant::is_on(").skip(1);
    parts
        .filter_map(|part| Some(part.trim_start().strip_prefix('"')?.split_once('"')?.0.to_owned()))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_is_a_name_its_tests_and_what_is_wrong() {
        let text = "# comment\n\ntwins | fan_out two names | one counts | twice\n";
        let mutants = parse(text).unwrap();
        let [mutant] = mutants.as_slice() else { panic!("{mutants:?}") };
        assert_eq!((mutant.binary.as_str(), mutant.filter.as_str()), ("fan_out", "two names"));
        assert_eq!((mutant.name.as_str(), mutant.wrong.as_str()), ("twins", "one counts | twice"));
        assert!(parse("twins | fan_out | no filter\n").is_err());
        assert!(parse("twins | fan_out two\n").is_err());
    }

    #[test]
    fn switches_are_found_in_sources() {
        let source = "if mutant::is_on(\"a\") || x && crate::mutant::is_on(\n    \"b\") {}";
        assert_eq!(asked_for(source), ["a", "b"]);
    }
}

//! What this crate's table of cases says is so: each test that it names is there, and each case is in it.

use std::collections::BTreeMap;
use std::path::Path;
use std::{fs, io};

const CASES: &str = include_str!("../cases.md");

/// The sources below this folder, by the name of their module.
fn sources(folder: &Path, into: &mut BTreeMap<String, String>) -> io::Result<()> {
    for entry in fs::read_dir(folder)? {
        let path = entry?.path();
        if path.is_dir() {
            sources(&path, into)?;
        } else if let (Some(name), Some("rs")) =
            (path.file_stem(), path.extension().and_then(|end| end.to_str()))
        {
            let text = fs::read_to_string(&path)?;
            let folder = path.parent().and_then(Path::file_name).unwrap_or_default().to_string_lossy();
            let name = name.to_string_lossy();
            into.entry(format!("{folder}::{name}")).or_default().push_str(&text);
        }
    }
    Ok(())
}

/// What stands between backticks.
fn quoted(text: &str) -> impl Iterator<Item = &str> {
    text.lines().flat_map(|line| line.split('`').skip(1).step_by(2))
}

/// Whether this is the name of a test: `folder::module::a_sentence`.
fn is_test(name: &str) -> bool {
    name.matches("::").count() == 2 && !name.contains(char::is_uppercase)
}

/// The tests of a source.
fn tests(text: &str) -> impl Iterator<Item = &str> {
    let lines = text.lines().filter_map(|line| line.trim().trim_start_matches("async ").strip_prefix("fn "));
    lines.filter_map(|line| line.split_once("()")).map(|(name, _)| name)
}

#[test]
fn every_test_that_the_table_of_cases_names_is_there_and_every_test_of_a_case_is_in_it() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut modules = BTreeMap::new();
    sources(&root.join("tests"), &mut modules).unwrap();
    sources(&root.join("src"), &mut modules).unwrap();
    let named: Vec<_> = quoted(CASES).filter(|name| is_test(name)).collect();
    assert!(named.len() > 40, "{named:?}");
    for name in &named {
        let (module, test) = name.rsplit_once("::").unwrap();
        let is_there = modules.get(module).is_some_and(|text| tests(text).any(|there| there == test));
        assert!(is_there, "no test {name}");
    }
    let own = modules
        .iter()
        .filter(|(module, _)| module.starts_with("retools::") || module.starts_with("majorityredis::"));
    for (module, text) in own {
        for test in tests(text) {
            let name = format!("{module}::{test}");
            assert!(named.contains(&name.as_str()), "{name} is not in the table");
        }
    }
}

#[test]
fn every_case_has_one_row_and_every_row_a_test_or_a_reason() {
    for case in (1..=14).map(|case| format!("RT-{case}")).chain((1..=2).map(|case| format!("MR-{case}"))) {
        let rows = CASES.lines().filter(|line| line.starts_with(&format!("| {case} "))).count();
        assert_eq!(rows, 1, "{case}");
    }
    for row in CASES.lines().filter(|line| line.starts_with("| ") && !line.ends_with("| here |")) {
        let here = row.trim_end_matches(" |").rsplit_once("| ").map_or("", |(_, here)| here);
        assert!(quoted(here).any(is_test) || here.len() > 20, "{row}");
    }
}

//! What the tables of this crate's pages say is so: each test that they name is there, and each default is what they call it.

use std::collections::BTreeMap;
use std::path::Path;
use std::{fs, io};

use redfleet_multiwrite::RemoteOptions;

const CASES: &str = include_str!("../rmw.md");
const README: &str = include_str!("../README.md");

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
            into.entry(name.to_string_lossy().into_owned()).or_default().push_str(&text);
        }
    }
    Ok(())
}

/// What stands between backticks.
fn quoted(text: &str) -> impl Iterator<Item = &str> {
    text.lines().flat_map(|line| line.split('`').skip(1).step_by(2))
}

/// Whether this is the name of a test: `module::a_sentence`.
fn is_test(name: &str) -> bool {
    name.contains("::") && !name.contains(char::is_uppercase)
}

#[test]
fn every_case_has_a_row_and_every_test_that_a_row_names_is_there() {
    let mut modules = BTreeMap::new();
    sources(&Path::new(env!("CARGO_MANIFEST_DIR")).join("tests"), &mut modules).unwrap();
    for case in 1..=13 {
        let rows: Vec<_> = CASES.lines().filter(|line| line.starts_with(&format!("| RMW-{case} "))).collect();
        assert_eq!(rows.len(), 1, "RMW-{case} has one row");
        assert!(quoted(rows[0]).any(is_test), "RMW-{case} has a test");
    }
    for name in quoted(CASES).filter(|name| is_test(name)) {
        let (module, test) = name.split_once("::").unwrap();
        let text = modules.get(module).unwrap_or_else(|| panic!("no module {module}"));
        assert!(text.contains(&format!("fn {test}()")), "no test {name}");
    }
    let own = modules["redismultiwrite"].lines().filter_map(|line| line.strip_prefix("async fn rmw_"));
    let own: Vec<_> = own.filter_map(|line| line.split_once('(')).map(|(name, _)| name).collect();
    assert!(own.len() >= 13, "{own:?}");
    for name in own {
        assert!(CASES.contains(&format!("`redismultiwrite::rmw_{name}`")), "rmw_{name} is not in the table");
    }
}

#[test]
fn the_options_and_their_defaults_are_what_the_readme_calls_them() {
    let rows = [
        (
            "| `max_entries`, `max_bytes` | 100,000 writes, 64 MiB |",
            ["max_entries: 100000", "max_bytes: 67108864"],
        ),
        ("| `overflow` | `DropOldest` |", ["overflow: DropOldest", ""]),
        ("| `max_dirty_keys` | 1,000,000 |", ["max_dirty_keys: 1000000", ""]),
        ("| `guarantee` | `ExactlyOnce` |", ["guarantee: ExactlyOnce", ""]),
        ("| `deadline` | 5 s |", ["deadline: 5s", ""]),
        (
            "| `round_entries`, `round_bytes` | 1000 writes, 1 MiB |",
            ["round_entries: 1000", "round_bytes: 1048576"],
        ),
        ("| `gather` | 1 ms |", ["gather: 1ms", ""]),
        ("| `retries` | 10 ms, 5 s |", ["first_retry: 10ms", "last_retry: 5s"]),
        ("| `on_dead_letter` | none |", ["on_dead_letter: false", ""]),
    ];
    let defaults = format!("{:?}", RemoteOptions::default());
    let fields = defaults.matches(": ").count();
    let mut found = 0;
    for (row, values) in rows {
        assert!(README.contains(row), "the README has no row {row}");
        for value in values.iter().filter(|value| !value.is_empty()) {
            let is_whole = [',', ' '].iter().any(|end| defaults.contains(&format!(" {value}{end}")));
            assert!(is_whole, "{value} is not in {defaults}");
            found += 1;
        }
    }
    assert_eq!(found, fields, "every option is in the table: {defaults}");
}

//! The tables that say where RedPipe's cases are: each test and each file that they name is there.

use std::fs;
use std::path::Path;

const TABLES: [&str; 3] = [
    include_str!("../../rp-pipe.md"),
    include_str!("../../rp-keyspace.md"),
    include_str!("../../rp-struct.md"),
];

/// All sources below this folder, one after the other.
fn sources(folder: &Path, into: &mut String) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            sources(&path, into);
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            into.push_str(&fs::read_to_string(path).unwrap());
        }
    }
}

/// What stands between backticks.
fn quoted(table: &str) -> impl Iterator<Item = &str> {
    table.lines().flat_map(|line| line.split('`').skip(1).step_by(2))
}

#[test]
fn every_test_and_every_file_that_the_tables_name_is_there() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut tests = String::new();
    sources(&root.join("tests"), &mut tests);
    let mut looked_at = 0;
    for name in TABLES.into_iter().flat_map(quoted) {
        if name.ends_with(".rs") {
            assert!(root.join(name).is_file(), "no file {name}");
        } else if name.starts_with("rp_") || name.contains("::") && !name.contains(char::is_uppercase) {
            let last = name.rsplit("::").next().unwrap();
            let is_there = tests.contains(&format!("fn {last}(")) || tests.contains(&format!("mod {last};"));
            assert!(is_there, "no test {name}");
        } else {
            continue;
        }
        looked_at += 1;
    }
    assert!(looked_at > 70, "only {looked_at} names were found: is the form of the tables another?");
}

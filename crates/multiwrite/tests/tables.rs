//! What the tables of this crate's pages say is so: each test that they name is there, and each default is what they call it.

use std::collections::BTreeMap;
use std::path::Path;
use std::{fs, io};

use redfleet_multiwrite::RemoteOptions;

const CASES: &str = include_str!("../rmw.md");
const README: &str = include_str!("../README.md");
const CRATE: &str = include_str!("../src/lib.rs");

/// The rows of the crate's table of failures, and the tests that show them.
const FAILURES: [(&str, &[&str]); 9] = [
    (
        "a remote is down, hangs, is cut off",
        &[
            "options::what_is_dropped_is_copied_when_the_remote_takes_it_again",
            "journals::what_overflows_stays_in_the_spool_and_arrives_in_order",
            "remotes::a_remote_cut_off_for_longer_than_its_queue_holds_has_its_keys_copied",
        ],
    ),
    (
        "a remote lost its data",
        &[
            "running::a_remote_that_lost_its_data_gets_everything_again",
            "remotes::a_remote_at_rest_that_loses_its_data_gets_it_back_although_nobody_writes",
            "journals::a_remote_that_was_wiped_while_the_process_was_down_is_noticed_though_nobody_writes",
        ],
    ),
    ("a remote refuses a write", &["options::a_dead_letter_is_told_and_its_key_is_copied"]),
    (
        "local's reply is lost, or late",
        &[
            "options::local_has_a_deadline_and_then_the_key_is_copied",
            "faults::a_local_that_loses_replies_leaves_the_remotes_equal",
            "local::a_write_that_hangs_on_local_is_told_as_unknown_and_copied_if_it_was_carried_out",
        ],
    ),
    (
        "[`shutdown`](MultiWrite::shutdown) before all is delivered",
        &[
            "running::shutdown_delivers_takes_no_more_and_tells_what_is_left",
            "journals::what_was_queued_when_a_store_ended_arrives_once_from_its_spool",
            "journals::what_an_outbox_holds_is_copied_by_the_next_store",
        ],
    ),
    (
        "the process is killed",
        &[
            "dying::without_a_journal_what_was_queued_goes_with_the_process_and_a_resync_mends_it",
            "killed::a_process_with_a_spool_that_is_killed_many_times_loses_no_write_and_doubles_none",
            "killed::a_process_with_an_outbox_that_is_killed_many_times_loses_no_write_and_doubles_none",
        ],
    ),
    (
        "the machine loses power",
        &[
            "failures::a_crash_of_the_machine_loses_nothing_where_each_write_is_synced",
            "failures::a_crash_of_the_machine_loses_what_was_written_since_the_last_sync_and_no_more",
        ],
    ),
    (
        "the spool's disk is full",
        &["failures::a_full_disk_refuses_the_write_and_loses_nothing_however_much_of_it_was_written"],
    ),
    (
        "local lost data (a failover, a restart without its log)",
        &["dying::what_local_lost_is_taken_away_from_the_remotes"],
    ),
];

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

/// The sources of this crate and of its tests, by the name of their module.
fn modules() -> io::Result<BTreeMap<String, String>> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut modules = BTreeMap::new();
    sources(&root.join("src"), &mut modules)?;
    sources(&root.join("tests"), &mut modules)?;
    Ok(modules)
}

/// Whether the module has this test: `module::a_sentence`.
fn is_there(modules: &BTreeMap<String, String>, name: &str) -> bool {
    let (module, test) = name.split_once("::").unwrap_or(("", name));
    modules.get(module).is_some_and(|text| text.contains(&format!("fn {test}()")))
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
    let modules = modules().unwrap();
    for case in 1..=13 {
        let rows: Vec<_> = CASES.lines().filter(|line| line.starts_with(&format!("| RMW-{case} "))).collect();
        assert_eq!(rows.len(), 1, "RMW-{case} has one row");
        assert!(quoted(rows[0]).any(is_test), "RMW-{case} has a test");
    }
    for name in quoted(CASES).filter(|name| is_test(name)) {
        assert!(is_there(&modules, name), "no test {name}");
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
        ("| `retries` | 10 ms, 1 s |", ["first_retry: 10ms", "last_retry: 1s"]),
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

#[test]
fn every_row_of_the_crates_table_of_failures_is_shown_by_tests() {
    let modules = modules().unwrap();
    let table = CRATE.lines().filter_map(|line| line.strip_prefix("//! | "));
    let rows: Vec<_> = table.filter(|row| !row.starts_with("what happens")).collect();
    assert_eq!(rows.len(), FAILURES.len(), "{rows:#?}");
    for (row, (what, tests)) in rows.iter().zip(FAILURES) {
        assert!(row.starts_with(&format!("{what} |")), "{row}");
        for test in tests {
            assert!(is_there(&modules, test), "no test {test}");
        }
    }
}

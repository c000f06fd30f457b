//! What the README's tables of options and errors say is so.
#![expect(clippy::unwrap_used, reason = "set-up that fails is a failed test")]

use std::time::Duration;

use redfleet_core::{Clock, Embedded, Fleet};
use redfleet_lock::{Error, Locks};

const README: &str = include_str!("../README.md");
const ERRORS: &str = include_str!("../src/error.rs");

fn locks() -> Locks {
    let fleet = Fleet::builder().node("n0", Embedded::new().shared()).build().unwrap();
    Locks::builder(fleet).new_fleet().clock(Clock::tokio()).build().unwrap()
}

/// The row of the README's tables that is about this.
fn row(of: &str) -> &'static str {
    let is_row = |row: &&str| row.starts_with('|') && row.contains(&format!("| `{of}` |"));
    README.lines().find(is_row).unwrap()
}

#[tokio::test(start_paused = true)]
async fn the_defaults_are_those_of_the_table() {
    let locks = locks();
    assert!(row("ttl").contains("| 30 s |"));
    let lease = locks.lock("a").try_acquire().await.unwrap();
    // A hundredth of it and 2 ms are the margin: half a percent for each of two clocks.
    assert!(row("drift_ppm").contains("| 5000 |"));
    assert_eq!(lease.remaining().as_millis().div_ceil(10), 2_970, "{:?}", lease.remaining());
    assert!(row("max_ttl").contains("| 60 s |"));
    let longest = Duration::from_secs(60);
    assert!(locks.lock("b").ttl(longest).try_acquire().await.is_ok());
    let longer = locks.lock("c").ttl(longest + Duration::from_millis(1)).try_acquire().await;
    assert!(matches!(longer, Err(Error::Request { .. })), "{longer:?}");
    assert!(row("local_hand_overs").contains("| 8 |"));
    assert!(row("wait").contains("the builder's `ttl`"));
    let start = tokio::time::Instant::now();
    let waited = locks.lock("a").acquire().await;
    assert!(matches!(waited, Err(Error::TimedOut { .. })), "{waited:?}");
    assert_eq!(start.elapsed().as_secs(), 30);
}

#[test]
fn each_error_has_a_row_that_says_what_to_do() {
    let errors = ERRORS.split("pub enum Error {").nth(1).unwrap().split("\nimpl Error").next().unwrap();
    let names: Vec<_> = errors
        .lines()
        .filter(|line| line.starts_with("    ") && !line.starts_with("     "))
        .filter_map(|line| line.trim().split([' ', ',']).next())
        .filter(|word| word.starts_with(char::is_uppercase))
        .collect();
    assert_eq!(names.len(), 14, "{names:?}");
    for name in names {
        let cells: Vec<_> = row_of_error(name).split('|').map(str::trim).collect();
        assert!(cells.iter().skip(2).take(2).all(|cell| !cell.is_empty()), "{cells:?}");
    }
}

fn row_of_error(name: &str) -> &'static str {
    README.lines().find(|row| row.starts_with(&format!("| `{name}` |"))).unwrap_or_default()
}

//! Another process: this test binary once more, which runs the same test and finds that it is the other one.

use std::process::Stdio;

use tokio::io::{AsyncBufReadExt, BufReader, Lines};
use tokio::process::{Child, ChildStdout, Command};
use tokio::time::timeout;

use super::child;
use super::world::{PATIENCE, Place};

/// By these variables a process knows that it is the other one: what it does, and where the lock is.
const ROLE: &str = "REDFLEET_ROLE";
const PLACE: &str = "REDFLEET_PLACE";

/// The other process, and what it says.
pub(super) struct Other {
    pub(super) process: Child,
    lines: Lines<BufReader<ChildStdout>>,
}

impl Other {
    /// Starts it in this test, to do this.
    pub(super) fn start(place: &Place, role: &str, test: &str) -> Self {
        let mut process = Command::new(std::env::current_exe().unwrap())
            .args(["--exact", test, "--nocapture", "--test-threads", "1"])
            .env(ROLE, role)
            .env(PLACE, place.text())
            .stdout(Stdio::piped())
            .kill_on_drop(true)
            .spawn()
            .unwrap();
        let lines = BufReader::new(process.stdout.take().unwrap()).lines();
        Self { process, lines }
    }

    /// Waits until it says a line that begins so: the rest of it.
    pub(super) async fn says(&mut self, start: &str) -> String {
        let wait = async {
            loop {
                let line = self.lines.next_line().await.unwrap();
                let line = line.unwrap_or_else(|| panic!("it ended before it said {start:?}"));
                // The test harness may have begun the line.
                if let Some(at) = line.find(start) {
                    return line[at + start.len()..].to_owned();
                }
            }
        };
        timeout(PATIENCE, wait).await.unwrap_or_else(|_| panic!("it never said {start:?}"))
    }

    pub(super) async fn signal(&self, signal: &str) {
        let id = self.process.id().unwrap().to_string();
        assert!(Command::new("kill").args([signal, &id]).status().await.unwrap().success());
    }
}

/// Whether this is the other process: then it does what it was started for.
pub(super) async fn is_other() -> bool {
    let (Ok(role), Ok(place)) = (std::env::var(ROLE), std::env::var(PLACE)) else { return false };
    child::run(&role, &Place::of(&place)).await;
    true
}

//! How many tests a `cargo test` executed, read from its own lines as they pass by.

use std::io::{BufRead, BufReader};
use std::process::{Command, Stdio};

use crate::failure::{Failure, Result};
use crate::process;
use crate::steps::Tests;

/// Runs the command, passes its lines through, and counts; also tells why it failed, if it did.
pub(super) fn run(command: &mut Command) -> Result<(Tests, Option<String>)> {
    let started = command.stdin(Stdio::null()).stdout(Stdio::piped()).spawn();
    let mut child = started.map_err(|error| process::not_started(command, &error))?;
    let mut tests = Tests::default();
    if let Some(stdout) = child.stdout.take() {
        for line in BufReader::new(stdout).split(b'\n').map_while(std::io::Result::ok) {
            let line = String::from_utf8_lossy(&line);
            println!("{line}");
            if let Some(more) = count(&line) {
                tests.passed += more.passed;
                tests.failed += more.failed;
            }
        }
    }
    let status =
        child.wait().map_err(|error| Failure::new(format!("`{}`: {error}", process::line(command))))?;
    let failure = (!status.success()).then(|| format!("`{}` failed: {status}", process::line(command)));
    Ok((tests, failure))
}

/// Reads `test result: ok. 12 passed; 0 failed; ..`.
pub(crate) fn count(line: &str) -> Option<Tests> {
    let (_, counts) = line.strip_prefix("test result: ")?.split_once(". ")?;
    let number = |word: &str| -> Option<u64> {
        let part = counts.split(';').find(|part| part.trim_end().ends_with(word))?;
        part.trim().split(' ').next()?.parse().ok()
    };
    Some(Tests { passed: number("passed")?, failed: number("failed")? })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cargos_closing_lines_are_counted_and_others_are_not() {
        let line =
            "test result: ok. 12 passed; 0 failed; 0 ignored; 0 measured; 3 filtered out; finished in 0.01s";
        assert_eq!(count(line), Some(Tests { passed: 12, failed: 0 }));
        let line = "test result: FAILED. 1 passed; 2 failed; 0 ignored; 0 measured; 0 filtered out";
        assert_eq!(count(line), Some(Tests { passed: 1, failed: 2 }));
        assert_eq!(count("test result_is_kept ... ok"), None);
    }

    #[test]
    fn a_failed_command_keeps_what_was_counted() {
        let script = "echo 'test result: FAILED. 1 passed; 1 failed; 0 ignored'; exit 101";
        let (tests, failure) = run(Command::new("sh").args(["-c", script])).unwrap();
        assert_eq!(tests, Tests { passed: 1, failed: 1 });
        assert!(failure.unwrap().contains("101"));
    }
}

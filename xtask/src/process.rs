//! Child programs: started, streamed or captured, bounded in time, and told about when they fail.

use std::ffi::OsStr;
use std::io::Read;
use std::path::Path;
use std::process::{Command, Stdio};
use std::sync::mpsc;
use std::thread;
use std::time::Duration;

use crate::failure::{Failure, Result, fail};

/// What a captured program wrote, and whether it succeeded.
#[derive(Debug)]
pub(crate) struct Captured {
    pub(crate) is_success: bool,
    pub(crate) stdout: String,
    pub(crate) stderr: String,
}

/// The cargo that runs this tool.
pub(crate) fn cargo() -> Command {
    Command::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()))
}

/// Runs a program whose output goes straight to the terminal.
pub(crate) fn run(command: &mut Command) -> Result<()> {
    run_with_input(command.stdin(Stdio::null()))
}

/// The same, and it reads what is typed.
pub(crate) fn run_with_input(command: &mut Command) -> Result<()> {
    let status = command.status().map_err(|error| not_started(command, &error))?;
    if status.success() { Ok(()) } else { fail(format!("`{}` failed: {status}", line(command))) }
}

/// Runs a program and returns what it wrote on its standard output; it must succeed.
pub(crate) fn read(command: &mut Command, limit: Duration) -> Result<String> {
    let captured = capture(command, limit)?;
    if captured.is_success {
        return Ok(captured.stdout);
    }
    fail(format!("`{}` failed: {}", line(command), captured.stderr.trim()))
}

/// Runs a program and captures all that it writes. After `limit` it is ended, and that is a failure.
pub(crate) fn capture(command: &mut Command, limit: Duration) -> Result<Captured> {
    match capture_if_it_ends(command, limit)? {
        Some(captured) => Ok(captured),
        None => fail(format!("`{}` did not end within {} s", line(command), limit.as_secs())),
    }
}

/// The same where not ending is an answer too: `None`, and the program is ended.
pub(crate) fn capture_if_it_ends(command: &mut Command, limit: Duration) -> Result<Option<Captured>> {
    let started = command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn();
    let mut child = started.map_err(|error| not_started(command, &error))?;
    let (sender, received) = mpsc::channel();
    follow(child.stdout.take(), 0, &sender);
    follow(child.stderr.take(), 1, &sender);
    let deadline = crate::steps::now() + limit;
    let mut texts = [String::new(), String::new()];
    for _ in 0..texts.len() {
        let left = deadline.saturating_duration_since(crate::steps::now());
        let Ok((stream, text)) = received.recv_timeout(left) else {
            child.kill().ok();
            child.wait().ok();
            return Ok(None);
        };
        if let Some(slot) = texts.get_mut(stream) {
            *slot = text;
        }
    }
    let status = child.wait().map_err(|error| Failure::new(format!("`{}`: {error}", line(command))))?;
    let [stdout, stderr] = texts;
    Ok(Some(Captured { is_success: status.success(), stdout, stderr }))
}

/// Reads a stream to its end in a thread of its own, so that no full pipe ever stops the child.
fn follow(stream: Option<impl Read + Send + 'static>, number: usize, sender: &mpsc::Sender<(usize, String)>) {
    let sender = sender.clone();
    thread::spawn(move || {
        let mut bytes = Vec::new();
        if let Some(mut stream) = stream {
            stream.read_to_end(&mut bytes).ok();
        }
        sender.send((number, String::from_utf8_lossy(&bytes).into_owned())).ok();
    });
}

/// The command as a person would type it.
pub(crate) fn line(command: &Command) -> String {
    let program = Path::new(command.get_program());
    let words: Vec<_> = std::iter::once(program.file_name().unwrap_or_default())
        .chain(command.get_args())
        .map(OsStr::to_string_lossy)
        .map(|word| if word.contains(' ') { format!("'{word}'") } else { word.into_owned() })
        .collect();
    words.join(" ")
}

/// The failure of a program that could not even be started.
pub(crate) fn not_started(command: &Command, error: &std::io::Error) -> Failure {
    Failure::new(format!("`{}` could not be started: {error}", line(command)))
}

#[cfg(test)]
mod tests {
    use super::*;

    const LIMIT: Duration = Duration::from_secs(60);

    #[test]
    fn both_streams_and_the_verdict_are_captured() {
        let captured =
            capture(Command::new("sh").args(["-c", "echo out; echo err >&2; exit 3"]), LIMIT).unwrap();
        assert_eq!((captured.stdout.trim(), captured.stderr.trim()), ("out", "err"));
        assert!(!captured.is_success);
    }

    #[test]
    fn a_program_that_takes_too_long_is_ended() {
        let error = capture(Command::new("sleep").arg("30"), Duration::from_millis(50)).unwrap_err();
        assert!(error.to_string().starts_with("`sleep 30` did not end"), "{error}");
    }

    #[test]
    fn a_failed_program_is_told_with_its_own_words() {
        let error = read(Command::new("sh").args(["-c", "echo broken >&2; exit 1"]), LIMIT).unwrap_err();
        assert_eq!(error.to_string(), "`sh -c 'echo broken >&2; exit 1'` failed: broken");
    }
}

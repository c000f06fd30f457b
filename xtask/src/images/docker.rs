//! The few words that are exchanged with Docker.

use std::path::Path;
use std::process::Command;
use std::time::Duration;

use super::Image;
use crate::failure::{Failure, Result, fail};
use crate::process;

const ANSWER_LIMIT: Duration = Duration::from_secs(20);
const PULL_LIMIT: Duration = Duration::from_secs(60);
const RUN_LIMIT: Duration = Duration::from_secs(60);

fn docker(arguments: &[&str]) -> Command {
    let mut command = Command::new("docker");
    command.args(arguments);
    command
}

/// Docker's version, or what to do so that it answers.
pub(super) fn answers() -> Result<String> {
    let mut command = docker(&["version", "--format", "{{.Server.Version}}"]);
    match process::capture(&mut command, ANSWER_LIMIT) {
        Ok(captured) if captured.is_success => Ok(captured.stdout.trim().to_owned()),
        Ok(captured) => fail(format!(
            "Docker's daemon does not answer: start it (`systemctl start docker`), and see that this user may \
             use it (group `docker`); it said: {}",
            captured.stderr.trim()
        )),
        Err(failure) => fail(format!(
            "Docker is needed for tests on real servers; install it (Debian: `apt-get install docker.io`) and \
             start it, or run what needs none by `cargo xtask test --fast`; {failure}"
        )),
    }
}

/// Whether the image is there.
pub(super) fn is_present(tag: &str) -> Result<bool> {
    Ok(process::capture(&mut docker(&["image", "inspect", "--format", "{{.Id}}", tag]), ANSWER_LIMIT)?
        .is_success)
}

/// Pulls the image, within a minute.
pub(super) fn pull(tag: &str) -> Result<()> {
    process::read(&mut docker(&["pull", "--quiet", tag]), PULL_LIMIT).map(drop)
}

/// Makes an image of one layer from a tar of a file system.
pub(super) fn import(tar: &Path, image: &Image) -> Result<()> {
    let start = format!(r#"CMD ["{}","--protected-mode","no"]"#, image.server);
    let mut command = docker(&["import", "--change", &start]);
    process::read(command.arg(tar).arg(image.tag), RUN_LIMIT).map(drop)
}

/// Runs the server and the client of the image once each: both must be there and of the promised version.
pub(super) fn verify(image: &Image) -> Result<()> {
    for program in [image.server, image.client] {
        let said = process::read(
            &mut docker(&["run", "--rm", "--network", "none", image.tag, program, "--version"]),
            RUN_LIMIT,
        )
        .map_err(|failure| Failure::new(format!("the image {} does not run: {failure}", image.tag)))?;
        if !tells(&said, image.version) {
            let said = said.trim();
            return fail(format!("{} is not version {}: {program} says `{said}`", image.tag, image.version));
        }
    }
    Ok(())
}

/// Whether a `--version` text tells this version: `Redis server v=8.0.2 sha=..`, `redis-cli 8.0.2`.
fn tells(said: &str, version: &str) -> bool {
    said.split_whitespace()
        .map(|word| word.trim_start_matches("v="))
        .any(|word| word.strip_prefix(version).is_some_and(|rest| rest.is_empty() || rest.starts_with('.')))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_version_is_told_by_server_and_client_texts() {
        assert!(tells("Redis server v=8.0.2 sha=00000000:0 malloc=jemalloc-5.3.0 bits=64", "8.0"));
        assert!(tells("valkey-cli 8.1.1\n", "8.1"));
        assert!(!tells("redis-cli 7.0.15", "8.0"));
        assert!(!tells("redis-cli 8.01.1", "8.0"));
    }
}

//! An image built from Debian's packages, for machines that no registry answers.

use std::fs;
use std::path::Path;
use std::process::Command;
use std::time::Duration;

use super::{Image, apt, docker};
use crate::failure::{Failure, Result, fail};
use crate::process::{self, Captured};

const BUILD_LIMIT: Duration = Duration::from_secs(300);

/// Builds the image: the server's package and what it needs, unpacked, and imported as one layer.
pub(super) fn build(image: &Image, folder: &Path) -> Result<()> {
    let source = apt::archive()?;
    if !is_there("mmdebstrap") {
        install(&["mmdebstrap", "debian-archive-keyring"])?;
    }
    let keyring = source.keyring.as_deref().unwrap_or(apt::KEYRING);
    if !Path::new(keyring).exists() {
        install(&["debian-archive-keyring"])?;
    }
    fs::create_dir_all(folder)
        .map_err(|error| Failure::new(format!("{} cannot be made: {error}", folder.display())))?;
    let tar = folder.join(format!("{}-{}.tar", image.server, std::process::id()));
    let result = unpack(image, &source.uri, keyring, &tar).and_then(|()| docker::import(&tar, image));
    fs::remove_file(&tar).ok();
    result
}

/// Collects the packages into a tar. A keyring older than the release is brought up to date, once.
fn unpack(image: &Image, uri: &str, keyring: &str, tar: &Path) -> Result<()> {
    let mut captured = mmdebstrap(image, uri, keyring, tar)?;
    if captured.stderr.contains("NO_PUBKEY") {
        install(&["debian-archive-keyring"])?;
        captured = mmdebstrap(image, uri, keyring, tar)?;
    }
    if captured.is_success {
        return Ok(());
    }
    let lines: Vec<_> = captured.stderr.lines().filter(|line| line.starts_with("E:")).collect();
    fail(format!("mmdebstrap failed on {}: {}", image.suite, lines.join("; ")))
}

fn mmdebstrap(image: &Image, uri: &str, keyring: &str, tar: &Path) -> Result<Captured> {
    let suite = image.suite;
    let mut command = Command::new("mmdebstrap");
    command.arg("--variant=extract").arg(format!("--include={},base-files,dash,coreutils", image.server));
    command.arg(suite).arg(tar).arg(format!("deb [signed-by={keyring}] {uri} {suite} main"));
    process::capture(&mut command, BUILD_LIMIT)
}

/// Installs packages where we may, and says what to install where we may not.
fn install(packages: &[&str]) -> Result<()> {
    let names = packages.join(" ");
    if !is_root() {
        return fail(format!("please install first: `sudo apt-get update && sudo apt-get install {names}`"));
    }
    eprintln!("  installing {names} by apt-get");
    process::read(Command::new("apt-get").arg("update"), BUILD_LIMIT)?;
    let mut command = Command::new("apt-get");
    command.args(["install", "--yes", "--no-install-recommends"]).args(packages);
    process::read(command.env("DEBIAN_FRONTEND", "noninteractive"), BUILD_LIMIT).map(drop)
}

/// Whether a program can be started.
fn is_there(program: &str) -> bool {
    process::capture(Command::new(program).arg("--version"), Duration::from_secs(20)).is_ok()
}

fn is_root() -> bool {
    let said = process::read(Command::new("id").arg("-u"), Duration::from_secs(20));
    said.is_ok_and(|text| text.trim() == "0")
}

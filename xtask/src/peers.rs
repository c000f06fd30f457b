//! The package of peers that benches compare with: a workspace of its own, so that no test builds it.

use std::path::PathBuf;
use std::process::Command;

use crate::process;
use crate::workspace::Workspace;

/// Where its manifest is.
pub(crate) fn manifest(workspace: &Workspace) -> PathBuf {
    workspace.root.join("xtask/peers/Cargo.toml")
}

/// A `cargo SUBCOMMAND` on it, whose output lies beside everybody else's.
pub(crate) fn cargo(workspace: &Workspace, subcommand: &str) -> Command {
    let mut command = process::cargo();
    command.current_dir(&workspace.root).arg(subcommand).arg("--manifest-path").arg(manifest(workspace));
    command.env("CARGO_TARGET_DIR", workspace.target.join("peers"));
    command
}

//! What a user's build must not pull: containers, and what only tests need.

use std::time::Duration;

use super::Finding;
use crate::failure::Result;
use crate::process;
use crate::workspace::Workspace;

/// The first call on a fresh machine fetches the packages' descriptions.
const TREE_LIMIT: Duration = Duration::from_secs(300);

const BY_DEFAULT: [&str; 4] = ["testcontainers", "criterion", "rcgen", "mlua"];
const BY_TEST_UTIL: [&str; 1] = ["testcontainers"];
const TEST_UTIL: &str = "test-util";

pub(super) fn check(workspace: &Workspace) -> Result<Vec<Finding>> {
    if workspace.published().next().is_none() {
        return Ok(Vec::new());
    }
    let mut findings = heavy("default features", &tree(workspace, &[])?, &BY_DEFAULT);
    let features: Vec<_> = workspace
        .published()
        .filter(|krate| krate.features.iter().any(|feature| feature == TEST_UTIL))
        .map(|krate| format!("{}/{TEST_UTIL}", krate.package))
        .collect();
    if !features.is_empty() {
        findings.extend(heavy(&format!("feature {TEST_UTIL}"), &tree(workspace, &features)?, &BY_TEST_UTIL));
    }
    Ok(findings)
}

/// What all published crates together pull when they are used, a package a line.
fn tree(workspace: &Workspace, features: &[String]) -> Result<String> {
    let mut command = process::cargo();
    command.current_dir(&workspace.root).args(["tree", "--edges", "normal", "--prefix", "none"]);
    for krate in workspace.published() {
        command.args(["--package", &krate.package]);
    }
    if !features.is_empty() {
        command.args(["--features", &features.join(",")]);
    }
    process::read(&mut command, TREE_LIMIT)
}

fn heavy(with: &str, tree: &str, unwanted: &[&str]) -> Vec<Finding> {
    let is_pulled = |name: &str| tree.lines().any(|line| line.split(' ').next() == Some(name));
    let pulled = unwanted.iter().filter(|name| is_pulled(name));
    let text = |name: &str| format!("pull {name}: see `cargo tree -e normal -i {name}`");
    pulled.map(|name| Finding::about(with, text(name))).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pulled_package_is_found_by_its_whole_name() {
        let tree = "redfleet-core v0.1.0 (/w/crates/core)\nredis v1.8.1\ntestcontainers v0.28.0\ncriterion-plot v1\n";
        let found = heavy("default features", tree, &BY_DEFAULT);
        assert_eq!(found.len(), 1);
        assert!(found[0].text.starts_with("pull testcontainers"), "{}", found[0].text);
    }
}

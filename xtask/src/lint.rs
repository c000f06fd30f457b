//! `cargo xtask lint`: form, clippy on every set of features, docs, and the oldest Rust that is promised.

mod msrv;

use std::process::Command;

use crate::failure::{Result, fail};
use crate::steps::{self, Done, Step};
use crate::workspace::{Crate, Workspace};
use crate::{peers, process};

/// No warning stays, and nothing newer than the promised Rust is used.
const CLIPPY: [&str; 5] = ["--", "-D", "warnings", "-D", "clippy::incompatible_msrv"];

/// Runs the command.
pub(crate) fn run(arguments: &[String]) -> Result<()> {
    if let Some(argument) = arguments.first() {
        return fail(format!("`lint` takes no argument, but there is `{argument}`"));
    }
    steps::run(plan(&Workspace::find()?))
}

/// The steps.
pub(crate) fn plan(workspace: &Workspace) -> Vec<Step> {
    let cargo = |arguments: &[&str]| {
        let mut command = process::cargo();
        command.current_dir(&workspace.root).args(arguments);
        command
    };
    let mut plan = vec![step("fmt", cargo(&["fmt", "--all", "--", "--check"])), msrv::step(workspace)];
    for krate in &workspace.crates {
        for (title, flags) in feature_sets(krate) {
            let mut command = cargo(&["clippy", "--quiet", "--package", &krate.package]);
            command.args(flags).args(CLIPPY);
            plan.push(step(&format!("clippy {}: {title}", krate.short()), command));
        }
    }
    let mut docs = cargo(&["doc", "--quiet", "--workspace", "--no-deps", "--all-features"]);
    docs.env("RUSTDOCFLAGS", "-D warnings");
    plan.push(step("docs", docs));
    if peers::manifest(workspace).exists() {
        let mut fmt = peers::cargo(workspace, "fmt");
        fmt.args(["--", "--check"]);
        let mut clippy = peers::cargo(workspace, "clippy");
        clippy.args(["--quiet", "--all-targets"]).args(CLIPPY);
        plan.extend([step("fmt peers", fmt), step("clippy peers", clippy)]);
    }
    plan
}

fn step(name: &str, mut command: Command) -> Step {
    Step::new(name, move || process::run(&mut command).map(|()| Done::default()))
}

/// Nothing, each feature alone, and everything with tests, benches and examples.
fn feature_sets(krate: &Crate) -> Vec<(String, Vec<String>)> {
    let mut sets = Vec::new();
    if !krate.features.is_empty() {
        sets.push(("no features".to_owned(), vec!["--no-default-features".to_owned()]));
    }
    if krate.features.len() > 1 {
        sets.extend(krate.features.iter().map(|feature| {
            let flags = ["--no-default-features", "--features", feature].map(str::to_owned);
            (format!("{feature} alone"), flags.into())
        }));
    }
    let everything = ["--all-features", "--all-targets"].map(str::to_owned);
    sets.push(("all features and targets".to_owned(), everything.into()));
    sets
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_feature_is_looked_at_alone_and_with_all_others() {
        let krate = Crate {
            package: "redfleet-core".into(),
            is_published: true,
            rust_version: None,
            features: ["test-util", "tls"].map(str::to_owned).into(),
            dependencies: Vec::new(),
            targets: Vec::new(),
        };
        let titles: Vec<_> = feature_sets(&krate).into_iter().map(|(title, _)| title).collect();
        assert_eq!(titles, ["no features", "test-util alone", "tls alone", "all features and targets"]);
        let plain = Crate { features: Vec::new(), ..krate };
        assert_eq!(feature_sets(&plain).len(), 1);
    }
}

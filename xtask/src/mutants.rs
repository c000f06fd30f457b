//! `cargo xtask mutants`: known bugs are switched on one at a time, and the tests must fail with each.

mod list;

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use serde_json::Value;

use crate::failure::{Failure, Result, fail};
use crate::steps::{self, Done, Step, Verdict};
use crate::workspace::{Crate, Workspace, list as array, string};
use crate::{process, test};
use list::Mutant;

/// The variable by which a test binary learns which bug it has.
const VARIABLE: &str = "REDFLEET_MUTANT";
/// How long one run may take. Waiting for ever is a way to fail, and a build is not.
const RUN_LIMIT: Duration = Duration::from_secs(300);
/// How long one without a bug may take, which a slow machine is not to fail.
const SOUND_LIMIT: Duration = Duration::from_secs(1800);
const BUILD_LIMIT: Duration = Duration::from_secs(3600);

/// Runs the command.
pub(crate) fn run(arguments: &[String]) -> Result<()> {
    let (name, only) = match arguments {
        [] => (None, None),
        [name] if !name.starts_with('-') => (Some(name.as_str()), None),
        [name, only] if !name.starts_with('-') => (Some(name.as_str()), Some(only.as_str())),
        _ => {
            return fail(format!(
                "`mutants` takes a crate and a mutant, but there is `{}`",
                arguments.join(" ")
            ));
        }
    };
    let workspace = Workspace::find()?;
    let mut plan = Vec::new();
    for krate in workspace.chosen(name)? {
        plan.extend(of_crate(&workspace, &krate, only)?);
    }
    if plan.is_empty() {
        return fail("there are no mutants: no crate has a list `tests/mutants.txt` with such a one");
    }
    steps::run(plan)
}

/// What the crate's tests do without a bug, and then with each.
fn of_crate(workspace: &Workspace, krate: &Crate, only: Option<&str>) -> Result<Vec<Step>> {
    let folder = workspace.root.join("crates").join(krate.short());
    let mut mutants = list::read(&folder)?;
    mutants.retain(|mutant| only.is_none_or(|only| mutant.name.contains(only)));
    if mutants.is_empty() {
        return Ok(Vec::new());
    }
    let binaries: BTreeSet<_> = mutants.iter().map(|mutant| mutant.binary.as_str()).collect();
    let executables = build(workspace, krate, &binaries)?;
    let mut plan = Vec::new();
    let mut sound = BTreeSet::new();
    for mutant in mutants {
        let Some(executable) = executables.get(&mutant.binary) else {
            return fail(format!("{}: no test binary is called `{}`", mutant.name, mutant.binary));
        };
        if sound.insert((mutant.binary.clone(), mutant.filter.clone())) {
            let title = format!("{}: without a bug: {} {}", krate.short(), mutant.binary, mutant.filter);
            let mut command = command(&folder, executable, &mutant.filter);
            plan.push(Step::new(title, move || passes(&mut command)));
        }
        let mut command = command(&folder, executable, &mutant.filter);
        command.env(VARIABLE, &mutant.name);
        let title = format!("{}: {}", krate.short(), mutant.name);
        plan.push(Step::new(title, move || catches(&mut command, &mutant, RUN_LIMIT)));
    }
    // What fails without a bug says nothing with one, so it comes first.
    plan.sort_by_key(|step| !step.name().contains(": without a bug: "));
    Ok(plan)
}

/// Builds these test binaries, and says where they are.
fn build(
    workspace: &Workspace,
    krate: &Crate,
    binaries: &BTreeSet<&str>,
) -> Result<BTreeMap<String, PathBuf>> {
    let mut command = process::cargo();
    command.current_dir(&workspace.root);
    command.args(["test", "--no-run", "--message-format", "json", "--package", &krate.package]);
    // With the features of `cargo xtask test`, whose binaries these are.
    let features = krate.features.join(",");
    if !features.is_empty() {
        command.args(["--features", &features]);
    }
    for binary in binaries {
        if *binary == "lib" {
            command.arg("--lib");
        } else {
            command.args(["--test", binary]);
        }
    }
    Ok(executables(&process::read(&mut command, BUILD_LIMIT)?))
}

/// Reads what cargo says of what it built, a line of JSON each.
fn executables(text: &str) -> BTreeMap<String, PathBuf> {
    let lines = text.lines().filter_map(|line| serde_json::from_str::<Value>(line).ok());
    let found = lines.filter_map(|line| {
        let executable = line.get("executable")?.as_str()?;
        let target = line.get("target")?;
        let is_lib = array(target, "kind").iter().any(|kind| kind == "lib");
        let name = if is_lib { "lib" } else { string(target, "name") };
        Some((name.to_owned(), PathBuf::from(executable)))
    });
    found.collect()
}

fn command(folder: &Path, executable: &Path, filter: &str) -> Command {
    let mut command = Command::new(executable);
    command.current_dir(folder).arg(filter).env_remove(VARIABLE).env("RUST_BACKTRACE", "0");
    command
}

/// How the tests must be without a bug: there, and green.
fn passes(command: &mut Command) -> Result<Done> {
    let captured = process::capture(command, SOUND_LIMIT)?;
    let tests = captured.stdout.lines().filter_map(test::tally::count).next();
    match tests {
        Some(tests) if captured.is_success && tests.passed > 0 => {
            Ok(Done { tests: Some(tests), ..Done::default() })
        }
        Some(tests) if captured.is_success && tests.passed == 0 => {
            fail(format!("`{}` executed no test", process::line(command)))
        }
        Some(_) | None => Err(Failure::new(captured.stdout)),
    }
}

/// How they must be with one: red, or without an end. Tests that could not be run have caught nothing.
fn catches(command: &mut Command, mutant: &Mutant, limit: Duration) -> Verdict {
    match process::capture_if_it_ends(command, limit) {
        Ok(Some(captured)) if captured.is_success => {
            let text = format!("it survived: `{}` passes though {}", process::line(command), mutant.wrong);
            Verdict::failed(Done::default(), text)
        }
        Ok(Some(captured)) => Ok(Done::note(format!("caught by {}", failed(&captured.stdout)))).into(),
        Ok(None) => Ok(Done::note("caught: the tests did not end")).into(),
        Err(failure) => Err(failure).into(),
    }
}

/// The tests that failed.
fn failed(stdout: &str) -> String {
    let failed = stdout.lines().filter_map(|line| line.strip_prefix("test ")?.strip_suffix(" ... FAILED"));
    let names: Vec<_> = failed.map(|name| name.rsplit("::").next().unwrap_or(name)).collect();
    match names.split_first() {
        None => "the end of the process".into(),
        Some((first, [])) => (*first).to_owned(),
        Some((first, more)) => format!("{first} and {} more", more.len()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn mutant() -> Mutant {
        let text = |text: &str| text.to_owned();
        Mutant { name: text("m"), binary: text("lib"), filter: text("f"), wrong: text("two are one") }
    }

    fn shell(script: &str) -> Command {
        let mut command = Command::new("sh");
        command.args(["-c", script]);
        command
    }

    fn is_caught(mut command: Command, limit: Duration) -> bool {
        steps::run(vec![Step::new("m", move || catches(&mut command, &mutant(), limit))]).is_ok()
    }

    #[test]
    fn a_bug_with_which_the_tests_pass_has_survived() {
        assert!(!is_caught(shell("true"), RUN_LIMIT));
        assert!(is_caught(shell("exit 101"), RUN_LIMIT));
    }

    #[test]
    fn tests_that_do_not_end_have_caught_it_and_tests_that_do_not_begin_have_not() {
        assert!(is_caught(shell("exec sleep 30"), Duration::from_millis(50)));
        assert!(!is_caught(Command::new("/there/is/no/such/binary"), RUN_LIMIT));
    }

    #[test]
    fn tests_that_fail_or_are_not_there_prove_nothing() {
        let result =
            |passed: u8, rest: &str| format!("echo 'test result: ok. {passed} passed; 0 failed'{rest}");
        assert!(passes(&mut shell(&result(3, ""))).is_ok());
        assert!(passes(&mut shell(&result(0, ""))).is_err());
        assert!(passes(&mut shell(&result(3, "; exit 101"))).is_err());
    }

    #[test]
    fn cargos_word_on_what_it_built_is_read() {
        let text = r#"{"reason": "compiler-artifact", "target": {"name": "core", "kind": ["lib"]}, "executable": null}
{"reason": "compiler-artifact", "target": {"name": "core", "kind": ["lib"]}, "executable": "/t/core-1"}
{"reason": "compiler-artifact", "target": {"name": "fan_out", "kind": ["test"]}, "executable": "/t/fan_out-2"}
{"reason": "build-finished", "success": true}"#;
        let found = executables(text);
        assert_eq!(found.get("lib"), Some(&PathBuf::from("/t/core-1")));
        assert_eq!(found.get("fan_out"), Some(&PathBuf::from("/t/fan_out-2")));
        assert_eq!(found.len(), 2);
    }

    #[test]
    fn who_caught_it_is_told() {
        let text = "test a::one ... FAILED\ntest a::two ... ok\ntest a::three ... FAILED\n";
        assert_eq!(failed(text), "one and 1 more");
        assert_eq!(failed(""), "the end of the process");
    }
}

//! `cargo xtask bench`: the peers and the criterion benches are run, and held against the budgets.

mod budget;
mod criterion;

use std::fs;
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

use crate::failure::{Failure, Result, fail};
use crate::steps::{self, Done, Step, Verdict};
use crate::workspace::{Crate, Kind, Target, Workspace, list, string};
use crate::{peers, process, test};

/// The variable by which the peers learn where to write their figures.
const FOLDER_VARIABLE: &str = "REDFLEET_BENCH_FOLDER";

/// Runs the command.
pub(crate) fn run(arguments: &[String]) -> Result<()> {
    let name = match arguments {
        [] => None,
        [name] if !name.starts_with('-') => Some(name.as_str()),
        _ => return fail(format!("`bench` takes one crate, but there is `{}`", arguments.join(" "))),
    };
    let workspace = Workspace::find()?;
    let peers = peer_binaries(&workspace)?;
    let mut plan = Vec::new();
    for krate in workspace.chosen(name)? {
        plan.extend(of_crate(&workspace, &krate, &peers)?);
    }
    if plan.is_empty() {
        return fail(
            "there is nothing to measure: neither a peer `xtask/peers/src/bin/CRATE.rs` nor a bench",
        );
    }
    // Figures are worth what the code that takes them is.
    let mut all: Vec<_> = test::of_peers(&workspace).into_iter().collect();
    all.extend(plan);
    steps::run(all)
}

/// The crates that have a binary among the peers.
fn peer_binaries(workspace: &Workspace) -> Result<Vec<String>> {
    if !peers::manifest(workspace).exists() {
        return Ok(Vec::new());
    }
    let mut command = peers::cargo(workspace, "metadata");
    let text = process::read(command.args(["--no-deps", "--format-version", "1"]), Duration::from_secs(300))?;
    let metadata: serde_json::Value = serde_json::from_str(&text)
        .map_err(|error| Failure::new(format!("the peers' metadata cannot be read: {error}")))?;
    let targets = list(&metadata, "packages").iter().flat_map(|package| list(package, "targets"));
    let binaries = targets.filter(|target| list(target, "kind").iter().any(|kind| kind == "bin"));
    Ok(binaries.map(|target| string(target, "name").to_owned()).collect())
}

fn of_crate(workspace: &Workspace, krate: &Crate, peers: &[String]) -> Result<Vec<Step>> {
    let folder = workspace.target.join("bench");
    let file = folder.join(format!("{}.json", krate.short()));
    let has_peer = peers.iter().any(|peer| peer == krate.short());
    let benches: Vec<_> = krate.targets(Kind::Bench).collect();
    let mut plan = Vec::new();
    if !has_peer && benches.is_empty() {
        return Ok(plan);
    }
    fs::create_dir_all(&folder).map_err(|error| unwritable(&folder, &error))?;
    // Figures of an earlier run must not pass for this one's.
    if file.exists() {
        fs::remove_file(&file).map_err(|error| unwritable(&file, &error))?;
    }
    if has_peer {
        let mut command = peers::cargo(workspace, "run");
        command.args(["--release", "--bin", krate.short()]).env(FOLDER_VARIABLE, &folder);
        let name = format!("bench {}: against the peers", krate.short());
        plan.push(Step::new(name, move || process::run(&mut command).map(|()| Done::default())));
    }
    if !benches.is_empty() {
        plan.push(by_criterion(workspace, krate, &benches, file.clone()));
    }
    let name = format!("bench {}: budgets", krate.short());
    plan.push(Step::new(name, move || hold(&file)));
    Ok(plan)
}

/// Runs the crate's criterion benches and puts their medians beside the peers' figures.
fn by_criterion(workspace: &Workspace, krate: &Crate, benches: &[&Target], file: PathBuf) -> Step {
    let mut command = process::cargo();
    command.current_dir(&workspace.root).args(["bench", "--package", &krate.package]);
    let mut features: Vec<_> = benches.iter().flat_map(|bench| bench.required_features.clone()).collect();
    features.sort();
    features.dedup();
    if !features.is_empty() {
        command.args(["--features", &features.join(",")]);
    }
    command.args(benches.iter().flat_map(|bench| ["--bench", &bench.name]));
    let figures = workspace.target.join("criterion");
    Step::new(format!("bench {}: criterion", krate.short()), move || {
        let since = SystemTime::now();
        process::run(&mut command)?;
        let rows = criterion::rows(&figures, since)?;
        if rows.is_empty() {
            return fail(format!("criterion left no figures under {}", figures.display()));
        }
        let note = format!("{} figures", rows.len());
        let mut all = read(&file)?;
        all.extend(rows);
        fs::write(&file, format!("{:#}\n", serde_json::Value::from(all)))
            .map_err(|error| unwritable(&file, &error))?;
        Ok(Done::note(note))
    })
}

/// Prints the table and says whether any row is over its budget.
fn hold(file: &Path) -> Verdict {
    let rows = match read(file) {
        Ok(rows) if rows.is_empty() => return Verdict::failed(Done::default(), "nothing was measured"),
        Ok(rows) => rows,
        Err(failure) => return Verdict::failed(Done::default(), failure.to_string()),
    };
    println!("\n{}\n", budget::table(&rows));
    let over = budget::over(&rows);
    let done = Done::note(format!("{} rows, {} over budget, in {}", rows.len(), over.len(), file.display()));
    if over.is_empty() {
        Ok(done).into()
    } else {
        Verdict::failed(done, format!("over budget: {}", over.join("; ")))
    }
}

fn read(file: &Path) -> Result<Vec<serde_json::Value>> {
    if !file.exists() {
        return Ok(Vec::new());
    }
    let unreadable = |error: &dyn std::fmt::Display| Failure::new(format!("{}: {error}", file.display()));
    let text = fs::read_to_string(file).map_err(|error| unreadable(&error))?;
    serde_json::from_str(&text).map_err(|error| unreadable(&error))
}

fn unwritable(path: &Path, error: &std::io::Error) -> Failure {
    Failure::new(format!("{} cannot be written: {error}", path.display()))
}

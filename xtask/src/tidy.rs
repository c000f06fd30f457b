//! `cargo xtask tidy`: what the house's rules ask of the files themselves. Fast: nothing is compiled.

mod arrows;
mod fences;
mod form;
mod functions;
mod seam;
mod tree;
mod weight;
mod words;

use crate::failure::{Failure, Result, fail};
use crate::steps::{self, Done, Step};
use crate::workspace::Workspace;

use tree::File;

/// Something that a rule does not allow, or, as a warning, does not like.
#[derive(Debug, PartialEq, Eq)]
struct Finding {
    /// `PATH` or `PATH:LINE`, or what else it is about.
    place: String,
    text: String,
    is_warning: bool,
}

impl Finding {
    fn at(file: &File, line: usize, text: impl Into<String>) -> Self {
        Self { place: format!("{}:{line}", file.path), text: text.into(), is_warning: false }
    }

    fn about(place: impl Into<String>, text: impl Into<String>) -> Self {
        Self { place: place.into(), text: text.into(), is_warning: false }
    }

    fn warning(self) -> Self {
        Self { is_warning: true, ..self }
    }
}

/// Runs the command.
pub(crate) fn run(arguments: &[String]) -> Result<()> {
    if let Some(argument) = arguments.first() {
        return fail(format!("`tidy` takes no argument, but there is `{argument}`"));
    }
    steps::run(plan(Workspace::find()?))
}

/// The one step.
pub(crate) fn plan(workspace: Workspace) -> Vec<Step> {
    vec![Step::new("tidy", move || check(&workspace))]
}

fn check(workspace: &Workspace) -> Result<Done> {
    let files = tree::read(&workspace.root)?;
    let mut findings: Vec<_> = files.iter().flat_map(of_file).collect();
    let map = files.iter().find(|file| file.path == arrows::MAP).map(|file| file.text.as_str());
    findings.extend(arrows::check(map, &workspace.crates));
    findings.extend(weight::check(workspace)?);
    let (warnings, faults): (Vec<_>, Vec<_>) = findings.into_iter().partition(|finding| finding.is_warning);
    for warning in &warnings {
        eprintln!("  warning: {}: {}", warning.place, warning.text);
    }
    if faults.is_empty() {
        return Ok(Done::note(format!("{} files, {} warnings", files.len(), warnings.len())));
    }
    let lines: Vec<_> = faults.iter().map(|fault| format!("  {}: {}", fault.place, fault.text)).collect();
    Err(Failure::new(lines.join("\n")))
}

/// All rules that look at one file alone.
fn of_file(file: &File) -> Vec<Finding> {
    let mut findings = form::check(file);
    findings.extend(functions::check(file));
    findings.extend(seam::check(file));
    findings.extend(fences::check(file));
    findings.extend(words::check(file));
    findings
}

//! `cargo xtask ci`: everything a change must pass, in one run with one table.

use crate::failure::{Result, fail};
use crate::steps::{self, Done, Step};
use crate::workspace::Workspace;
use crate::{lint, mutants, process, test, tidy};

/// Runs the command.
pub(crate) fn run(arguments: &[String]) -> Result<()> {
    if let Some(argument) = arguments.first() {
        return fail(format!("`ci` takes no argument, but there is `{argument}`"));
    }
    let workspace = Workspace::find()?;
    let mut plan = lint::plan(&workspace);
    plan.extend(test::plan(&workspace, &test::Options::default())?);
    plan.push(Step::new("mutants", || mutants::run(&[]).map(|()| Done::default())));
    plan.extend(test::of_peers(&workspace));
    plan.push(package(&workspace));
    let mut all = tidy::plan(workspace);
    all.extend(plan);
    steps::run(all)
}

/// What would be published is packed, unpacked and built as a user would get it.
fn package(workspace: &Workspace) -> Step {
    let mut command = process::cargo();
    command.current_dir(&workspace.root);
    command.args(["package", "--quiet", "--workspace", "--exclude", "xtask", "--allow-dirty"]);
    Step::new("package", move || process::run(&mut command).map(|()| Done::default()))
}

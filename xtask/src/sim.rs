//! `cargo xtask sim`: the scenarios of the simulator over many seeds, optimised.

use crate::failure::{Failure, Result, fail};
use crate::steps::{self, Step};
use crate::workspace::{Crate, Kind, Workspace};
use crate::{process, test};

/// How many seeds each scenario runs unless it is said: a minute or so for all of them.
const SEEDS: u64 = 1000;

/// What a person asked for.
#[derive(Debug, Default, PartialEq, Eq)]
struct Options {
    crate_name: Option<String>,
    seeds: Option<u64>,
    /// One seed alone, whose failure is told with the whole trace.
    seed: Option<u64>,
    /// The scenarios whose name contains this.
    only: Option<String>,
    /// Whether the trace is told also where nothing is wrong.
    wants_trace: bool,
}

impl Options {
    fn parse(arguments: &[String]) -> Result<Self> {
        let mut options = Self::default();
        let mut arguments = arguments.iter();
        while let Some(argument) = arguments.next() {
            let mut value =
                || arguments.next().ok_or_else(|| Failure::new(format!("`{argument}` needs a value")));
            match argument.as_str() {
                "--seeds" => options.seeds = Some(count(argument, value()?)?),
                "--seed" => options.seed = Some(number(argument, value()?)?),
                "--only" => options.only = Some(value()?.clone()),
                "--trace" => options.wants_trace = true,
                flag if flag.starts_with('-') => return fail(format!("`sim` knows no `{flag}`")),
                name if options.crate_name.is_none() => options.crate_name = Some(name.to_owned()),
                other => return fail(format!("`sim` takes one crate, but there is also `{other}`")),
            }
        }
        if options.seed.is_some() && options.seeds.is_some() {
            return fail("`--seed` runs one seed, so it takes no `--seeds`");
        }
        if options.wants_trace && options.seed.is_none() {
            return fail("`--trace` tells the trace of one run: say which, by `--seed`");
        }
        Ok(options)
    }

    /// The variables by which the scenarios learn what to run.
    fn variables(&self) -> Vec<(&'static str, String)> {
        let seeds = match self.seed {
            Some(seed) => ("REDFLEET_SIM_SEED", seed),
            None => ("REDFLEET_SIM_SEEDS", self.seeds.unwrap_or(SEEDS)),
        };
        let trace = self.wants_trace.then(|| ("REDFLEET_SIM_TRACE", "1".to_owned()));
        std::iter::once((seeds.0, seeds.1.to_string())).chain(trace).collect()
    }
}

fn number(flag: &str, text: &str) -> Result<u64> {
    text.parse().map_err(|_| Failure::new(format!("`{flag}` needs a number, and there is `{text}`")))
}

/// No seed at all would be a run that is fine and has shown nothing.
fn count(flag: &str, text: &str) -> Result<u64> {
    match number(flag, text)? {
        0 => fail(format!("`{flag}` needs at least 1: without a seed nothing is run")),
        count => Ok(count),
    }
}

/// Runs the command.
pub(crate) fn run(arguments: &[String]) -> Result<()> {
    let options = Options::parse(arguments)?;
    let workspace = Workspace::find()?;
    let crates = workspace.chosen(options.crate_name.as_deref())?;
    let plan: Vec<_> = crates.iter().filter_map(|krate| step(&workspace, krate, &options)).collect();
    if plan.is_empty() {
        return fail("there is nothing to simulate: no test binary is called `simulation..`");
    }
    steps::run(plan)
}

/// The scenarios of one crate, one after another, so that each has a core to itself and its speed means something.
fn step(workspace: &Workspace, krate: &Crate, options: &Options) -> Option<Step> {
    let arguments = arguments(krate, options)?;
    let mut command = process::cargo();
    command.current_dir(&workspace.root).args(arguments).envs(options.variables());
    // A failure tells its seed and its trace; where in the simulator it was noticed tells nothing.
    command.env("RUST_BACKTRACE", "0");
    Some(Step::new(format!("sim {}", krate.short()), move || test::execute(&mut command, None, true)))
}

fn arguments(krate: &Crate, options: &Options) -> Option<Vec<String>> {
    let binaries = krate.targets(Kind::Test).filter(|target| target.name.starts_with("simulation"));
    let binaries: Vec<_> = binaries.flat_map(|target| ["--test", &target.name]).collect();
    if binaries.is_empty() {
        return None;
    }
    let features = test::features_without_containers(krate).join(",");
    let mut arguments =
        vec!["test", "--no-fail-fast", "--profile", "simulation", "--package", &krate.package];
    if !features.is_empty() {
        arguments.extend(["--features", &features]);
    }
    arguments.extend(binaries);
    arguments.extend(["--", "--nocapture", "--test-threads", "1"]);
    arguments.extend(options.only.as_deref());
    Some(arguments.into_iter().map(str::to_owned).collect())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::workspace::Target;

    fn options(arguments: &[&str]) -> Result<Options> {
        let arguments: Vec<_> = arguments.iter().map(|argument| (*argument).to_owned()).collect();
        Options::parse(&arguments)
    }

    #[test]
    fn one_seed_or_many_are_told_by_variables() {
        let variables = |arguments: &[&str]| -> Vec<String> {
            let variables = options(arguments).unwrap().variables();
            variables.iter().map(|(name, value)| format!("{name}={value}")).collect()
        };
        assert_eq!(variables(&[]), ["REDFLEET_SIM_SEEDS=1000"]);
        assert_eq!(variables(&["core", "--seeds", "5"]), ["REDFLEET_SIM_SEEDS=5"]);
        assert_eq!(variables(&["--seed", "7", "--trace"]), ["REDFLEET_SIM_SEED=7", "REDFLEET_SIM_TRACE=1"]);
    }

    #[test]
    fn wrong_arguments_are_told() {
        let error = |arguments: &[&str]| options(arguments).unwrap_err().to_string();
        assert_eq!(error(&["--seeds"]), "`--seeds` needs a value");
        assert_eq!(error(&["--seeds", "x"]), "`--seeds` needs a number, and there is `x`");
        assert_eq!(error(&["--seeds", "0"]), "`--seeds` needs at least 1: without a seed nothing is run");
        assert_eq!(
            error(&["--seed", "1", "--seeds", "2"]),
            "`--seed` runs one seed, so it takes no `--seeds`"
        );
        assert_eq!(error(&["--trace"]), "`--trace` tells the trace of one run: say which, by `--seed`");
        assert_eq!(error(&["core", "lock"]), "`sim` takes one crate, but there is also `lock`");
    }

    #[test]
    fn only_binaries_that_simulate_are_built_and_nothing_brings_containers() {
        let target =
            |name: &str| Target { name: name.into(), kind: Kind::Test, required_features: Vec::new() };
        let mut krate = Crate {
            package: "redfleet-core".into(),
            is_published: true,
            rust_version: None,
            features: ["embedded", "test-servers"].map(str::to_owned).into(),
            dependencies: Vec::new(),
            targets: vec![target("fan_out"), target("simulation"), target("simulation_more")],
        };
        let options = options(&["--only", "quorum"]).unwrap();
        let line = arguments(&krate, &options).unwrap().join(" ");
        assert_eq!(
            line,
            "test --no-fail-fast --profile simulation --package redfleet-core --features embedded --test simulation \
             --test simulation_more -- --nocapture --test-threads 1 quorum"
        );
        krate.targets.truncate(1);
        assert_eq!(arguments(&krate, &options), None);
    }
}

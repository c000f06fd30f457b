//! `cargo xtask test`: unit tests, examples in docs, and tests on real servers of every image that matters.

pub(crate) mod tally;

use std::process::Command;

use crate::failure::{Result, fail};
use crate::images::{self, IMAGES, Image};
use crate::steps::{self, Done, Step, Verdict};
use crate::workspace::{Crate, Kind, Target, Workspace};
use crate::{peers, process};

/// The variable by which tests learn which image to run on.
const IMAGE_VARIABLE: &str = "REDFLEET_TEST_IMAGE";
/// The variables by which differential tests learn how much to compare, and from which seed on.
const COMMANDS_VARIABLE: &str = "REDFLEET_DIFF_COMMANDS";
const SEED_VARIABLE: &str = "REDFLEET_DIFF_SEED";
/// The feature that brings containers.
const CONTAINERS: &str = "test-servers";

/// What a person asked for.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Options {
    crate_name: Option<String>,
    is_fast: bool,
    /// The image for all tests on servers, or `all`.
    image: Option<String>,
    /// How many commands differential tests compare on each image.
    commands: Option<u64>,
    /// The seed of their first sequence.
    seed: Option<u64>,
}

impl Options {
    fn parse(arguments: &[String]) -> Result<Self> {
        let mut options = Self::default();
        let mut arguments = arguments.iter();
        while let Some(argument) = arguments.next() {
            match argument.as_str() {
                "--fast" => options.is_fast = true,
                "--image" => match arguments.next() {
                    Some(image) => options.image = Some(image.clone()),
                    None => return fail("`--image` needs an image's name, or `all`"),
                },
                "--commands" => options.commands = Some(number("--commands", arguments.next())?),
                "--seed" => options.seed = Some(number("--seed", arguments.next())?),
                flag if flag.starts_with('-') => return fail(format!("`test` knows no `{flag}`")),
                name if options.crate_name.is_none() => options.crate_name = Some(name.to_owned()),
                other => return fail(format!("`test` takes one crate, but there is also `{other}`")),
            }
        }
        if options.is_fast && options.image.is_some() {
            return fail("`--fast` runs no server, so it takes no `--image`");
        }
        if options.is_fast && (options.commands.is_some() || options.seed.is_some()) {
            return fail("`--fast` compares with no server, so it takes no `--commands` and no `--seed`");
        }
        Ok(options)
    }

    /// The images for tests whose outcome is the same on all, and for those whose outcome may not be.
    fn images(&self) -> Result<(Vec<&'static Image>, Vec<&'static Image>)> {
        let all: Vec<_> = IMAGES.iter().collect();
        Ok(match self.image.as_deref() {
            None => (IMAGES.iter().take(1).collect(), all),
            Some("all") => (all.clone(), all),
            Some(name) => (vec![images::named(name)?], vec![images::named(name)?]),
        })
    }
}

/// The number behind a flag.
fn number(flag: &str, word: Option<&String>) -> Result<u64> {
    match word.and_then(|word| word.parse().ok()) {
        Some(number) => Ok(number),
        None => fail(format!("`{flag}` needs a number")),
    }
}

/// Runs the command.
pub(crate) fn run(arguments: &[String]) -> Result<()> {
    steps::run(plan(&Workspace::find()?, &Options::parse(arguments)?)?)
}

/// The steps, the images first if any step needs them.
pub(crate) fn plan(workspace: &Workspace, options: &Options) -> Result<Vec<Step>> {
    let mut pieces = Vec::new();
    for krate in workspace.chosen(options.crate_name.as_deref())? {
        pieces.extend(of_crate(&krate, options)?);
    }
    let mut plan = Vec::with_capacity(pieces.len() + 1);
    if pieces.iter().any(|piece| piece.image.is_some()) {
        plan.push(images::step(workspace));
    }
    let root = &workspace.root;
    plan.extend(pieces.into_iter().map(|piece| piece.step(root, options)));
    Ok(plan)
}

/// The tests of the code that measures. Not part of [`plan`], because it builds the peers.
pub(crate) fn of_peers(workspace: &Workspace) -> Option<Step> {
    if !peers::manifest(workspace).exists() {
        return None;
    }
    let mut command = peers::cargo(workspace, "test");
    // Optimised, as `bench` builds them: one build of all that they depend on.
    command.args(["--release", "--lib"]);
    Some(Step::new("peers: unit tests", move || execute(&mut command, None, true)))
}

/// One call of `cargo test`.
#[derive(Debug)]
struct Piece {
    title: String,
    arguments: Vec<String>,
    image: Option<&'static Image>,
    /// Whether it is a defect if the step executes no test.
    must_test: bool,
}

/// All features of a crate but the one that brings containers.
pub(crate) fn features_without_containers(krate: &Crate) -> Vec<&str> {
    krate.features.iter().filter(|feature| *feature != CONTAINERS).map(String::as_str).collect()
}

/// The calls for one crate, cheap ones first.
fn of_crate(krate: &Crate, options: &Options) -> Result<Vec<Piece>> {
    let features: Vec<_> = if options.is_fast {
        features_without_containers(krate)
    } else {
        krate.features.iter().map(String::as_str).collect()
    };
    let piece = |title: &str, what: Vec<String>| Piece::new(krate, title, &features, what);
    let has_library = krate.targets(Kind::Library).next().is_some();
    let has_binary = krate.targets(Kind::Binary).next().is_some();
    let mut pieces = Vec::new();
    if has_library && !features.is_empty() {
        pieces.push(Piece::new(krate, "unit tests, default features", &[], vec!["--lib".into()]));
    }
    let units: Vec<_> = [(has_library, "--lib"), (has_binary, "--bins")]
        .into_iter()
        .filter(|(is_there, _)| *is_there)
        .map(|(_, flag)| flag.to_owned())
        .collect();
    if !units.is_empty() {
        pieces.push(piece("unit tests", units));
    }
    if has_library {
        pieces.push(piece("examples in docs", vec!["--doc".into()]));
    }
    let named = |is_wanted: fn(&str) -> bool| -> Vec<String> {
        let is_able = |target: &&Target| {
            let mut required = target.required_features.iter();
            is_wanted(&target.name) && required.all(|feature| features.contains(&feature.as_str()))
        };
        let targets = krate.targets(Kind::Test).filter(is_able);
        targets.flat_map(|target| ["--test".to_owned(), target.name.clone()]).collect()
    };
    let plain = named(|name| !needs_servers(name) && !needs_versions(name));
    if !plain.is_empty() {
        pieces.push(Piece { must_test: true, ..piece("tests without servers", plain) });
    }
    if options.is_fast {
        return Ok(pieces);
    }
    let (one, every) = options.images()?;
    for image in every {
        let is_wanted: fn(&str) -> bool = if one.iter().any(|wanted| wanted.name == image.name) {
            |name| needs_servers(name) || needs_versions(name)
        } else {
            needs_versions
        };
        let tests = named(is_wanted);
        if !tests.is_empty() {
            let title = format!("servers on {}", image.name);
            pieces.push(Piece { must_test: true, image: Some(image), ..piece(&title, tests) });
        }
    }
    Ok(pieces)
}

/// Whether a test binary runs on real servers, one image standing for all.
fn needs_servers(name: &str) -> bool {
    name.starts_with("servers")
}

/// Whether a test binary's outcome depends on the server's version: conformance, differential, faults.
fn needs_versions(name: &str) -> bool {
    name.starts_with("versions")
}

impl Piece {
    fn new(krate: &Crate, title: &str, features: &[&str], what: Vec<String>) -> Self {
        let mut arguments: Vec<String> =
            ["test", "--no-fail-fast", "--package", &krate.package].map(str::to_owned).into();
        if !features.is_empty() {
            arguments.extend(["--features".into(), features.join(",")]);
        }
        arguments.extend(what);
        Self { title: format!("{}: {title}", krate.short()), arguments, image: None, must_test: false }
    }

    fn step(self, root: &std::path::Path, options: &Options) -> Step {
        let mut command = process::cargo();
        command.current_dir(root).args(&self.arguments);
        if let Some(image) = self.image {
            command.env(IMAGE_VARIABLE, image.name);
            for (variable, number) in [(COMMANDS_VARIABLE, options.commands), (SEED_VARIABLE, options.seed)] {
                command.envs(number.map(|number| (variable, number.to_string())));
            }
        }
        Step::new(self.title, move || execute(&mut command, self.image, self.must_test))
    }
}

/// Runs a `cargo test` and counts what it executes.
pub(crate) fn execute(command: &mut Command, image: Option<&Image>, must_test: bool) -> Verdict {
    if let Some(Err(failure)) = image.map(images::require) {
        return Err(failure).into();
    }
    match tally::run(command) {
        Err(failure) => Err(failure).into(),
        Ok((tests, Some(failure))) => {
            Verdict::failed(Done { tests: Some(tests), ..Done::default() }, failure)
        }
        Ok((tests, None)) if must_test && tests.passed == 0 => {
            let done = Done { tests: Some(tests), ..Done::default() };
            Verdict::failed(done, format!("`{}` executed no test", process::line(command)))
        }
        Ok((tests, None)) => Ok(Done { tests: Some(tests), ..Done::default() }).into(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn target(name: &str, kind: Kind, required: &[&str]) -> Target {
        let required_features = required.iter().map(|feature| (*feature).to_owned()).collect();
        Target { name: name.into(), kind, required_features }
    }

    fn core() -> Crate {
        Crate {
            package: "redfleet-core".into(),
            is_published: true,
            rust_version: None,
            features: ["test-servers", "tls"].map(str::to_owned).into(),
            dependencies: Vec::new(),
            targets: vec![
                target("redfleet_core", Kind::Library, &[]),
                target("verdict", Kind::Test, &[]),
                target("servers_acl", Kind::Test, &[CONTAINERS]),
                target("versions_conformance", Kind::Test, &[CONTAINERS]),
            ],
        }
    }

    fn lines(arguments: &[&str]) -> Vec<String> {
        let arguments: Vec<_> = arguments.iter().map(|argument| (*argument).to_owned()).collect();
        let pieces = of_crate(&core(), &Options::parse(&arguments).unwrap()).unwrap();
        pieces.iter().map(|piece| format!("{} | {}", piece.title, piece.arguments[4..].join(" "))).collect()
    }

    #[test]
    fn the_whole_suite_runs_servers_once_and_versions_on_every_image() {
        let want = [
            "core: unit tests, default features | --lib",
            "core: unit tests | --features test-servers,tls --lib",
            "core: examples in docs | --features test-servers,tls --doc",
            "core: tests without servers | --features test-servers,tls --test verdict",
            "core: servers on redis:8.0 | --features test-servers,tls --test servers_acl --test versions_conformance",
            "core: servers on valkey:8.1 | --features test-servers,tls --test versions_conformance",
            "core: servers on redis:7.0 | --features test-servers,tls --test versions_conformance",
        ];
        assert_eq!(lines(&[]), want);
    }

    #[test]
    fn fast_needs_no_container_and_does_not_build_their_client() {
        let lines = lines(&["--fast"]);
        assert_eq!(lines.len(), 4);
        assert!(lines.iter().all(|line| !line.contains(CONTAINERS) && !line.contains("servers_")));
    }

    #[test]
    fn an_image_takes_all_tests_on_servers() {
        let one = lines(&["--image", "valkey:8.1"]);
        assert_eq!(one.len(), 5);
        assert!(one[4].starts_with("core: servers on valkey:8.1") && one[4].contains("servers_acl"));
        let all = lines(&["--image", "all"]);
        assert_eq!(all.iter().filter(|line| line.contains("servers_acl")).count(), 3);
    }

    #[test]
    fn wrong_arguments_are_told() {
        let parse = |arguments: &[&str]| {
            let arguments: Vec<_> = arguments.iter().map(|argument| (*argument).to_owned()).collect();
            Options::parse(&arguments).unwrap_err().to_string()
        };
        assert_eq!(parse(&["--image"]), "`--image` needs an image's name, or `all`");
        assert_eq!(parse(&["--seed", "x"]), "`--seed` needs a number");
        assert_eq!(parse(&["--commands"]), "`--commands` needs a number");
        assert_eq!(parse(&["--quick"]), "`test` knows no `--quick`");
        assert_eq!(parse(&["core", "lock"]), "`test` takes one crate, but there is also `lock`");
        assert_eq!(parse(&["--fast", "--image", "all"]), "`--fast` runs no server, so it takes no `--image`");
    }
}

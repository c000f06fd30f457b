//! `cargo xtask demo`: every example called `demo_SCENE`, found by looking at the tree, run as a user would.

use crate::failure::{Result, fail};
use crate::steps::{self, Done, Step};
use crate::workspace::{Crate, Kind, Target, Workspace};
use crate::{images, process};

const MARK: &str = "demo_";
const EMBEDDED: &str = "embedded";
const DOCKER: &str = "docker";
/// The feature that brings containers.
const CONTAINERS: &str = "test-servers";

#[derive(Debug, PartialEq, Eq)]
struct Options {
    scene: Option<String>,
    servers: String,
}

impl Options {
    fn parse(arguments: &[String]) -> Result<Self> {
        let mut options = Self { scene: None, servers: EMBEDDED.into() };
        let mut arguments = arguments.iter();
        while let Some(argument) = arguments.next() {
            match argument.as_str() {
                "--servers" => match arguments.next().filter(|servers| is_servers(servers)) {
                    Some(servers) => options.servers.clone_from(servers),
                    None => {
                        return fail("`--servers` needs `embedded`, `docker`, or URLs with commas between");
                    }
                },
                flag if flag.starts_with('-') => return fail(format!("`demo` knows no `{flag}`")),
                name if options.scene.is_none() => options.scene = Some(name.to_owned()),
                other => return fail(format!("`demo` takes one scene, but there is also `{other}`")),
            }
        }
        Ok(options)
    }
}

fn is_servers(text: &str) -> bool {
    matches!(text, EMBEDDED | DOCKER) || text.split(',').all(|url| url.contains("://"))
}

/// Runs the command.
pub(crate) fn run(arguments: &[String]) -> Result<()> {
    let options = Options::parse(arguments)?;
    let workspace = Workspace::find()?;
    let mut plan = Vec::new();
    if options.servers == DOCKER {
        plan.push(images::step(&workspace));
    }
    for (krate, example) in chosen(&workspace.crates, options.scene.as_deref())? {
        plan.push(step(&workspace, krate, example, &options.servers));
    }
    steps::run(plan)
}

/// The scenes that a person chose: all, or the one that is called so.
fn chosen<'a>(crates: &'a [Crate], scene: Option<&str>) -> Result<Vec<(&'a Crate, &'a Target)>> {
    let all: Vec<_> = crates
        .iter()
        .flat_map(|krate| krate.targets(Kind::Example).map(move |example| (krate, example)))
        .filter(|(_, example)| example.name.starts_with(MARK))
        .collect();
    let names: Vec<_> = all.iter().filter_map(|(_, example)| example.name.strip_prefix(MARK)).collect();
    if names.is_empty() {
        return fail("there is no scene yet: a scene is an example `crates/NAME/examples/demo_SCENE.rs`");
    }
    let Some(scene) = scene else { return Ok(all) };
    let text = format!("no scene is called `{scene}`: there are {}", names.join(", "));
    let found: Vec<_> =
        all.into_iter().filter(|(_, example)| example.name.strip_prefix(MARK) == Some(scene)).collect();
    if found.is_empty() { fail(text) } else { Ok(found) }
}

fn step(workspace: &Workspace, krate: &Crate, example: &Target, servers: &str) -> Step {
    let mut features = example.required_features.clone();
    if servers == DOCKER {
        features.extend(krate.features.iter().filter(|feature| *feature == CONTAINERS).cloned());
    }
    let cargo = |words: &[&str]| {
        let mut command = process::cargo();
        command.current_dir(&workspace.root).args(words).args(["--package", &krate.package]);
        if !features.is_empty() {
            command.args(["--features", &features.join(",")]);
        }
        command.args(["--example", &example.name]);
        command
    };
    // Built first and aloud: the first build takes minutes, and the scene itself should not be lost in it.
    let (mut build, mut run) = (cargo(&["build"]), cargo(&["run", "--quiet"]));
    run.args(["--", "--servers", servers]);
    let name = example.name.strip_prefix(MARK).unwrap_or(&example.name);
    Step::new(format!("demo {name}"), move || {
        process::run(&mut build)?;
        process::run(&mut run).map(|()| Done::default())
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn core(examples: &[&str]) -> Crate {
        let target =
            |name: &&str| Target { name: (*name).into(), kind: Kind::Example, required_features: Vec::new() };
        Crate {
            package: "redfleet-core".into(),
            is_published: true,
            rust_version: None,
            features: Vec::new(),
            dependencies: Vec::new(),
            targets: examples.iter().map(target).collect(),
        }
    }

    fn parse(arguments: &[&str]) -> Result<Options> {
        Options::parse(&arguments.iter().map(|argument| (*argument).to_owned()).collect::<Vec<_>>())
    }

    #[test]
    fn scenes_are_examples_with_the_mark_and_an_unknown_one_lists_them() {
        let crates = [core(&["demo_fanout", "other", "demo_hedge"])];
        assert_eq!(chosen(&crates, None).unwrap().len(), 2);
        assert_eq!(chosen(&crates, Some("fanout")).unwrap()[0].1.name, "demo_fanout");
        let error = chosen(&crates, Some("fan")).unwrap_err();
        assert_eq!(error.to_string(), "no scene is called `fan`: there are fanout, hedge");
        assert!(chosen(&[core(&["other"])], None).is_err());
    }

    #[test]
    fn servers_are_embedded_unless_docker_or_urls_are_said() {
        assert_eq!(parse(&["fanout"]).unwrap().servers, "embedded");
        assert_eq!(parse(&["--servers", "docker"]).unwrap().servers, "docker");
        let urls = "redis://127.0.0.1:1,redis://127.0.0.1:2";
        assert_eq!(parse(&["--servers", urls]).unwrap(), Options { scene: None, servers: urls.into() });
        assert!(parse(&["--servers", "localhost"]).is_err());
        assert!(parse(&["--servers"]).is_err());
        assert!(parse(&["fanout", "hedge"]).is_err());
    }
}

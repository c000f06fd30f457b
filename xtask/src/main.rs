//! `cargo xtask`: what one does with this repository, one file a command.
#![expect(
    clippy::print_stdout,
    clippy::print_stderr,
    reason = "a tool for the terminal talks to the terminal"
)]

mod bench;
mod ci;
mod demo;
mod embedded;
mod failure;
mod images;
mod lint;
mod mutants;
mod peers;
mod process;
mod sim;
mod steps;
mod test;
mod tidy;
mod workspace;

use std::process::ExitCode;

use failure::{Result, fail};

const HELP: &str = "\
cargo xtask COMMAND

  test [CRATE] [--fast] [--image IMAGE|all]
      Run the tests of one crate, or of all, by default on Redis 8.0, and on every image what depends on the server's version.
      --fast runs what needs no container.
  demo [SCENE] [--servers embedded|docker|URL,URL,..]
      Run one scene, or all, on embedded nodes unless it is said: no server and no container is needed.
  embedded --port PORT [--name NAME]
      Run an embedded node that listens on loopback, until Ctrl-C or the end of the input.
  bench [CRATE]
      Measure one crate against its peers, or all, and hold the result against the budgets.
  sim [CRATE] [--seeds N | --seed S [--trace]] [--only SCENARIO]
      Run the scenarios of the simulator, optimised, over a thousand seeds or N; or one seed, whose failure is told with
      the whole trace.
  mutants [CRATE [MUTANT]]
      Switch known bugs on, one at a time, and see that the tests which are there for them fail.
  lint
      Form, clippy on every set of features, docs, and the oldest Rust that is promised.
  tidy
      What the house's rules ask of the files themselves; in under a second.
  images
      See that the servers' images are there: present, else pulled, else built from Debian's packages.
  ci
      tidy, lint, test, mutants and package in one run, with one table.

Images: redis:8.0, valkey:8.1, redis:7.0.";

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    match dispatch(&arguments) {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => {
            eprintln!("error: {failure}");
            ExitCode::FAILURE
        }
    }
}

fn dispatch(arguments: &[String]) -> Result<()> {
    if arguments.iter().any(|argument| matches!(argument.as_str(), "--help" | "-h")) {
        println!("{HELP}");
        return Ok(());
    }
    let (command, rest) = arguments.split_first().map_or(("help", arguments), |(first, rest)| (first, rest));
    match command {
        "test" => test::run(rest),
        "demo" => demo::run(rest),
        "embedded" => embedded::run(rest),
        "bench" => bench::run(rest),
        "sim" => sim::run(rest),
        "mutants" => mutants::run(rest),
        "lint" => lint::run(rest),
        "tidy" => tidy::run(rest),
        "images" => images::run(rest),
        "ci" => ci::run(rest),
        "help" => {
            println!("{HELP}");
            Ok(())
        }
        other => fail(format!("unknown command `{other}`\n\n{HELP}")),
    }
}

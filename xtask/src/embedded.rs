//! `cargo xtask embedded`: an embedded node behind a TCP port, for redis-cli and clients of other languages.

use crate::failure::{Result, fail};
use crate::process;
use crate::workspace::Workspace;

#[derive(Debug, PartialEq, Eq)]
struct Options {
    port: u16,
    name: Option<String>,
}

impl Options {
    fn parse(arguments: &[String]) -> Result<Self> {
        let (mut port, mut name) = (None, None);
        let mut arguments = arguments.iter();
        while let Some(argument) = arguments.next() {
            match (argument.as_str(), arguments.next()) {
                ("--port", Some(text)) => match text.parse() {
                    Ok(number) => port = Some(number),
                    Err(_) => return fail(format!("`{text}` is no port")),
                },
                ("--name", Some(text)) => name = Some(text.clone()),
                (flag @ ("--port" | "--name"), None) => return fail(format!("`{flag}` needs a value")),
                (other, _) => return fail(format!("`embedded` knows no `{other}`")),
            }
        }
        let Some(port) = port else { return fail("`embedded` needs `--port PORT`; 0 is any that is free") };
        Ok(Self { port, name })
    }
}

/// Runs the command, until Ctrl-C or the end of the input.
pub(crate) fn run(arguments: &[String]) -> Result<()> {
    let options = Options::parse(arguments)?;
    let workspace = Workspace::find()?;
    let mut cargo = process::cargo();
    cargo.current_dir(&workspace.root).args(["run", "--quiet", "--package", "redfleet-core"]);
    cargo.args(["--features", "embedded", "--example", "embedded_server", "--"]);
    cargo.args(["--port", &options.port.to_string()]);
    if let Some(name) = &options.name {
        cargo.args(["--name", name]);
    }
    process::run_with_input(&mut cargo)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(text: &str) -> Result<Options> {
        Options::parse(&text.split_whitespace().map(str::to_owned).collect::<Vec<_>>())
    }

    #[test]
    fn a_port_is_needed_and_a_name_is_not() {
        assert_eq!(parse("--port 6400").unwrap(), Options { port: 6400, name: None });
        assert_eq!(parse("--name a --port 0").unwrap(), Options { port: 0, name: Some("a".into()) });
        for text in ["", "--port", "--port x", "--port 70000", "--name a", "6400"] {
            assert!(parse(text).is_err(), "{text}");
        }
    }
}

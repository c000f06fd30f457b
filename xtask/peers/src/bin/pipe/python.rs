//! The Python peer: an environment of its own, made if it is missing, and a worker that tells its figures.

use std::io::{self, BufRead, BufReader, Write};
use std::path::PathBuf;
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};

const REQUIREMENTS: &str = include_str!("../../../py/requirements.txt");
const WORKER: &str = include_str!("../../../py/redpipe_worker.py");

/// What one workload took.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Told {
    pub(crate) wall_ns: f64,
    pub(crate) processor_ns: f64,
}

/// A worker, which ends when it is dropped.
pub(crate) struct Worker {
    process: Child,
    input: ChildStdin,
    output: BufReader<ChildStdout>,
}

impl Worker {
    /// Starts the worker on the server at this port of this machine.
    pub(crate) fn start(port: u16) -> io::Result<Self> {
        let mut command = Command::new(interpreter()?);
        command.args(["-c", WORKER]).arg(port.to_string());
        let mut process = command.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn()?;
        let (Some(input), Some(output)) = (process.stdin.take(), process.stdout.take()) else {
            return Err(io::Error::other("the worker has no pipes"));
        };
        let mut worker = Self { process, input, output: BufReader::new(output) };
        worker.run()?;
        Ok(worker)
    }

    /// Runs the workload once.
    pub(crate) fn run(&mut self) -> io::Result<Told> {
        self.input.write_all(b"run\n")?;
        let mut line = String::new();
        self.output.read_line(&mut line)?;
        let mut figures = line.split_whitespace().map(str::parse);
        match (figures.next(), figures.next()) {
            (Some(Ok(wall_ns)), Some(Ok(processor_ns))) => Ok(Told { wall_ns, processor_ns }),
            _ => Err(io::Error::other("the worker has ended; its reason stands above")),
        }
    }
}

impl Drop for Worker {
    fn drop(&mut self) {
        self.process.kill().ok();
        self.process.wait().ok();
    }
}

/// The interpreter of an environment that has what is required.
fn interpreter() -> io::Result<PathBuf> {
    // A folder is for one set of requirements, and whole once its stamp is there.
    let folder = redfleet_peers::folder().with_file_name("python");
    let (stamp, interpreter) = (folder.join("requirements.txt"), folder.join("bin/python"));
    if std::fs::read_to_string(&stamp).is_ok_and(|have| have == REQUIREMENTS) {
        return Ok(interpreter);
    }
    eprintln!("  making an environment for Python in {}", folder.display());
    run(Command::new("python3").args(["-m", "venv", "--clear"]).arg(&folder))?;
    let required = REQUIREMENTS.lines().filter(|line| !line.is_empty());
    run(Command::new(&interpreter).args(["-m", "pip", "install", "--quiet"]).args(required))?;
    std::fs::write(&stamp, REQUIREMENTS)?;
    Ok(interpreter)
}

fn run(command: &mut Command) -> io::Result<()> {
    let line = format!("{command:?}");
    let failed = |why: &dyn std::fmt::Display| io::Error::other(format!("`{line}`: {why}"));
    match command.status() {
        Ok(status) if status.success() => Ok(()),
        Ok(status) => Err(failed(&status)),
        Err(error) => Err(failed(&error)),
    }
}

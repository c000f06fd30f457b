//! Scene `fanout`: one operation on three servers, while one is killed and another hangs.

use std::error::Error;
use std::io::{self, Write};
use std::time::Duration;

use redfleet_core::test_util::Stage;
use redfleet_core::{Fleet, Outcome, Policy, Verdict};
use redis::{Cmd, cmd};
use tokio::time::{Instant, sleep};

const DEADLINE: Duration = Duration::from_millis(200);

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Box<dyn Error>> {
    let mut out = io::stdout();
    let stage = Stage::from_args(3).await?;
    let fleet = Fleet::builder().connect(stage.urls())?.deadline(DEADLINE).build()?;
    let key = format!("redfleet:demo:{}", std::process::id());
    let ping = cmd("PING");
    let setnx = cmd("SETNX").arg(&key).arg("first").take();
    let set = cmd("SET").arg(&key).arg("second").take();
    let get = cmd("GET").arg(&key).take();

    writeln!(
        out,
        "Three servers, each on its own. Every line: what was asked, when it was answered, who said what.\n"
    )?;
    act(&mut out, "PING to all", &fleet, Policy::All, &ping).await?;
    act(&mut out, "SETNX to all", &fleet, Policy::All, &setnx).await?;
    act(&mut out, "SETNX again", &fleet, Policy::All, &setnx).await?;
    act(&mut out, "SET, answered at two of three", &fleet, fleet.majority(), &set).await?;
    let calm = typical(&fleet, &set).await;

    stage.kill(2).await;
    writeln!(out, "\nServer n2 is killed.")?;
    act(&mut out, "SET, answered at two of three", &fleet, fleet.majority(), &set).await?;
    act(&mut out, "PING to all: its slot says so", &fleet, Policy::All, &ping).await?;
    let killed = typical(&fleet, &set).await;
    writeln!(
        out,
        "  half of 200 SETs took less than {calm} us with n2, and less than {killed} us without it"
    )?;
    stage.restart(2).await;
    back(&mut out, &fleet, "n2 is started again with its data").await?;

    stage.hang(1).await;
    writeln!(out, "\nServer n1 hangs: it takes everything and answers nothing.")?;
    act(&mut out, "SET, answered at two of three", &fleet, fleet.majority(), &set).await?;
    for time in ["once", "twice"] {
        act(&mut out, &format!("PING to all waits for n1 {time}"), &fleet, Policy::All, &ping).await?;
    }
    act(&mut out, "PING to all: n1's breaker is open", &fleet, Policy::All, &ping).await?;
    stage.resume(1).await;
    back(&mut out, &fleet, "n1 goes on").await?;

    writeln!(out)?;
    act(&mut out, "GET from all, all back again", &fleet, Policy::All, &get).await?;
    fleet.query::<i64>(Policy::All, cmd("DEL").arg(&key)).await;
    fleet.shutdown().await;
    Ok(())
}

/// The median time of a SET that is answered at two of three, in microseconds.
async fn typical(fleet: &Fleet, set: &Cmd) -> u128 {
    let mut waits = Vec::new();
    for _ in 0..200 {
        let started = Instant::now();
        fleet.query::<String>(fleet.majority(), set).await;
        waits.push(started.elapsed().as_micros());
    }
    waits.sort_unstable();
    waits.get(waits.len() / 2).copied().unwrap_or_default()
}

/// Sends one command to all nodes and shows what came of it in one line.
async fn act(
    out: &mut impl Write,
    what: &str,
    fleet: &Fleet,
    policy: Policy,
    command: &Cmd,
) -> io::Result<()> {
    let started = Instant::now();
    let mut outcome = fleet.query::<String>(policy, command).await;
    let waited = started.elapsed();
    let verdict = verdict(&outcome);
    outcome.settle().await;
    writeln!(out, "  {what:<34} {:>7} us  {verdict:<12} {outcome:#}", waited.as_micros())
}

fn verdict<T>(outcome: &Outcome<T>) -> &'static str {
    match outcome.verdict() {
        Verdict::Reached => "reached",
        Verdict::Unreachable => "unreachable",
        Verdict::Pending => "pending",
    }
}

/// Waits until all nodes answer again.
async fn back(out: &mut impl Write, fleet: &Fleet, what: &str) -> io::Result<()> {
    let started = Instant::now();
    writeln!(out, "\n{what}.")?;
    while !fleet.query::<String>(Policy::All, cmd("PING")).await.is_reached() {
        if started.elapsed() > Duration::from_secs(30) {
            return Err(io::Error::other("it did not come back within 30 s"));
        }
        sleep(Duration::from_millis(10)).await;
    }
    writeln!(out, "  a probe found it {} ms later, and it takes part again", started.elapsed().as_millis())
}

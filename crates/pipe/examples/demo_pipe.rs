//! Scene `pipe`: commands of several functions in one round trip, on two servers, of which one dies.

use std::error::Error;
use std::io::{self, Write};
use std::time::Duration;

use futures::future::try_join_all;
use redfleet_core::redis::Cmd;
use redfleet_core::test_util::Stage;
use redfleet_core::{Breaker, Layer, connect};
use redfleet_pipe::{Deferred, Pipe, Pipes, Scope};
use tokio::time::Instant;

/// A function that anybody may call inside a pipe of theirs.
fn bump(pipe: &mut Pipe, key: &str) -> Deferred<i64> {
    let count = pipe.incr(key, 1);
    pipe.expire(key, 60);
    count
}

/// Two steps, of which the second needs what the first one answers.
async fn name_of_neighbour(scope: &Scope, key: &str) -> redfleet_pipe::Result<Option<String>> {
    let neighbour: Option<String> = scope.run(|pipe| pipe.hget(key, "neighbour")).await?;
    let Some(neighbour) = neighbour else { return Ok(None) };
    scope.run(|pipe| pipe.hget(neighbour, "name")).await
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Box<dyn Error>> {
    let mut out = io::stdout();
    let stage = Stage::from_args(2).await?;
    let backends = stage.urls().into_iter().map(|url| Ok(Breaker::default().layer(connect(&url)?)));
    let backends = backends.collect::<Result<Vec<_>, redfleet_core::ConfigError>>()?;
    let [users, messages] = <[_; 2]>::try_from(backends).map_err(|_| "the scene needs two servers")?;
    let pipes = Pipes::builder()
        .connection("users", users)
        .connection("messages", messages)
        .deadline(Duration::from_millis(500))
        .build()?;

    writeln!(out, "Two servers, `users` and `messages`.\n")?;
    together(&mut out, &pipes).await?;
    what_fails(&mut out, &pipes).await?;
    what_depends(&mut out, &pipes).await?;

    stage.kill(1).await;
    writeln!(out, "\nThe server `messages` is killed.")?;
    let started = Instant::now();
    let mut pipe = pipes.pipe();
    let (here, there) = (pipe.incr(key("a"), 1), pipe.on("messages").incr(key("m"), 1));
    drop(pipe.execute().await?);
    tell(
        &mut out,
        "a pipe for both costs the dead one's results alone",
        started,
        &format!("{:?}", here.get()),
    )?;
    because(&mut out, there.get())
}

/// Many commands, few round trips.
async fn together(out: &mut impl Write, pipes: &Pipes) -> Result<(), Box<dyn Error>> {
    pipes.run(|pipe| (pipe.exists(key("a")), pipe.on("messages").exists(key("m")))).await?;
    let started = Instant::now();
    let (a, b) = pipes.run(|pipe| (bump(pipe, &key("a")), bump(pipe, &key("b")))).await?;
    tell(out, "two functions, four commands, one round trip", started, &format!("{a} and {b}"))?;

    let started = Instant::now();
    let (here, there) = pipes
        .run(|pipe| {
            let here = Deferred::all((0..500).map(|n| pipe.incr(key(&format!("n{n}")), 1)));
            let there = Deferred::all((0..500).map(|n| pipe.on("messages").incr(key(&format!("m{n}")), 1)));
            (here, there)
        })
        .await?;
    let sum: i64 = here.iter().chain(&there).sum();
    tell(out, "1000 commands, half of them on each, at the same time", started, &format!("{sum} counted"))?;

    let (auto, own) = (pipes.auto(), key("auto"));
    let started = Instant::now();
    let counts = try_join_all((0..1000).map(|_| auto.add::<i64>(Cmd::incr(&own, 1)))).await?;
    let told = format!("the last one counted {}", counts.iter().max().copied().unwrap_or_default());
    tell(out, "1000 single callers share round trips", started, &told)?;
    Ok(())
}

/// What goes wrong costs only itself.
async fn what_fails(out: &mut impl Write, pipes: &Pipes) -> Result<(), Box<dyn Error>> {
    let started = Instant::now();
    let mut pipe = pipes.pipe();
    pipe.set(key("text"), "no number");
    let (wrong, right) = (pipe.incr(key("text"), 1), pipe.incr(key("a"), 1));
    let summary = pipe.execute().await?;
    let told = format!("{} of 3 failed, the others not: {:?}", summary.failures(), right.get());
    tell(out, "one command of three is refused", started, &told)?;
    because(out, wrong.get())?;

    let started = Instant::now();
    let mut pipe = pipes.pipe();
    let failed: redfleet_pipe::Result<()> = pipe.nest(|pipe| {
        pipe.incr(key("never"), 1);
        pipe.on("nowhere").incr(key("never"), 1);
        Ok(())
    });
    let never = pipe.exists(key("never"));
    pipe.execute().await?.all()?;
    tell(out, "a nested scope is taken back", started, &format!("is it there? {}", never.get()?))?;
    because(out, failed)
}

/// Steps that need what others answered are batched all the same.
async fn what_depends(out: &mut impl Write, pipes: &Pipes) -> Result<(), Box<dyn Error>> {
    let keys: Vec<_> = (0..100).map(|n| key(&format!("u{n}"))).collect();
    let store = |pipe: &mut Pipe| {
        for (n, (own, next)) in keys.iter().zip(keys.iter().cycle().skip(1)).enumerate() {
            pipe.hset(own, "name", format!("user {n}"));
            pipe.hset(own, "neighbour", next);
        }
    };
    pipes.run(store).await?;
    let started = Instant::now();
    let names = pipes
        .scope(async |scope| try_join_all(keys.iter().map(|key| name_of_neighbour(scope, key))).await)
        .await?;
    let told = format!("{} names, the first is {:?}", names.len(), names.first().cloned().flatten());
    tell(out, "100 users x 2 dependent steps, two round trips", started, &told)?;
    Ok(())
}

/// A key that is nobody else's.
fn key(name: &str) -> String {
    format!("redfleet:demo:{}:{{{name}}}", std::process::id())
}

fn tell(out: &mut impl Write, what: &str, started: Instant, told: &str) -> io::Result<()> {
    writeln!(out, "  {what:<54} {:>6} us  {told}", started.elapsed().as_micros())
}

fn because<T>(out: &mut impl Write, result: redfleet_pipe::Result<T>) -> Result<(), Box<dyn Error>> {
    let told = result.err().map(|error| error.to_string()).unwrap_or_default();
    Ok(writeln!(out, "      {told}")?)
}

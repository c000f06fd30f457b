//! The pipelines that both arms send: counters, whose replies are the shortest, so that what is ours shows most.

use redfleet_pipe::{Deferred, Error, Pipe, Pipes};
use redis::aio::MultiplexedConnection;
use redis::{Cmd, Pipeline};

const KEY: &str = "bench:pipe";
/// How many commands a reusable function queues, in three scopes one within the other.
pub(crate) const NESTED: usize = 10;

/// The command that pipelines are made of.
pub(crate) fn command() -> Cmd {
    Cmd::incr(KEY, 1)
}

fn queue(pipe: &mut Pipe, commands: usize) -> impl Iterator<Item = Deferred<i64>> {
    (0..commands).map(|_| pipe.add(command()))
}

/// A pipe, queued and flushed, its results taken out.
pub(crate) async fn ours(pipes: &Pipes, commands: usize) -> Vec<i64> {
    pipes.run(|pipe| queue(pipe, commands).collect::<Vec<_>>()).await.unwrap()
}

/// The same, of functions that nest three deep and could each roll back.
pub(crate) async fn nested(pipes: &Pipes, commands: usize) -> Vec<i64> {
    let work = |pipe: &mut Pipe| {
        let mut all = Vec::with_capacity(commands);
        for _ in 0..commands / NESTED {
            outer(pipe, &mut all).unwrap();
        }
        all
    };
    pipes.run(work).await.unwrap()
}

fn outer(pipe: &mut Pipe, all: &mut Vec<Deferred<i64>>) -> Result<(), Error> {
    pipe.nest(|pipe| {
        all.extend(queue(pipe, 3));
        middle(pipe, all)
    })
}

fn middle(pipe: &mut Pipe, all: &mut Vec<Deferred<i64>>) -> Result<(), Error> {
    pipe.nest(|pipe| {
        all.extend(queue(pipe, 3));
        inner(pipe, all)
    })
}

fn inner(pipe: &mut Pipe, all: &mut Vec<Deferred<i64>>) -> Result<(), Error> {
    pipe.nest(|pipe| {
        all.extend(queue(pipe, 4));
        Ok(())
    })
}

/// A pipeline of the raw client, built and sent, its replies read.
pub(crate) async fn theirs(connection: &mut MultiplexedConnection, commands: usize) -> Vec<i64> {
    let mut pipeline = Pipeline::new();
    for _ in 0..commands {
        pipeline.add_command(command());
    }
    pipeline.query_async(connection).await.unwrap()
}

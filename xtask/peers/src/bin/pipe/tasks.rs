//! Commands that somebody else gathers: the steps of a scope, and the single commands of many tasks.

use futures::future::join_all;
use redfleet_core::connect;
use redfleet_core::test_util::Server;
use redfleet_peers::{Row, compare, raw};
use redfleet_pipe::{AutoPipe, Pipes, Scope};
use redis::aio::MultiplexedConnection;

use crate::{Bench, plan, work};

const CHAINS: u32 = 100;
const STEPS: u32 = 3;
const TASKS: u32 = 1000;
/// A caller alone is not to be delayed.
const ALONE_BUDGET: f64 = 1.03;

pub(crate) async fn rows(bench: &mut Bench, server: &Server) {
    let pipes = Pipes::new(connect(&server.direct_url()).unwrap());
    let mut theirs = raw::connect(&server.direct_url()).await;
    let mut theirs_too = raw::connect(&server.direct_url()).await;
    let row = compare(
        "a scope of 100 chains of 3 steps, to 3 raw pipelines of 100",
        &plan(CHAINS * STEPS),
        async || chains(&pipes).await,
        async || rounds(&mut theirs).await,
    )
    .await;
    bench.put(Row::ratio(&row, None));

    let auto = pipes.auto();
    let row = compare(
        "1000 tasks at one handle, to 1000 tasks at a raw connection",
        &plan(TASKS),
        async || through_handle(&auto).await,
        async || multiplexed(&theirs).await,
    )
    .await;
    bench.put(Row::ratio(&row, None));
    let row = compare(
        "one task alone at a handle",
        &plan(1),
        async || auto.add::<i64>(work::command()).await.unwrap(),
        async || work::command().query_async::<i64>(&mut theirs).await.unwrap(),
    )
    .await;
    bench.put(Row::ratio(&row, Some(ALONE_BUDGET)));
    let row = compare(
        "A/A: one task alone at a raw connection",
        &plan(1),
        async || work::command().query_async::<i64>(&mut theirs_too).await.unwrap(),
        async || work::command().query_async::<i64>(&mut theirs).await.unwrap(),
    )
    .await;
    bench.put(Row::ratio(&row, None));
}

async fn chains(pipes: &Pipes) -> i64 {
    let chain = async |scope: &Scope| {
        let mut sum = 0;
        for _ in 0..STEPS {
            sum += scope.add::<i64>(work::command()).await.unwrap();
        }
        sum
    };
    let all = pipes.scope(async |scope| join_all((0..CHAINS).map(|_| chain(scope))).await).await;
    all.into_iter().sum()
}

/// What somebody would write by hand who knows all chains in advance.
async fn rounds(connection: &mut MultiplexedConnection) -> i64 {
    let mut sum = 0;
    for _ in 0..STEPS {
        sum += work::theirs(connection, CHAINS as usize).await.into_iter().sum::<i64>();
    }
    sum
}

async fn through_handle(auto: &AutoPipe) -> i64 {
    let task = async || auto.add::<i64>(work::command()).await.unwrap();
    join_all((0..TASKS).map(|_| task())).await.into_iter().sum()
}

async fn multiplexed(connection: &MultiplexedConnection) -> i64 {
    let task = async |mut connection: MultiplexedConnection| {
        work::command().query_async::<i64>(&mut connection).await.unwrap()
    };
    join_all((0..TASKS).map(|_| task(connection.clone()))).await.into_iter().sum()
}

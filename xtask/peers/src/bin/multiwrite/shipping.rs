//! How fast a remote is brought what is queued, against a raw pipeline of the same commands.
//!
//! The commands of both arms are made before the clock starts. Ours wait in the queue of a remote that is paused, until it
//! is resumed, and the clock stops when the remote has acknowledged all; theirs are put in pipelines of a thousand and sent one
//! pipeline after another.

use redfleet_core::connect;
use redfleet_core::test_util::{Server, Wire};
use redfleet_multiwrite::{Guarantee, MultiWrite, RemoteOptions};
use redfleet_peers::{Plan, Row, compare_told, raw};
use redis::aio::MultiplexedConnection;
use redis::{Cmd, Pipeline};
use std::time::Duration;

use crate::Bench;
use crate::stores::{command, now_ns, store, write_many};

const WRITES: usize = 100_000;
const PIPELINE: usize = 1000;
/// At least 0.8 and 0.4 times as fast.
const BUDGETS: [(&str, Guarantee, f64); 2] = [
    ("at least once", Guarantee::AtLeastOnce, 1.0 / 0.8),
    ("exactly once", Guarantee::ExactlyOnce, 1.0 / 0.4),
];

pub(crate) async fn rows(bench: &mut Bench, remote: &Server) {
    let plan = Plan { block: 1, pairs: 16, warm_up: 2, ..Plan::default() };
    let mut theirs = raw::connect(&remote.direct_url()).await;
    let mut theirs_too = raw::connect(&remote.direct_url()).await;
    for (guarantee, how, budget) in BUDGETS {
        let options = RemoteOptions::new().guarantee(how).max_entries(2 * WRITES).max_bytes(1 << 30);
        // Local is not what is measured.
        let local = Wire::saying("+OK\r\n").backend();
        let store = store(local, [connect(&remote.direct_url()).unwrap()], &options, None);
        let row = compare_told(
            &format!("shipping 100,000 SETs, {guarantee}, to a raw pipeline of 1000 at a time"),
            &plan,
            async || each(ship(&store).await),
            async || each(pipelines(&mut theirs).await),
        )
        .await;
        bench.put(Row::ratio(&row, Some(budget)));
        store.shutdown(Duration::from_secs(10)).await.unwrap();
    }
    let row = compare_told(
        "A/A: 100,000 raw SETs, 1000 at a time",
        &plan,
        async || each(pipelines(&mut theirs_too).await),
        async || each(pipelines(&mut theirs).await),
    )
    .await;
    bench.put(Row::ratio(&row, None));
}

#[expect(clippy::cast_precision_loss, reason = "a small number")]
fn each(ns: f64) -> f64 {
    ns / WRITES as f64
}

/// Nanoseconds until all that is queued is acknowledged.
async fn ship(store: &MultiWrite) -> f64 {
    store.pause("r0").unwrap();
    write_many(store, WRITES).await;
    let before = store.health();
    let start = now_ns();
    store.resume("r0").unwrap();
    store.flush(Duration::from_secs(60)).await.unwrap();
    let took = now_ns() - start;
    for (before, after) in before.iter().zip(store.health()) {
        assert_eq!((before.entries, after.acked - before.acked), (WRITES, WRITES as u64), "{after:?}");
    }
    took
}

/// Nanoseconds that the raw client takes.
async fn pipelines(connection: &mut MultiplexedConnection) -> f64 {
    let commands: Vec<Cmd> = (0..WRITES).map(|_| command()).collect();
    let start = now_ns();
    for commands in commands.chunks(PIPELINE) {
        let mut pipeline = Pipeline::with_capacity(PIPELINE);
        for command in commands {
            pipeline.add_command(command.clone()).ignore();
        }
        pipeline.query_async::<()>(connection).await.unwrap();
    }
    now_ns() - start
}

//! RedPipe 4.0.1: a hundred pipelines of ten SET and ten GET each, on the same server.
//!
//! RedPipe runs in a process of its own and tells its own figures, so that what it takes to ask it is not counted.
//! Time on the processor is that of the whole process in both arms, by the same clock. The raw client is held
//! against RedPipe as well: that is the floor below which a pipe cannot be.

use std::hint::black_box;
use std::io;

use redfleet_core::connect;
use redfleet_core::test_util::Server;
use redfleet_peers::{Comparison, Plan, Row, compare_told, raw};
use redfleet_pipe::{Deferred, Pipe, Pipes};
use redis::aio::MultiplexedConnection;
use redis::{Cmd, Pipeline};
use rustix::time::{ClockId, clock_gettime};

use crate::python::{Told, Worker};
use crate::{Bench, port};

/// As in the worker.
const PIPELINES: usize = 100;
const PAIRS: usize = 10;
const VALUE: &[u8] = &[b'v'; 100];

/// What is compared, and the most that is allowed: 2.5 times as fast, with a tenth of the processor's time.
const FIGURES: [(&str, Figure, f64); 2] =
    [("wall time", |told| told.wall_ns, 0.4), ("time on the processor", |told| told.processor_ns, 0.1)];

type Figure = fn(Told) -> f64;

pub(crate) async fn rows(bench: &mut Bench, server: &Server) -> io::Result<()> {
    let pipes = Pipes::new(connect(&server.direct_url()).unwrap());
    let mut raw = raw::connect(&server.direct_url()).await;
    let mut worker = match Worker::start(port(server)) {
        Ok(worker) => worker,
        Err(error) => {
            for (what, _, budget) in FIGURES {
                bench.put(Row::missing(&format!("to RedPipe, {what}: RedPipe cannot be run"), budget));
            }
            return Err(io::Error::other(format!("RedPipe cannot be run: {error}")));
        }
    };
    for (what, figure, budget) in FIGURES {
        let name = format!("100 pipes of 10 SET and 10 GET, to RedPipe: {what}");
        let row = compare_with(&name, &mut worker, figure, async || ours(&pipes).await).await;
        bench.put(Row::ratio(&row, Some(budget)));
        let name = format!("the raw client, to RedPipe: {what}");
        let row = compare_with(&name, &mut worker, figure, async || theirs(&mut raw).await).await;
        bench.put(Row::ratio(&row, None));
    }
    Ok(())
}

async fn compare_with(
    name: &str,
    worker: &mut Worker,
    figure: Figure,
    mut pipeline: impl AsyncFnMut() -> usize,
) -> Comparison {
    let plan = Plan { block: 1, ..Plan::default() };
    let ours = async || figure(workload(&mut pipeline).await);
    compare_told(name, &plan, ours, async || figure(worker.run().unwrap())).await
}

/// What a workload takes in this process.
async fn workload(pipeline: &mut impl AsyncFnMut() -> usize) -> Told {
    let (wall_ns, processor_ns) = (now_ns(ClockId::Monotonic), now_ns(ClockId::ProcessCPUTime));
    for _ in 0..PIPELINES {
        assert_eq!(black_box(pipeline().await), PAIRS);
    }
    let processor_ns = now_ns(ClockId::ProcessCPUTime) - processor_ns;
    Told { wall_ns: now_ns(ClockId::Monotonic) - wall_ns, processor_ns }
}

#[expect(clippy::cast_precision_loss, reason = "exact to a microsecond, and a workload takes thousands")]
fn now_ns(clock: ClockId) -> f64 {
    let now = clock_gettime(clock);
    now.tv_sec as f64 * 1e9 + now.tv_nsec as f64
}

fn key(place: usize) -> String {
    format!("bench:redpipe:{place}")
}

/// One pipe; how many values were read.
async fn ours(pipes: &Pipes) -> usize {
    let queue = |pipe: &mut Pipe| {
        let written: Vec<Deferred<()>> =
            (0..PAIRS).map(|place| pipe.add(Cmd::set(key(place), VALUE))).collect();
        let read: Vec<Deferred<Vec<u8>>> = (0..PAIRS).map(|place| pipe.add(Cmd::get(key(place)))).collect();
        (written, read)
    };
    let (_, read) = pipes.run(queue).await.unwrap();
    read.iter().filter(|value| value.len() == VALUE.len()).count()
}

/// One pipeline of the raw client.
async fn theirs(connection: &mut MultiplexedConnection) -> usize {
    let mut pipeline = Pipeline::new();
    for place in 0..PAIRS {
        pipeline.add_command(Cmd::set(key(place), VALUE)).ignore();
    }
    for place in 0..PAIRS {
        pipeline.add_command(Cmd::get(key(place)));
    }
    let read: Vec<Vec<u8>> = pipeline.query_async(connection).await.unwrap();
    read.iter().filter(|value| value.len() == VALUE.len()).count()
}

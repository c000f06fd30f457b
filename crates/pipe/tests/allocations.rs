//! What a pipe allocates beyond what the raw client does for the same commands, counted.
#![expect(clippy::unwrap_used, reason = "set-up that fails is a failed test")]

use allocation_counter::measure;
use redfleet_core::test_util::Wire;
use redfleet_pipe::{Deferred, Pipe, Pipes};
use redis::aio::{AsyncStream, MultiplexedConnection};
use redis::{AsyncConnectionConfig, Cmd, Pipeline, RedisConnectionInfo};
use tokio::runtime::{Builder, Runtime};

const COMMANDS: usize = 1600;
/// One for sixteen commands.
const BUDGET: u64 = COMMANDS as u64 / 16;

fn command() -> Cmd {
    Cmd::incr("counter", 1)
}

async fn raw(server: &Wire) -> MultiplexedConnection {
    let stream: Box<dyn AsyncStream + Send + Unpin> = Box::new(server.connect());
    let config = AsyncConnectionConfig::new().set_response_timeout(None).set_connection_timeout(None);
    let login = RedisConnectionInfo::default().set_protocol(redis::ProtocolVersion::RESP3);
    let (connection, driver) = MultiplexedConnection::new_with_config(&login, stream, config).await.unwrap();
    drop(tokio::spawn(driver));
    connection
}

async fn theirs(connection: &mut MultiplexedConnection) {
    let mut pipeline = Pipeline::new();
    for _ in 0..COMMANDS {
        pipeline.add_command(command());
    }
    let counts: Vec<i64> = pipeline.query_async(connection).await.unwrap();
    assert_eq!(counts.len(), COMMANDS);
}

async fn flat(pipes: &Pipes) {
    let queue = |pipe: &mut Pipe| (0..COMMANDS).map(|_| pipe.add(command())).collect::<Vec<Deferred<i64>>>();
    assert_eq!(pipes.run(queue).await.unwrap().len(), COMMANDS);
}

/// Each command in a scope within a scope within a scope.
async fn nested(pipes: &Pipes) {
    let one = |pipe: &mut Pipe| pipe.nest(|pipe| pipe.nest(|pipe| pipe.nest(|pipe| Ok(pipe.add(command())))));
    let queue = |pipe: &mut Pipe| {
        let all = (0..COMMANDS).map(|_| one(pipe));
        all.collect::<redfleet_pipe::Result<Vec<Deferred<i64>>>>()
    };
    assert_eq!(pipes.run(queue).await.unwrap().unwrap().len(), COMMANDS);
}

/// Read one by one after the execution.
async fn taken(pipes: &Pipes) {
    let mut pipe = pipes.pipe();
    let all: Vec<Deferred<i64>> = (0..COMMANDS).map(|_| pipe.add(command())).collect();
    pipe.execute().await.unwrap().all().unwrap();
    assert_eq!(
        all.into_iter().map(|count| count.take().unwrap()).sum::<i64>(),
        i64::try_from(COMMANDS).unwrap()
    );
}

/// Allocations by one run, when another has made all that stays.
fn count(runtime: &Runtime, mut run: impl AsyncFnMut()) -> u64 {
    runtime.block_on(run());
    measure(|| runtime.block_on(run())).count_total
}

#[test]
fn a_pipe_allocates_at_most_once_for_sixteen_commands() {
    let runtime = Builder::new_current_thread().enable_all().build().unwrap();
    let server = Wire::saying(":1\r\n");
    let pipes = Pipes::new(server.backend());
    let mut connection = runtime.block_on(raw(&server));
    let theirs = count(&runtime, async || theirs(&mut connection).await);
    assert!(theirs > COMMANDS as u64, "nothing was counted: {theirs}");
    for (name, ours) in [
        ("flat", count(&runtime, async || flat(&pipes).await)),
        ("nested three deep", count(&runtime, async || nested(&pipes).await)),
        ("taken one by one", count(&runtime, async || taken(&pipes).await)),
    ] {
        let more = ours.saturating_sub(theirs);
        println!("{name}: {ours} allocations, the raw client {theirs}: {more} more");
        assert!(more <= BUDGET, "{name}: {more} allocations more than the raw client's {theirs}");
    }
}

//! One pipe for four servers 5, 10, 15 and 20 ms away, against a raw pipeline to the farthest of them alone.

use std::net::SocketAddr;
use std::time::Duration;

use redfleet_core::test_util::{Fault, Proxy, Server};
use redfleet_peers::{Plan, Row, compare, raw};
use redfleet_pipe::{Pipe, Pipes};

use crate::{Bench, port, work};

const BUDGET: f64 = 1.10;
const NAMES: [(&str, u64); 4] = [("near", 5), ("middle", 10), ("far", 15), ("farthest", 20)];
const COMMANDS_EACH: usize = 10;

/// The server, this far away in both directions together.
fn away(server: &Server, milliseconds: u64) -> Proxy {
    let proxy = Proxy::start(SocketAddr::from(([127, 0, 0, 1], port(server)))).unwrap();
    let each_way = Duration::from_millis(milliseconds) / 2;
    proxy.set(Fault::Delay { requests: each_way, replies: each_way });
    proxy
}

fn queue(pipe: &mut Pipe) -> Vec<redfleet_pipe::Deferred<i64>> {
    let mut all = Vec::new();
    for (name, _) in NAMES {
        let mut pipe = pipe.on(name);
        all.extend((0..COMMANDS_EACH).map(|_| pipe.add(work::command())));
    }
    all
}

pub(crate) async fn rows(bench: &mut Bench, server: &Server) {
    let proxies = NAMES.map(|(name, milliseconds)| (name, away(server, milliseconds)));
    let connections = proxies.iter().fold(Pipes::builder(), |builder, (name, proxy)| {
        builder.connection(name, redfleet_core::connect(&proxy.url()).unwrap())
    });
    let pipes = connections.build().unwrap();
    let (_, farthest) = proxies.last().unwrap();
    let mut theirs = raw::connect(&farthest.url()).await;
    let mut theirs_too = raw::connect(&farthest.url()).await;
    // An operation is a round trip of 20 ms.
    let plan = Plan { block: 5, pairs: 40, ..Plan::default() };
    let row = compare(
        "one pipe to servers 5, 10, 15, 20 ms away, to the farthest alone",
        &plan,
        async || assert_eq!(pipes.run(queue).await.unwrap().len(), NAMES.len() * COMMANDS_EACH),
        async || work::theirs(&mut theirs, COMMANDS_EACH).await,
    )
    .await;
    bench.put(Row::ratio(&row, Some(BUDGET)));
    let row = compare(
        "A/A: a raw pipeline to the server 20 ms away",
        &plan,
        async || work::theirs(&mut theirs_too, COMMANDS_EACH).await,
        async || work::theirs(&mut theirs, COMMANDS_EACH).await,
    )
    .await;
    bench.put(Row::ratio(&row, None));
}

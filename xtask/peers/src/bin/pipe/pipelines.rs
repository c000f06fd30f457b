//! Pipes of several sizes on a server, flat and nested, against the raw client's `Pipeline`.

use redfleet_core::connect;
use redfleet_core::test_util::Server;
use redfleet_peers::{Row, compare, raw};
use redfleet_pipe::Pipes;

use crate::{Bench, plan, work};

pub(crate) async fn rows(bench: &mut Bench, server: &Server) {
    let pipes = Pipes::new(connect(&server.direct_url()).unwrap());
    let mut theirs = raw::connect(&server.direct_url()).await;
    let mut unbounded = raw::connect_unbounded(&server.direct_url()).await;
    let mut theirs_too = raw::connect(&server.direct_url()).await;
    for (commands, budget) in [(10, 1.03), (100, 1.03), (1000, 1.05)] {
        let row = compare(
            &format!("a pipe of {commands} INCR"),
            &plan(commands),
            async || work::ours(&pipes, commands as usize).await,
            async || work::theirs(&mut theirs, commands as usize).await,
        )
        .await;
        bench.put(Row::ratio(&row, Some(budget)));
        let row = compare(
            &format!("a pipe of {commands} INCR, to a raw one without a limit on what is in flight"),
            &plan(commands),
            async || work::ours(&pipes, commands as usize).await,
            async || work::theirs(&mut unbounded, commands as usize).await,
        )
        .await;
        bench.put(Row::ratio(&row, None));
        let row = compare(
            &format!("A/A: a raw pipeline of {commands} INCR"),
            &plan(commands),
            async || work::theirs(&mut theirs_too, commands as usize).await,
            async || work::theirs(&mut theirs, commands as usize).await,
        )
        .await;
        bench.put(Row::ratio(&row, None));
    }
    for commands in [100, 1000] {
        let row = compare(
            &format!("a pipe of {commands} INCR, nested three deep"),
            &plan(commands),
            async || work::nested(&pipes, commands as usize).await,
            async || work::theirs(&mut theirs, commands as usize).await,
        )
        .await;
        bench.put(Row::ratio(&row, Some(1.08)));
    }
}

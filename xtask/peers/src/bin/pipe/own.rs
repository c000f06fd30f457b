//! The deciding figure: what we add to each command of a pipeline, in nanoseconds, over a stream in memory.
//!
//! No kernel and no other process is in the way. The peer is the raw client's `Pipeline` over the same kind of stream
//! with the same server behind it; the difference is ours: the backend below, the deferred result of each command,
//! and taking it out.

use redfleet_core::test_util::Wire;
use redfleet_peers::{Plan, Row, Timing, compare, raw};
use redfleet_pipe::Pipes;

use crate::{Bench, plan, work};

/// For each command of a pipeline of a thousand.
const BUDGET_NS: f64 = 30.0;

fn in_memory(commands: u32) -> Plan {
    Plan { pairs: 200, timing: Timing::WholeBlock, ..plan(commands) }
}

pub(crate) async fn rows(bench: &mut Bench) {
    let server = Wire::saying(":1\r\n");
    let pipes = Pipes::new(server.backend());
    let mut theirs = raw::over(&server).await;
    let mut unbounded = raw::over_unbounded(&server).await;
    let mut theirs_too = raw::over(&server).await;
    for (commands, budget) in [(1000, Some(BUDGET_NS)), (100, None), (10, None)] {
        let row = compare(
            &format!("own: a command in a pipe of {commands}"),
            &in_memory(commands),
            async || work::ours(&pipes, commands as usize).await,
            async || work::theirs(&mut theirs, commands as usize).await,
        )
        .await;
        bench.put(Row::overhead_each(&row, commands, budget));
    }
    let row = compare(
        "own: a command in a pipe of 1000, to a raw one without a limit on what is in flight",
        &in_memory(1000),
        async || work::ours(&pipes, 1000).await,
        async || work::theirs(&mut unbounded, 1000).await,
    )
    .await;
    bench.put(Row::overhead_each(&row, 1000, None));
    let row = compare(
        "own: a command in a pipe of 1000, nested three deep",
        &in_memory(1000),
        async || work::nested(&pipes, 1000).await,
        async || work::theirs(&mut theirs, 1000).await,
    )
    .await;
    bench.put(Row::overhead_each(&row, 1000, None));
    let row = compare(
        "own: A/A, a command in a raw pipeline of 1000",
        &in_memory(1000),
        async || work::theirs(&mut theirs_too, 1000).await,
        async || work::theirs(&mut theirs, 1000).await,
    )
    .await;
    bench.put(Row::overhead_each(&row, 1000, None));
}

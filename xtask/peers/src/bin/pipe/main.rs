//! What redfleet-pipe adds to the raw client's `Pipeline`, and how it compares with RedPipe.
//!
//! Both arms have the same settings (see `redfleet_peers::raw`), the same commands and the same types of replies, and
//! run on one thread. A raw arm builds its pipeline of the same commands, which costs there what it costs in ours. Each
//! kind of row has an A/A row: two raw arms of that kind, on connections of their own.

#![expect(clippy::unwrap_used, reason = "an operation that fails has no figure, so it ends the run")]

mod named;
mod own;
mod pipelines;
mod python;
mod redpipe;
mod tasks;
mod work;

use std::io;

use redfleet_core::test_util::{Server, ServerOptions};
use redfleet_peers::{Plan, Report, Row, block_on};

/// What the rows are made of, and where they go.
struct Bench {
    report: Report,
}

impl Bench {
    fn put(&mut self, row: Row) {
        self.report.put(row);
    }
}

/// A plan for pipelines of this many commands: blocks of some tens of milliseconds, whatever their length.
fn plan(commands: u32) -> Plan {
    Plan { block: (30_000 / (commands as usize + 50)).max(1), pairs: 80, ..Plan::default() }
}

fn main() -> io::Result<()> {
    let mut bench = Bench { report: Report::open("pipe")? };
    let outcome = block_on(async {
        own::rows(&mut bench).await;
        let server = ServerOptions::new().on_host_network().start().await;
        pipelines::rows(&mut bench, &server).await;
        tasks::rows(&mut bench, &server).await;
        named::rows(&mut bench, &server).await;
        redpipe::rows(&mut bench, &server).await
    })?;
    // What was measured is worth its table, also where a peer is missing.
    bench.report.write()?;
    outcome
}

/// The server's port on this machine.
fn port(server: &Server) -> u16 {
    server.direct_url().rsplit(':').next().unwrap().parse().unwrap()
}

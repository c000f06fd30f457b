//! What redfleet-core adds to the raw client, redis-rs: one command, a fan-out, a hung node, and in nanoseconds.
//!
//! Both arms have the same settings (see `redfleet_peers::raw`), the same commands and the same types of replies, and
//! run on one thread. The servers are on the host's network or behind a Unix socket, because a mapped port passes
//! through a process of Docker's. Each kind of row has an A/A row: two raw arms of that kind, on connections of
//! their own.

#![expect(clippy::unwrap_used, reason = "an operation that fails has no figure, so it ends the run")]

mod embedded;
mod fan_out;
mod hung;
mod one_call;
mod own;

use std::io;

use redfleet_core::test_util::{Server, ServerOptions};
use redfleet_peers::{Plan, Report, Row, Timing, block_on};

/// What the rows are made of, and where they go.
struct Bench {
    report: Report,
    /// For what takes tens of microseconds.
    on_servers: Plan,
    /// For what takes a few microseconds: the clock would be seen, and many pairs cost little.
    in_memory: Plan,
}

impl Bench {
    fn put(&mut self, row: Row) {
        self.report.put(row);
    }
}

fn main() -> io::Result<()> {
    let mut bench = Bench {
        report: Report::open("core")?,
        on_servers: Plan { pairs: 80, ..Plan::default() },
        in_memory: Plan { pairs: 400, timing: Timing::WholeBlock, ..Plan::default() },
    };
    block_on(async {
        own::rows(&mut bench).await;
        let servers = start().await;
        one_call::rows(&mut bench, &servers).await;
        embedded::rows(&mut bench, &servers).await;
        fan_out::rows(&mut bench, &servers).await;
        hung::rows(&mut bench, &servers).await;
    })?;
    bench.report.write()
}

/// Four servers: three for a fleet, and one to hang.
async fn start() -> Vec<Server> {
    eprintln!("  starting 4 servers");
    let server = || ServerOptions::new().on_host_network().unix_socket().start();
    futures::future::join_all([server(), server(), server(), server()]).await
}

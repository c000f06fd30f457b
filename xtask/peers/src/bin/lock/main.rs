//! What a lock of redfleet-lock takes, against the locks of Rust that people use: rslock, redlock and distributed-lock-redis.
//!
//! All arms run on one runtime of one thread, as one process does that has other work for its other threads; redlock knows no
//! runtime and is called in place, which costs it nothing. Each arm has its own settings, but for the ttl, which is 30 s
//! everywhere. Ours fences and is watched over; the peers' locks have no token, and of them only distributed-lock-redis extends.
//! The servers are on the host's network, because a mapped port passes through a process of Docker's.
//!
//! `REDFLEET_BENCH_ONLY=pairs,hung,contended` runs these parts alone.

#![expect(clippy::unwrap_used, reason = "an operation that fails has no figure, so it ends the run")]

mod contended;
mod fleet;
mod hung;
mod pairs;

use std::{env, io};

use redfleet_core::test_util::{Server, ServerOptions};
use redfleet_peers::{Plan, Report, Row, block_on};

/// The variable that names the parts to run, with commas between them; all if it is not there.
const ONLY_VARIABLE: &str = "REDFLEET_BENCH_ONLY";

/// What the rows are made of, and where they go.
struct Bench {
    report: Report,
    plan: Plan,
}

impl Bench {
    fn put(&mut self, row: Row) {
        self.report.put(row);
    }
}

fn main() -> io::Result<()> {
    let mut bench =
        Bench { report: Report::open("lock")?, plan: Plan { block: 100, pairs: 40, ..Plan::default() } };
    block_on(async {
        let servers = start().await;
        if is_wanted("pairs") {
            pairs::rows(&mut bench, &servers).await;
        }
        if is_wanted("hung") {
            hung::rows(&mut bench, &servers).await;
        }
        if is_wanted("contended") {
            contended::rows(&mut bench, &servers).await;
        }
    })?;
    bench.report.write()
}

fn is_wanted(part: &str) -> bool {
    env::var(ONLY_VARIABLE).map_or(true, |only| only.split(',').any(|wanted| wanted == part))
}

/// Five for the fleets, and one to hang.
async fn start() -> Vec<Server> {
    eprintln!("  starting 6 servers");
    let server = || ServerOptions::new().on_host_network().start();
    futures::future::join_all((0..6).map(|_| server())).await
}

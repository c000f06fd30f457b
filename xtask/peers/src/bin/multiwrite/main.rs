//! What redfleet-multiwrite adds to a raw write on local, how fast it ships, and how much it holds.
//!
//! Both arms have the same settings (see `redfleet_peers::raw`), the same commands and the same types of replies, and run on
//! one thread. The servers are on the host's network, because a mapped port passes through a process of Docker's. Each kind
//! of row has an A/A row: two raw arms of that kind, on connections of their own.
//!
//! `REDFLEET_BENCH_ONLY=shipping,own` runs these parts alone.

#![expect(clippy::unwrap_used, reason = "an operation that fails has no figure, so it ends the run")]

mod memory;
mod outage;
mod own;
mod shipping;
mod stores;
mod writes;

use std::{env, io};

use redfleet_core::test_util::{Server, ServerOptions};
use redfleet_peers::{Plan, Report, Row, Timing, block_on};

/// The variable that names the parts to run, with commas between them; all if it is not there.
const ONLY_VARIABLE: &str = "REDFLEET_BENCH_ONLY";

/// What the rows are made of, and where they go.
struct Bench {
    report: Report,
    /// For what takes tens of microseconds.
    on_servers: Plan,
    /// For what takes a few microseconds.
    in_memory: Plan,
}

impl Bench {
    fn put(&mut self, row: Row) {
        self.report.put(row);
    }
}

fn main() -> io::Result<()> {
    let mut bench = Bench {
        report: Report::open("multiwrite")?,
        on_servers: Plan { pairs: 80, ..Plan::default() },
        in_memory: Plan { pairs: 200, timing: Timing::WholeBlock, ..Plan::default() },
    };
    block_on(async {
        if is_wanted("memory") {
            memory::rows(&mut bench).await;
        }
        if is_wanted("own") {
            own::rows(&mut bench).await;
        }
        if !["writes", "shipping", "outage"].into_iter().any(is_wanted) {
            return;
        }
        let servers = start().await;
        let [local, remotes @ ..] = &*servers else { return };
        if is_wanted("writes") {
            writes::rows(&mut bench, local, remotes).await;
        }
        if is_wanted("shipping") {
            shipping::rows(&mut bench, remotes.first().unwrap()).await;
        }
        if is_wanted("outage") {
            outage::rows(&mut bench, local, remotes.first().unwrap()).await;
        }
    })?;
    bench.report.write()
}

fn is_wanted(part: &str) -> bool {
    env::var(ONLY_VARIABLE).map_or(true, |only| only.split(',').any(|wanted| wanted == part))
}

/// Local, and two remotes.
async fn start() -> Vec<Server> {
    eprintln!("  starting 3 servers");
    let server = || ServerOptions::new().on_host_network().start();
    futures::future::join_all([server(), server(), server()]).await
}

//! How long a remote that was cut off takes to have everything again, while writing goes on.

use std::time::Duration;

use redfleet_core::connect;
use redfleet_core::test_util::{Proxy, Server};
use redfleet_multiwrite::{MultiWrite, RemoteHealth, RemoteOptions};
use redfleet_peers::{Interval, Row};
use tokio::time::{MissedTickBehavior, interval, sleep};

use crate::Bench;
use crate::stores::{now_ns, store, write_many};

const OUTAGE: Duration = Duration::from_secs(10);
const TICK: Duration = Duration::from_millis(5);
/// 10,000 a second.
const WRITES_PER_TICK: usize = 50;
const TIMES: usize = 3;
const BUDGET_S: f64 = 10.0;
/// What is queued no longer than this is no lag.
const NO_LAG: Duration = Duration::from_millis(100);

pub(crate) async fn rows(bench: &mut Bench, local: &Server, remote: &Server) {
    let proxy = Proxy::start(remote.direct_addr()).unwrap();
    let backend = connect(&proxy.url()).unwrap();
    let store = store(connect(&local.direct_url()).unwrap(), [backend], &RemoteOptions::new(), None);
    let mut took_s = Vec::new();
    for _ in 0..TIMES {
        let measured = async {
            sleep(Duration::from_secs(1)).await;
            until(&store, has_no_lag).await;
            proxy.cut();
            sleep(OUTAGE).await;
            let lacks = lacks(&store);
            let start = now_ns();
            proxy.heal();
            until(&store, has_no_lag).await;
            let took_s = (now_ns() - start) / 1e9;
            eprintln!(
                "  after an outage of 10 s: {took_s:.2} s for {} entries and {} keys",
                lacks.entries, lacks.dirty_keys
            );
            took_s
        };
        tokio::select! {
            biased;
            took = measured => took_s.push(took),
            () = write_steadily(&store) => {}
        }
    }
    let seconds = Interval::of(took_s);
    bench.put(Row {
        name: "lag after an outage of 10 s at 10,000 writes/s is made up".into(),
        ours: Some(seconds.median),
        theirs: None,
        ratio: None,
        low: Some(seconds.low),
        high: Some(seconds.high),
        budget: Some(BUDGET_S),
        unit: "s".into(),
    });
    store.shutdown(Duration::from_secs(10)).await.unwrap();
}

/// Writes for ever, as fast as is said.
async fn write_steadily(store: &MultiWrite) {
    let mut ticks = interval(TICK);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Burst);
    loop {
        ticks.tick().await;
        write_many(store, WRITES_PER_TICK).await;
    }
}

fn lacks(store: &MultiWrite) -> RemoteHealth {
    store.health().remove(0)
}

fn has_no_lag(remote: &RemoteHealth) -> bool {
    let is_clean = remote.dirty_keys == 0 && !remote.is_copying_everything;
    is_clean && remote.oldest.is_none_or(|oldest| oldest < NO_LAG)
}

async fn until(store: &MultiWrite, is_so: impl Fn(&RemoteHealth) -> bool) {
    while !is_so(&lacks(store)) {
        sleep(Duration::from_millis(10)).await;
    }
}

//! Whether memory stays as it is while a remote is dead and more and more is written.

use redfleet_core::connect;
use redfleet_core::test_util::{Proxy, Wire};
use redfleet_multiwrite::{MultiWrite, RemoteOptions};
use redfleet_peers::Row;
use std::net::{Ipv4Addr, SocketAddr};
use std::time::Duration;

use crate::Bench;
use crate::stores::{store, write_many};

/// The bound of the queue, and that of the keys to be copied.
const BOUND: usize = 100_000;
const BUDGET: f64 = 1.10;
const PAGE_BYTES: f64 = 4096.0;

/// Must come first: what others leave behind in the allocator would hide what grows here.
pub(crate) async fn rows(bench: &mut Bench) {
    let nobody = Proxy::start(SocketAddr::from((Ipv4Addr::LOCALHOST, 9))).unwrap();
    nobody.cut();
    let options = RemoteOptions::new().max_entries(BOUND).max_dirty_keys(BOUND);
    let remote = connect(&nobody.url()).unwrap();
    let store = store(Wire::saying("+OK\r\n").backend(), [remote], &options, None);
    let before = resident_bytes();
    // The first half fills the queue; then the oldest go, and their keys are marked.
    write_many(&store, 2 * BOUND).await;
    told(&store, "1 x the bounds");
    let once = resident_bytes();
    for _ in 0..2 {
        write_many(&store, 2 * BOUND).await;
    }
    told(&store, "3 x the bounds");
    let thrice = resident_bytes();
    store.shutdown(Duration::from_millis(1)).await.unwrap_err();
    bench.put(Row {
        name: "memory with a dead remote: 3 x the bounds, to 1 x".into(),
        ours: Some(thrice / 1e6),
        theirs: Some(once / 1e6),
        ratio: Some(thrice / once),
        low: None,
        high: None,
        budget: Some(BUDGET),
        unit: "MB".into(),
    });
    bench.put(Row {
        name: "memory with a dead remote: 1 x the bounds, above a store that has nothing queued".into(),
        ours: Some((once - before) / 1e6),
        theirs: None,
        ratio: None,
        low: None,
        high: None,
        budget: None,
        unit: "MB".into(),
    });
}

fn told(store: &MultiWrite, when: &str) {
    for remote in store.health() {
        eprintln!(
            "  {when}: {} entries, {} bytes, {} dirty keys, all to be copied: {}, {:.1} MB resident",
            remote.entries,
            remote.bytes,
            remote.dirty_keys,
            remote.is_copying_everything,
            resident_bytes() / 1e6
        );
        assert!(remote.is_down && remote.dropped > 0, "{remote:?}");
    }
}

/// What of this process is in memory.
fn resident_bytes() -> f64 {
    let text = std::fs::read_to_string("/proc/self/statm").unwrap();
    let pages: f64 = text.split_whitespace().nth(1).unwrap().parse().unwrap();
    pages * PAGE_BYTES
}

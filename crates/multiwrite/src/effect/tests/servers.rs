//! The same on real servers, whose clocks cannot be held: on every image.

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use redfleet_core::connect;
use redfleet_core::test_util::servers;
use redis::Cmd;
use tokio::time::{Instant, sleep};

use super::late::Pair;
use super::notation::command;
use super::script::Script;

static PREFIXES: AtomicU64 = AtomicU64::new(0);

/// Commands that the node in this process does not have.
const PLACES: [&str; 5] = [
    "GEOADD $z 1 2 a 1.001 2 b 9 9 c",
    "GEORADIUS $z 1 2 5 km STORE $z",
    "GEORADIUSBYMEMBER $z a 5 km STOREDIST $z",
    "GEOSEARCHSTORE $z $z FROMMEMBER a BYRADIUS 5 km ASC",
    "SORT $t BY nosort ALPHA STORE $l",
];

async fn pair() -> (String, Pair) {
    let servers = servers(2).await;
    let node = |at: usize| connect(&servers[at].url()).unwrap();
    let prefix = format!("p{}:", PREFIXES.fetch_add(1, Ordering::Relaxed));
    (prefix, Pair::new(node(0), node(1)))
}

/// The keys that differ, in three looks: one may come to its end between a look at one and at the other.
async fn differences(pair: &Pair, keys: &[String]) -> Vec<String> {
    let mut differences = Vec::new();
    for _ in 0..3 {
        differences = pair.differences(keys).await;
        if differences.is_empty() {
            break;
        }
    }
    differences
}

#[tokio::test]
async fn on_real_servers_what_arrives_late_leaves_each_key_as_it_is_on_local() {
    let (prefix, mut pair) = pair().await;
    for seed in 0..6 {
        let mut script =
            Script { dice: fastrand::Rng::with_seed(seed), prefix: &prefix, skips: &[], more: &PLACES };
        for _ in 0..4 {
            for _ in 0..60 {
                let now_ms = u64::try_from(redfleet_core::Clock::system().unix().as_millis()).unwrap();
                let commands = if script.dice.u8(..4) == 0 { script.dice.usize(2..5) } else { 1 };
                let commands: Vec<Cmd> = (0..commands).map(|_| command(&script.command(now_ms))).collect();
                pair.write(&commands, Instant::now()).await;
            }
            sleep(Duration::from_millis(700)).await;
            while !pair.queue.is_empty() {
                pair.deliver(Instant::now()).await;
            }
            let differences = differences(&pair, &Script::keys(&prefix)).await;
            assert!(differences.is_empty(), "seed {seed}: {differences:#?}");
        }
    }
    assert!(
        pair.clean > 500 && pair.copied * 2 < pair.clean,
        "{} arrived, {} copied",
        pair.clean,
        pair.copied
    );
}

//! Random writes on real servers, whose clocks cannot be held: what arrives late leaves each key as it is on local. On every image.
#![cfg(feature = "test-servers")]
#![expect(clippy::unwrap_used, reason = "set-up that fails is a failed test")]

#[path = "../src/effect/tests/script.rs"]
mod script;
#[path = "../src/effect/tests/whole.rs"]
mod whole;

use std::sync::Arc;
use std::time::Duration;

use redfleet_core::test_util::{Server, servers};
use redfleet_core::{Backend, Batch, Clock, connect};
use redfleet_multiwrite::{Guarantee, MultiWrite, RemoteHealth, RemoteOptions};
use redis::{Cmd, cmd};
use script::Script;
use whole::whole;

/// Commands beside the usual ones, most of which the node in this process does not have.
const MORE: &[&str] = &[
    "GEOADD $z 1 2 a 1.001 2 b 9 9 c",
    "GEOADD $z XX CH 3 4 a",
    "GEORADIUS $z 1 2 5 km STORE $z",
    "GEORADIUSBYMEMBER $z a 5 km STOREDIST $z",
    "GEORADIUS $z 1 2 5 km COUNT 2 ANY STORE $l STOREDIST $z",
    "SORT $t BY store ALPHA STORE $z STORE $l",
    "GEOSEARCHSTORE $z $z FROMMEMBER a BYRADIUS 5 km ASC",
    "SORT $t BY nosort ALPHA STORE $l",
    // Keys that come to their ends while it is tried.
    "SET $s $n PX 300",
    "PEXPIRE $a 300",
    "PEXPIRE $a 600",
    "PEXPIRE $a 900",
];

const LONG: Duration = Duration::from_secs(60);

struct World {
    local: Arc<dyn Backend>,
    remote: Arc<dyn Backend>,
    store: MultiWrite,
    // Their proxies end with them.
    _servers: Vec<Server>,
}

impl World {
    async fn new(prefix: &str, guarantee: Guarantee) -> Self {
        let servers = servers(2).await;
        let mut nodes = servers.iter().map(|server| connect(&server.url()).unwrap());
        let (local, remote) = (nodes.next().unwrap(), nodes.next().unwrap());
        drop(nodes);
        let options = RemoteOptions::default().guarantee(guarantee);
        let store = MultiWrite::builder(local.clone())
            .only(prefix)
            .remote_with("eu", remote.clone(), options)
            .build()
            .unwrap();
        Self { local, remote, store, _servers: servers }
    }

    fn health(&self) -> RemoteHealth {
        self.store.health().remove(0)
    }

    /// The keys that differ. One may come to its end between a look at one side and at the other, which is once, as nobody
    /// writes: so one that differs is looked at again.
    async fn differences(&self, prefix: &str) -> Vec<String> {
        let mut differences = Vec::new();
        for key in Script::keys(prefix) {
            let mut difference = None;
            for _ in 0..3 {
                let (local, remote) = (whole(&*self.local, &key).await, whole(&*self.remote, &key).await);
                difference = (local != remote).then(|| format!("{key}: {local} here, {remote} there"));
                if difference.is_none() {
                    break;
                }
            }
            differences.extend(difference);
        }
        differences
    }

    /// Writes a random command, or a block of some.
    async fn write(&self, script: &mut Script<'_>) {
        let now_ms = u64::try_from(Clock::system().unix().as_millis()).unwrap();
        let commands = if script.dice.u8(..4) == 0 { script.dice.usize(2..5) } else { 1 };
        let mut batch: Batch = (0..commands).map(|_| command(&script.command(now_ms))).collect();
        if commands > 1 {
            batch.make_atomic(0..commands);
        }
        // What local refuses is not written there either.
        let replies = self.store.everywhere().send_batch(&batch).await.unwrap();
        assert_eq!(replies.len(), commands);
    }

    /// Writes random commands and blocks, which are delivered when some keys have come to their ends.
    async fn write_late(&self, script: &mut Script<'_>, units: usize) {
        self.store.pause("eu").unwrap();
        for part in 0..3 {
            for _ in 0..units / 3 {
                self.write(script).await;
            }
            tokio::time::sleep(Duration::from_millis(200 + 50 * part)).await;
        }
        self.store.resume("eu").unwrap();
        self.store.flush(LONG).await.unwrap();
    }
}

fn command(text: &str) -> Cmd {
    let mut words = text.split(' ');
    let mut command = cmd(words.next().unwrap());
    words.for_each(|word| {
        command.arg(word);
    });
    command
}

async fn arrives_late(prefix: &str, guarantee: Guarantee) {
    let world = World::new(prefix, guarantee).await;
    for seed in 0..6 {
        let mut script = Script { dice: fastrand::Rng::with_seed(seed), prefix, more: MORE };
        for _ in 0..4 {
            world.write_late(&mut script, 60).await;
            let differences = world.differences(prefix).await;
            assert!(differences.is_empty(), "seed {seed}: {differences:#?}");
        }
    }
    let health = world.health();
    assert!(health.acked > 500 && health.copies * 2 < health.acked, "mostly effects arrive: {health:?}");
    world.store.shutdown(LONG).await.unwrap();
}

#[tokio::test]
async fn what_arrives_late_leaves_each_key_as_it_is_on_local() {
    arrives_late("late:", Guarantee::ExactlyOnce).await;
}

#[tokio::test]
async fn what_arrives_late_without_a_watermark_does_so_too() {
    arrives_late("plain:", Guarantee::AtLeastOnce).await;
}

#[tokio::test]
async fn what_arrives_in_time_leaves_each_key_as_it_is_on_local() {
    let world = World::new("soon:", Guarantee::ExactlyOnce).await;
    for seed in 100..103 {
        let mut script = Script { dice: fastrand::Rng::with_seed(seed), prefix: "soon:", more: MORE };
        for _ in 0..300 {
            world.write(&mut script).await;
        }
        world.store.flush(LONG).await.unwrap();
        let differences = world.differences("soon:").await;
        assert!(differences.is_empty(), "seed {seed}: {differences:#?}");
    }
    world.store.shutdown(LONG).await.unwrap();
}

//! A SET everywhere against a raw SET on local, by how the remotes are.
//!
//! Both arms have the same background: in either, each turn is one raw SET and one SET everywhere, of which only the arm's
//! own is timed. So the same number of writes is shipped to the same remotes in both, at the same pace, by the same tasks of
//! the same store, and all servers do the same work; what is left is what a caller of either sees. Before the timed one, the
//! tasks that the other has woken get their turn, so that its work is not counted to it. (A second store for the raw arm, or a
//! writer of its own at a fixed rate, would load both arms alike only on the whole, and not in each block.)
//!
//! The rows "to a raw SET alone" tell what that leaves out: theirs is a raw SET with nothing in the background.
//!
//! No two writes have one key, so nothing is coalesced. The remotes that are dead have been so for long: their queues are full,
//! and each write has the oldest one dropped and its key marked.

use std::time::Duration;

use redfleet_core::connect;
use redfleet_core::test_util::{Fault, Proxy, Server};
use redfleet_multiwrite::{Everywhere, MultiWrite, RemoteOptions};
use redfleet_peers::{Comparison, Row, compare_told, raw};
use redis::AsyncCommands;
use redis::aio::MultiplexedConnection;

use crate::Bench;
use crate::stores::{Folder, VALUE, key, now_ns, store, write_many};

const BUDGET: f64 = 1.10;
/// There and back it is 50 ms.
const ONE_WAY: Duration = Duration::from_millis(25);
/// As many as a queue holds, and some more.
const OVER_THE_BOUND: usize = 110_000;

/// How the remotes are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Remotes {
    Up,
    FarAway,
    Dead,
}

pub(crate) async fn rows(bench: &mut Bench, local: &Server, remotes: &[Server]) {
    for (how, is) in [(Remotes::Up, "up"), (Remotes::FarAway, "50 ms away"), (Remotes::Dead, "dead")] {
        for (spool, has) in [(None, "no spool"), (Some(Folder::new()), "spool")] {
            let proxies: Vec<_> = remotes.iter().map(|server| place(server, how)).collect();
            let backends = remotes.iter().zip(&proxies).map(|(server, proxy)| {
                connect(&proxy.as_ref().map_or_else(|| server.direct_url(), Proxy::url)).unwrap()
            });
            let local_backend = connect(&local.direct_url()).unwrap();
            let store = store(local_backend, backends, &RemoteOptions::new(), spool.as_ref());
            if how == Remotes::Dead {
                write_many(&store, OVER_THE_BOUND).await;
                assert!(
                    store.health().iter().all(|remote| remote.is_down && remote.dropped > 0),
                    "{:?}",
                    store.health()
                );
            }
            let mut turns = Turns::new(&store, local).await;
            let row = turns.compare(bench, &format!("everywhere().set, 2 remotes {is}, {has}")).await;
            bench.put(Row::ratio(&row, Some(BUDGET)));
            if how == Remotes::Up {
                let row = turns
                    .against_raw_alone(
                        bench,
                        &format!("everywhere().set, 2 remotes up, {has}, to a raw SET alone"),
                    )
                    .await;
                bench.put(Row::ratio(&row, None));
            }
            if how == Remotes::Up && spool.is_none() {
                let row = turns.compare_incr(bench, "everywhere().incr, 2 remotes up, no spool").await;
                bench.put(Row::ratio(&row, None));
                let row = turns.noise(bench, "A/A: raw SET beside everywhere().set").await;
                bench.put(Row::ratio(&row, None));
            }
            // What is left in a queue has been measured as it is.
            store.shutdown(Duration::from_millis(1)).await.ok();
        }
    }
}

/// The network in front of a remote that is not just up.
fn place(server: &Server, how: Remotes) -> Option<Proxy> {
    let proxy = Proxy::start(server.direct_addr()).unwrap();
    match how {
        Remotes::Up => return None,
        Remotes::FarAway => proxy.set(Fault::Delay { requests: ONE_WAY, replies: ONE_WAY }),
        Remotes::Dead => proxy.cut(),
    }
    Some(proxy)
}

/// Turns of a SET everywhere and a raw one.
struct Turns {
    ours: Everywhere,
    raw: MultiplexedConnection,
    raw_too: MultiplexedConnection,
}

impl Turns {
    async fn new(store: &MultiWrite, local: &Server) -> Self {
        let (raw, raw_too) =
            (raw::connect(&local.direct_url()).await, raw::connect(&local.direct_url()).await);
        Self { ours: store.everywhere(), raw, raw_too }
    }

    async fn compare(&mut self, bench: &Bench, name: &str) -> Comparison {
        let (mut ours, mut raw) = (self.ours.clone(), self.raw.clone());
        let (mut ours_too, mut raw_too) = (self.ours.clone(), self.raw_too.clone());
        compare_told(
            name,
            &bench.on_servers,
            async || beside(set(&mut raw_too, key()), set(&mut ours, key())).await,
            async || beside(set(&mut ours_too, key()), set(&mut raw, key())).await,
        )
        .await
    }

    async fn compare_incr(&mut self, bench: &Bench, name: &str) -> Comparison {
        let (mut ours, mut raw) = (self.ours.clone(), self.raw.clone());
        let (mut ours_too, mut raw_too) = (self.ours.clone(), self.raw_too.clone());
        compare_told(
            name,
            &bench.on_servers,
            async || beside(incr(&mut raw_too, key()), incr(&mut ours, key())).await,
            async || beside(incr(&mut ours_too, key()), incr(&mut raw, key())).await,
        )
        .await
    }

    async fn against_raw_alone(&mut self, bench: &Bench, name: &str) -> Comparison {
        let (mut ours, mut raw) = (self.ours.clone(), self.raw.clone());
        compare_told(
            name,
            &bench.on_servers,
            async || beside(async {}, set(&mut ours, key())).await,
            async || beside(async {}, set(&mut raw, key())).await,
        )
        .await
    }

    async fn noise(&mut self, bench: &Bench, name: &str) -> Comparison {
        let (mut raw, mut raw_too) = (self.raw.clone(), self.raw_too.clone());
        let (mut ours, mut ours_too) = (self.ours.clone(), self.ours.clone());
        compare_told(
            name,
            &bench.on_servers,
            async || beside(set(&mut ours, key()), set(&mut raw, key())).await,
            async || beside(set(&mut ours_too, key()), set(&mut raw_too, key())).await,
        )
        .await
    }
}

async fn set(connection: &mut (impl AsyncCommands + Sync), key: String) {
    connection.set::<_, _, ()>(key, &VALUE).await.unwrap();
}

async fn incr(connection: &mut (impl AsyncCommands + Sync), key: String) {
    connection.incr::<_, _, i64>(key, 1).await.unwrap();
}

/// Nanoseconds that `timed` takes, once `other` is done and whoever it woke had a turn.
async fn beside(other: impl Future<Output = ()>, timed: impl Future<Output = ()>) -> f64 {
    other.await;
    for _ in 0..2 {
        tokio::task::yield_now().await;
    }
    let start = now_ns();
    timed.await;
    now_ns() - start
}

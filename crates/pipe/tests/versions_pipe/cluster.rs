//! A cluster whose slots move while pipelines are under way.

use std::collections::BTreeMap;
use std::time::Duration;

use redfleet_core::Effect;
use redfleet_core::test_util::{ClusterSet, Server};
use redfleet_pipe::{Deferred, Error, Pipe, Pipes};
use redis::cmd;
use tokio::time::{Instant, sleep};

use super::world::{Ledger, PATIENCE, key, pipes as single};

const ROUNDS: usize = 120;
const KEYS: usize = 12;

fn pipes(cluster: &ClusterSet) -> Pipes {
    let backend = redfleet_core::connect(&cluster.url()).unwrap();
    Pipes::builder().connection("cluster", backend).deadline(PATIENCE).build().unwrap()
}

/// Keys in one slot that moves, and some in others.
fn keys() -> Vec<String> {
    (0..KEYS).map(|at| if at % 4 == 3 { format!("still{at}") } else { format!("{{moving}}{at}") }).collect()
}

/// Moves the slot from server to server, key by key, so often.
async fn moves(cluster: &ClusterSet, turns: usize) {
    let slot = cluster.slot("{moving}0").await;
    for turn in 1..=turns {
        let to = (cluster.owner(slot).await + 1) % 3;
        let migration = cluster.migrate(slot, to).await;
        for key in keys().iter().filter(|key| key.starts_with("{moving}")) {
            migration.move_key(key).await;
            sleep(Duration::from_millis(2)).await;
        }
        migration.move_keys().await;
        migration.finish().await;
        sleep(Duration::from_millis(10 * turn as u64)).await;
    }
}

fn bump(pipe: &mut Pipe, keys: &[String]) -> Vec<Deferred<i64>> {
    keys.iter().map(|key| pipe.incr(key, 1)).collect()
}

#[tokio::test]
async fn while_a_slot_moves_every_increment_is_applied_once_and_each_key_keeps_its_order() {
    let cluster = ClusterSet::start().await;
    let (pipes, keys) = (pipes(&cluster), keys());
    let load = async {
        let mut logs = BTreeMap::<&str, String>::new();
        for round in 0..ROUNDS {
            let mut pipe = pipes.pipe();
            let first = bump(&mut pipe, &keys);
            let appended: Vec<_> = (0..3)
                .flat_map(|part| keys.iter().map(move |key| (key, part)))
                .map(|(key, part)| {
                    let (log, word) = (format!("{key}:log"), format!("{round}.{part} "));
                    logs.entry(key).or_default().push_str(&word);
                    (logs[key.as_str()].len(), pipe.add::<usize>(cmd("APPEND").arg(log).arg(word).take()))
                })
                .collect();
            let second = bump(&mut pipe, &keys);
            pipe.execute().await.unwrap().all().unwrap();
            for (first, second) in first.into_iter().zip(second) {
                let want = 2 * i64::try_from(round).unwrap();
                assert_eq!((first.take().unwrap(), second.take().unwrap()), (want + 1, want + 2));
            }
            for (length, appended) in appended {
                assert_eq!(appended.take().unwrap(), length);
            }
        }
        logs
    };
    let (logs, ()) = tokio::join!(load, moves(&cluster, 4));
    let stored = pipes
        .run(|pipe| logs.keys().map(|key| pipe.get::<String>(format!("{key}:log"))).collect::<Vec<_>>())
        .await
        .unwrap();
    for ((key, log), stored) in logs.iter().zip(stored) {
        assert_eq!(stored.as_ref(), Some(log), "the order of {key}");
    }
}

#[tokio::test]
async fn while_a_slot_moves_blocks_are_whole_and_once() {
    let cluster = ClusterSet::start().await;
    let pipes = pipes(&cluster);
    let load = async {
        let (mut done, mut rounds) = (0, 0);
        let started = Instant::now();
        // Where slots move slowly, more of the blocks find their keys on both sides.
        while rounds < ROUNDS || (done <= 60 && started.elapsed() < PATIENCE) {
            rounds += 1;
            let mut pipe = pipes.pipe();
            pipe.incr("still", 1);
            let block = pipe.atomic(|pipe| {
                (pipe.incr("{moving}0", 1), pipe.incr("{moving}1", 1), pipe.incr("{moving}2", 1))
            });
            let after = pipe.incr("{moving}0:after", 1);
            drop(pipe.execute().await.unwrap());
            after.take().unwrap();
            match (block.0.take(), block.1.take(), block.2.take()) {
                (Ok(one), Ok(two), Ok(three)) => {
                    done += 1;
                    assert_eq!((one, two, three), (done, done, done));
                }
                (Err(one), Err(two), Err(three)) => {
                    // Its keys were on both sides of the migration for too long: then nothing of it happened.
                    assert!([one, two, three].iter().all(|error| error.effect() == Effect::None));
                }
                mixed => panic!("half a block: {mixed:?}"),
            }
        }
        (done, i64::try_from(rounds).unwrap())
    };
    let ((done, rounds), ()) = tokio::join!(load, moves(&cluster, 4));
    let counts = pipes
        .run(|pipe| ["{moving}0", "{moving}1", "{moving}2", "still"].map(|key| pipe.get::<i64>(key)))
        .await
        .unwrap();
    assert_eq!(counts, [Some(done), Some(done), Some(done), Some(rounds)]);
    assert!(done > 60, "{done}");
}

#[tokio::test]
async fn while_a_slot_moves_and_replies_are_lost_no_increment_is_applied_twice() {
    let cluster = ClusterSet::start().await;
    let (pipes, keys) = (pipes(&cluster), keys());
    let storm = async {
        let mut dice = fastrand::Rng::with_seed(3);
        loop {
            // A member that is lost time and again is left alone for a while by its breaker.
            sleep(Duration::from_millis(dice.u64(10..60))).await;
            let server = &cluster.servers()[dice.usize(..3)];
            match dice.u8(..3) {
                0 => server.proxy().lose_next_replies(1),
                1 => server.proxy().lose_next_requests(1),
                _ => server.proxy().disconnect(),
            }
        }
    };
    let load = async {
        let mut ledgers: BTreeMap<&str, Ledger> = BTreeMap::new();
        let started = Instant::now();
        for round in 0.. {
            let told: i64 = ledgers.values().map(|ledger| ledger.told).sum();
            let unknown: i64 = ledgers.values().map(|ledger| ledger.unknown).sum();
            let is_enough = told > 1000 && unknown > 0 || started.elapsed() > PATIENCE;
            if round >= 2 * ROUNDS && is_enough {
                break;
            }
            let mut pipe = pipes.pipe();
            let counts: Vec<_> = (0..3).flat_map(|_| bump(&mut pipe, &keys)).collect();
            drop(pipe.execute().await.unwrap());
            for (key, count) in keys.iter().cycle().zip(counts) {
                ledgers.entry(key).or_default().note(count.take());
            }
            sleep(Duration::from_millis(5)).await;
        }
        ledgers
    };
    let work = async { tokio::join!(load, moves(&cluster, 3)).0 };
    let ledgers = tokio::select! { biased; ledgers = work => ledgers, () = storm => unreachable!() };
    cluster.servers().iter().for_each(|server| server.proxy().heal());
    let (mut told, mut unknown) = (0, 0);
    for (key, ledger) in &ledgers {
        let mut count = pipes.run(|pipe| pipe.get::<i64>(key)).await;
        for _ in 0..6_000 {
            if count.is_ok() {
                break;
            }
            sleep(Duration::from_millis(10)).await;
            count = pipes.run(|pipe| pipe.get::<i64>(key)).await;
        }
        ledger.judge(count.unwrap().unwrap_or_default());
        told += ledger.told;
        unknown += ledger.unknown;
    }
    assert!(told > 1000 && unknown > 0, "a storm, and not the end: {ledgers:?}");
}

#[tokio::test]
async fn a_cluster_and_a_server_share_a_pipe() {
    let (cluster, server) = (ClusterSet::start().await, Server::start().await);
    let backend = redfleet_core::connect(&cluster.url()).unwrap();
    let alone = redfleet_core::connect(&server.url()).unwrap();
    let pipes = Pipes::builder().connection("cluster", backend).connection("alone", alone).build().unwrap();
    let counter = key("n");
    let mut pipe = pipes.pipe();
    let spread: Vec<_> = (0..50).map(|at| pipe.incr(format!("k{at}"), at)).collect();
    let alone = pipe.on("alone").incr(&counter, 1);
    let moved = pipe.on("alone").atomic(|pipe| (pipe.incr("a", 1), pipe.incr("b", 1)));
    let refused = pipe.nest(|pipe| {
        pipe.atomic(|pipe| (pipe.incr("a", 1), pipe.incr("b", 1)));
        Ok::<_, Error>(())
    });
    assert!(matches!(refused, Err(Error::AtomicSlots)));
    pipe.execute().await.unwrap().all().unwrap();
    let spread: Vec<i64> = spread.into_iter().map(|count| count.take().unwrap()).collect();
    assert!(spread.into_iter().eq(0..50));
    assert_eq!((alone.take().unwrap(), moved.0.take().unwrap(), moved.1.take().unwrap()), (1, 1, 1));
    drop(single([("alone", &server)]));
}

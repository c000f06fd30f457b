//! A cluster of three primaries: splitting, moving slots, lost replies, a killed primary.

use std::time::Duration;

use futures::future::join_all;
use redfleet_core::test_util::ClusterSet;
use redfleet_core::{Backend, BackendExt, Batch, Cluster, Effect, Error, Handle, Script, Topic, connect};
use redis::{AsyncCommands, Value, cmd};
use tokio::time::{sleep, timeout};

use super::world::until;

#[tokio::test]
async fn commands_and_batches_reach_the_servers_that_hold_their_keys() {
    let cluster = ClusterSet::start().await;
    let node = connect(&cluster.url()).unwrap();
    let keys: Vec<String> = (0..60).map(|index| format!("k{index}")).collect();
    let batch: Batch = keys.iter().map(|key| cmd("SET").arg(key).arg(key).take()).collect();
    let replies = node.call_batch(&batch).await.unwrap();
    assert!(replies.iter().all(Result::is_ok));
    for server in cluster.servers() {
        let stored = server.direct(&cmd("DBSIZE")).await.unwrap();
        assert!(redis::from_redis_value::<i64>(stored).unwrap() > 5, "each holds its share");
    }
    let mut handle = Handle::new(node.clone());
    let back: Vec<String> = handle.mget(&keys).await.unwrap();
    assert_eq!(back, keys, "one MGET over all slots, in order");
    assert_eq!(node.query::<i64>(cmd("DBSIZE")).await.unwrap(), 60);
    let primaries = Cluster::connect(&cluster.url()).unwrap().primaries().await.unwrap();
    let mut scanned = 0;
    for (_, primary) in &primaries {
        let (_, keys): (u64, Vec<String>) =
            primary.query(cmd("SCAN").arg(0).arg("COUNT").arg(1000)).await.unwrap();
        scanned += keys.len();
    }
    assert_eq!((primaries.len(), scanned), (3, 60), "each primary is scanned on its own");
    let (mut seen, mut cursor) = (Vec::new(), 0_u64);
    loop {
        let page: Vec<String>;
        (cursor, page) = node.query(cmd("SCAN").arg(cursor).arg("COUNT").arg(5)).await.unwrap();
        seen.extend(page);
        if cursor == 0 {
            break;
        }
    }
    seen.sort_unstable();
    let mut expected = keys.clone();
    expected.sort_unstable();
    assert_eq!(seen, expected, "and all of them by one cursor");
    let several = node.call(cmd("SINTER").arg("k0").arg("k1")).await.unwrap_err();
    assert!(matches!(several, Error::Unsupported { .. }), "{several}");

    let mut atomic = Batch::new().atomic();
    atomic.push(cmd("INCR").arg("{a}n").take());
    atomic.push(cmd("INCR").arg("{a}n").take());
    let replies = node.call_batch(&atomic).await.unwrap();
    assert!(matches!(replies[..], [Ok(Value::Int(1)), Ok(Value::Int(2))]), "{replies:?}");
    atomic.push(cmd("INCR").arg("{b}n").take());
    assert!(node.call_batch(&atomic).await.is_err(), "keys in several slots");

    let add = Script::new("return redis.call('INCRBY', KEYS[1], ARGV[1])");
    for key in ["x", "y", "z"] {
        assert_eq!(add.key(key).arg(3).run::<i64>(&*node).await.unwrap(), 3);
    }
    let session = node.session(Some(b"list")).await.unwrap();
    session.query::<()>(cmd("RPUSH").arg("list").arg(1)).await.unwrap();
    let (_, popped): (String, i64) = session.query(cmd("BLPOP").arg("list").arg(1)).await.unwrap();
    assert_eq!(popped, 1);
    let mut messages = node.subscribe(&[Topic::channel("news")]).await.unwrap();
    node.query::<()>(cmd("PUBLISH").arg("news").arg("hello")).await.unwrap();
    assert!(timeout(Duration::from_secs(60), messages.next()).await.unwrap().is_some());
}

#[tokio::test]
async fn a_slot_that_moves_under_load_loses_nothing_and_doubles_nothing() {
    let cluster = ClusterSet::start().await;
    let node = connect(&cluster.url()).unwrap();
    let keys: Vec<String> = (0..20).map(|index| format!("{{moving}}{index}")).collect();
    let slot = cluster.slot("{moving}0").await;
    let rounds = 150;
    let load = {
        let (node, keys) = (node.clone(), keys.clone());
        tokio::spawn(async move {
            for round in 0..rounds {
                // By turns alone, as a batch, and as a transaction.
                let batch: Batch = keys.iter().map(|key| cmd("INCR").arg(key).take()).collect();
                let batch = if round % 3 == 2 { batch.atomic() } else { batch };
                let replies = if round % 3 == 0 {
                    let commands: Vec<_> = batch.commands().cloned().collect();
                    join_all(commands.iter().map(|command| node.call(command))).await
                } else {
                    whole(&*node, &batch).await
                };
                assert!(replies.iter().all(Result::is_ok), "{replies:?}");
            }
        })
    };
    for turn in 1..=4 {
        let to = (cluster.owner(slot).await + 1) % 3;
        let migration = cluster.migrate(slot, to).await;
        for key in &keys {
            migration.move_key(key).await;
            sleep(Duration::from_millis(2)).await;
        }
        // Keys that were made meanwhile.
        migration.move_keys().await;
        migration.finish().await;
        sleep(Duration::from_millis(20 * turn)).await;
    }
    load.await.unwrap();
    let counts: Vec<i64> = Handle::new(node).mget(&keys).await.unwrap();
    assert_eq!(counts, vec![rounds; keys.len()], "every INCR exactly once");
}

/// A transaction whose keys are on both sides of a migration is refused whole (TRYAGAIN): then nothing of it
/// happened, and its caller repeats it.
async fn whole(node: &dyn Backend, batch: &Batch) -> Vec<redfleet_core::Result<Value>> {
    loop {
        let replies = node.call_batch(batch).await.unwrap();
        let is_refused = |reply: &redfleet_core::Result<Value>| matches!(reply, Err(error) if matches!(error.code(), Some("TRYAGAIN" | "EXECABORT" | "ASK" | "MOVED")));
        if !(batch.is_atomic() && replies.iter().all(is_refused)) {
            return replies;
        }
        sleep(Duration::from_millis(5)).await;
    }
}

#[tokio::test]
async fn a_lost_reply_is_never_answered_by_sending_again() {
    let cluster = ClusterSet::start().await;
    let node = connect(&cluster.url()).unwrap();
    node.query::<()>(cmd("SET").arg("n").arg(0)).await.unwrap();
    let slot = cluster.slot("n").await;
    let owner = cluster.owner(slot).await;
    let owner = &cluster.servers()[owner];
    let stored = async || -> i64 {
        redis::from_redis_value(owner.direct(cmd("GET").arg("n")).await.unwrap()).unwrap()
    };
    let mut lost = 0;
    for _ in 0..50 {
        until("it answers", || async { node.call(cmd("GET").arg("n")).await.is_ok() }).await;
        let before = stored().await;
        owner.proxy().lose_next_replies(1);
        let answer = node.call(cmd("INCR").arg("n")).await;
        owner.proxy().lose_next_replies(0);
        let more = stored().await - before;
        match answer {
            // What was lost is what the node asks beside, for its map.
            Ok(_) => assert_eq!(more, 1, "once a call"),
            Err(error) => {
                assert_eq!(error.effect(), Effect::Unknown, "{error}");
                assert!(more <= 1, "{more} times for one call");
                lost += more;
            }
        }
        if lost == 3 {
            return;
        }
    }
    panic!("the reply to an INCR was lost {lost} times");
}

#[tokio::test]
async fn a_killed_primary_is_told_and_the_others_go_on() {
    let cluster = ClusterSet::start().await;
    let node = connect(&cluster.url()).unwrap();
    let keys: Vec<String> = (0..30).map(|index| format!("k{index}")).collect();
    let batch: Batch = keys.iter().map(|key| cmd("SET").arg(key).arg(1).take()).collect();
    node.call_batch(&batch).await.unwrap();
    let dead = cluster.owner(cluster.slot("k0").await).await;
    cluster.servers()[dead].kill().await;
    let replies = node.call_batch(&batch).await.unwrap();
    assert_eq!(replies.len(), keys.len());
    let links = replies.iter().filter(|reply| matches!(reply, Err(Error::Link { .. }))).count();
    assert!(links > 0, "the dead one's keys: {replies:?}");
    assert!(matches!(replies[0], Err(Error::Link { .. })), "{:?}", replies[0]);
    for reply in replies.iter().filter(|reply| !matches!(reply, Err(Error::Link { .. }))) {
        // Without replicas the cluster soon says that it is down as a whole; that is a refusal.
        assert!(reply.is_ok() || reply.as_ref().unwrap_err().code() == Some("CLUSTERDOWN"), "{reply:?}");
    }
}

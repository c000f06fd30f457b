//! Commands go where they belong, and the map is fetched when it is needed.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use futures::future::join_all;
use redis::Value;

use super::super::{Address, Cluster, MakeNode};
use super::fake::Fake;
use super::{batch, call, command, numbers};
use crate::backend::{Backend, Batch, Message, Topic};
use crate::error::{Effect, Error};
use crate::test_util::{Condition, Scripted};

fn fetches(fake: &Fake) -> usize {
    fake.world().sent.iter().filter(|(_, text)| text.starts_with("CLUSTER")).count()
}

#[tokio::test(start_paused = true)]
async fn a_thousand_first_calls_fetch_one_map() {
    let fake = Fake::new(1);
    let cluster = fake.client();
    assert_eq!((fetches(&fake), cluster.incarnation()), (0, None), "nothing before the first use");
    let commands: Vec<_> = (0..1_000).map(|n| command(&format!("INCR k{n}"))).collect();
    let replies = join_all(commands.iter().map(|command| cluster.call(command))).await;
    assert!(replies.into_iter().all(|reply| reply.unwrap() == Value::Int(1)));
    assert_eq!(fetches(&fake), 1);
    assert_eq!(cluster.incarnation().map(|it| (it.run_id().is_none(), it.link())), Some((true, 1)));
}

#[tokio::test(start_paused = true)]
async fn a_caller_that_gives_up_leaves_the_fetch_to_the_others() {
    let fake = Fake::new(1);
    fake.world().hung.extend([1, 2]);
    let cluster = Arc::new(fake.client());
    let hasty = tokio::time::timeout(Duration::from_millis(50), call(&*cluster, "INCR foo")).await;
    assert!(hasty.is_err());
    assert_eq!(call(&*cluster, "INCR foo").await.unwrap(), Value::Int(1));
    assert_eq!(fetches(&fake), 1, "two hung seeds cost two short waits, not the fetch");
}

#[tokio::test(start_paused = true)]
async fn a_cluster_that_nobody_tells_of_says_what_each_seed_said() {
    let plain = Scripted::new().on("CLUSTER", "-ERR This instance has cluster support disabled\r\n");
    let dead = Scripted::new();
    dead.set(Condition::Refused);
    let make: MakeNode = Arc::new(move |at| if at.port() == 1 { plain.shared() } else { dead.shared() });
    let cluster = Cluster::new(vec![Address::new("a", 1), Address::new("b", 2)], make);
    let error = call(&cluster, "GET k").await.unwrap_err();
    assert_eq!(error.effect(), Effect::None);
    assert_eq!(
        error.to_string(),
        "link: no cluster node serves the cluster: a:1: refused: ERR This instance has cluster support disabled; \
         cannot connect to scripted: connection refused"
    );
    assert!(cluster.call_batch(&batch(&["GET k", "PING"])).await.is_err());
    assert!(cluster.session(None).await.is_err() && cluster.identify().await.is_err());
}

#[tokio::test(start_paused = true)]
async fn a_hung_cluster_is_given_up() {
    let fake = Fake::new(1);
    fake.world().hung.extend([1, 2, 3, 4]);
    let error = call(&fake.client(), "GET k").await.unwrap_err();
    assert_eq!(error.to_string(), "link: no cluster node serves the cluster: no other answer within 5s");
}

#[tokio::test(start_paused = true)]
async fn a_cluster_without_seeds_says_so() {
    let make: MakeNode = Arc::new(|_| Scripted::new().shared());
    let error = call(&Cluster::new(Vec::new(), make), "GET k").await.unwrap_err();
    assert_eq!(error.to_string(), "link: no cluster node serves the cluster: no seed was given");
}

#[tokio::test(start_paused = true)]
async fn a_slot_that_nobody_serves_is_named() {
    let reply = "*1\r\n*3\r\n:0\r\n:99\r\n*2\r\n$1\r\na\r\n:1\r\n";
    let make: MakeNode = Arc::new(move |_| Scripted::new().on("CLUSTER", reply).shared());
    let cluster = Cluster::new(vec![Address::new("a", 1)], make);
    let error = call(&cluster, "GET foo").await.unwrap_err();
    assert_eq!(
        error.to_string(),
        "link: no cluster node serves slot 12182: the map of the cluster has it unassigned"
    );
}

#[tokio::test(start_paused = true)]
async fn keys_in_several_slots_are_served_in_parts() {
    let fake = Fake::new(1);
    let cluster = fake.client();
    assert_eq!(call(&cluster, "MSET a 1 foo 2 bar 3 b 4").await.unwrap(), Value::Okay);
    let values = call(&cluster, "MGET bar nobody a foo b").await.unwrap();
    let int = Value::Int;
    assert_eq!(values, Value::Array(vec![int(3), Value::Nil, int(1), int(2), int(4)]));
    assert_eq!(call(&cluster, "DBSIZE").await.unwrap(), int(4));
    assert_eq!(call(&cluster, "DEL a foo nobody").await.unwrap(), int(2));
    let replies =
        cluster.call_batch(&batch(&["INCR bar", "DEL bar b", "DBSIZE", "PING", "INCR b"])).await.unwrap();
    let replies: Vec<_> = replies.into_iter().map(Result::unwrap).collect();
    assert_eq!(replies, [int(4), int(2), int(0), Value::SimpleString("PONG".into()), int(1)]);
}

#[tokio::test(start_paused = true)]
async fn a_write_that_only_some_parts_did_is_told_so() {
    let fake = Fake::new(1);
    let cluster = fake.client();
    fake.world().full.insert(1);
    let error = call(&cluster, "MSET bar 1 foo 2").await.unwrap_err();
    assert_eq!(error.effect(), Effect::Unknown);
    assert!(matches!(error, Error::Partial { done: 1, parts: 2, .. }), "{error}");
    fake.world().full.insert(3);
    let error = call(&cluster, "MSET bar 1 foo 2").await.unwrap_err();
    assert_eq!((error.effect(), error.code()), (Effect::None, Some("OOM")), "nobody did anything");
}

#[tokio::test(start_paused = true)]
async fn what_cannot_be_served_is_refused_before_anything_is_sent() {
    let fake = Fake::new(1);
    let cluster = fake.client();
    for texts in [vec!["INCR a", "SUNION a b"], vec!["INCR a", "SELECT 1"], vec!["INCR a", "FAILOVER"]] {
        assert!(
            matches!(cluster.call_batch(&batch(&texts)).await, Err(Error::Unsupported { .. })),
            "{texts:?}"
        );
    }
    for texts in [vec!["INCR a", "INCR b"], vec!["MGET a b"], vec!["INCR a", "FLUSHALL"], vec!["WATCH a"]] {
        let mut atomic = Batch::new().atomic();
        atomic.extend(texts.iter().map(|text| command(text)));
        assert!(matches!(cluster.call_batch(&atomic).await, Err(Error::Unsupported { .. })), "{texts:?}");
    }
    assert!(cluster.call_batch(&Batch::new()).await.unwrap().is_empty());
    assert!(fake.world().sent.is_empty());
}

#[tokio::test(start_paused = true)]
async fn commands_without_keys_go_to_each_primary_in_its_turn() {
    let fake = Fake::new(1);
    let cluster = fake.client();
    let mut asked = Vec::new();
    for _ in 0..6 {
        asked.push(call(&cluster, "TIME").await.unwrap());
    }
    assert_eq!(asked[..3], asked[3..]);
    let all: BTreeSet<_> = asked.iter().map(|value| format!("{value:?}")).collect();
    assert_eq!(all.len(), 3);
    let at = numbers(&cluster, &batch(&["TIME", "TIME", "TIME"])).await;
    assert!(at.iter().all(|port| *port == at[0]), "a batch asks one: {at:?}");
}

#[tokio::test(start_paused = true)]
async fn a_new_primary_is_not_passed_over_by_what_goes_to_all() {
    let fake = Fake::new(1);
    let cluster = fake.client();
    call(&cluster, "INCR foo").await.unwrap();
    fake.world().start_move("foo", 4);
    fake.world().end_move("foo");
    tokio::time::sleep(Duration::from_secs(1)).await;
    assert_eq!(call(&cluster, "FLUSHALL").await.unwrap(), Value::Okay);
    assert_eq!(fake.world().value("foo"), 0);
}

#[tokio::test(start_paused = true)]
async fn a_session_is_with_the_primary_of_its_key_and_its_news_are_heeded() {
    let fake = Fake::new(1);
    let cluster = fake.client();
    let session = cluster.session(Some(b"foo")).await.unwrap();
    assert_eq!(call(&*session, "INCR foo").await.unwrap(), Value::Int(1));
    fake.world().start_move("foo", 4);
    fake.world().end_move("foo");
    assert_eq!(call(&*session, "INCR foo").await.unwrap_err().code(), Some("MOVED"));
    let session = cluster.session(Some(b"foo")).await.unwrap();
    assert_eq!(call(&*session, "INCR foo").await.unwrap(), Value::Int(2));
}

#[tokio::test(start_paused = true)]
async fn only_servers_that_owe_a_reply_are_overdue() {
    let fake = Fake::new(1);
    let cluster = Arc::new(fake.client());
    call(&*cluster, "INCR foo").await.unwrap();
    fake.world().hung.insert(1);
    let hasty = tokio::time::timeout(Duration::from_millis(50), call(&*cluster, "INCR bar")).await;
    assert!(hasty.is_err());
    cluster.overdue(Duration::from_millis(1));
    cluster.overdue(Duration::from_millis(1));
    assert_eq!(fake.world().overdue, [1], "told once for what was given up once");
    cluster.disconnect();
    let mut disconnects = fake.world().disconnects.clone();
    disconnects.sort_unstable();
    assert_eq!(disconnects, [1, 2, 3]);
}

#[tokio::test(start_paused = true)]
async fn a_subscription_moves_to_another_primary_and_tells_the_gap() {
    let fake = Fake::new(1);
    let cluster = fake.client();
    let mut messages = cluster.subscribe(&[Topic::channel("news")]).await.unwrap();
    let news = || Message::Published { channel: b"news".to_vec(), pattern: None, payload: b"1".to_vec() };
    fake.say(news());
    assert_eq!(messages.next().await, Some(news()));
    let listened = fake.world().sent.iter().find(|(_, text)| text.starts_with("PING")).map(|(port, _)| *port);
    fake.world().down.insert(listened.unwrap());
    assert_eq!(messages.next().await, Some(Message::Gap));
    fake.say(news());
    assert_eq!(messages.next().await, Some(news()));
    drop(cluster);
    assert!(cluster_is_gone(&mut messages).await);
    assert!(fake.client().subscribe(&[Topic::Invalidations]).await.is_err());
}

async fn cluster_is_gone(messages: &mut crate::Messages) -> bool {
    tokio::time::timeout(Duration::from_secs(10), messages.next()).await == Ok(None)
}

/// RP-CLUSTER: SCAN goes through one primary after the other; the cursor's high bits say which.
#[tokio::test(start_paused = true)]
async fn a_scan_goes_through_one_primary_after_the_other() {
    let fake = Fake::new(1);
    let cluster = fake.client();
    let expected: BTreeSet<String> = (0..40).map(|n| format!("k{n}")).collect();
    for key in &expected {
        call(&cluster, &format!("INCR {key}")).await.unwrap();
    }
    for is_batch in [false, true] {
        let (mut seen, mut cursor, mut primaries) = (Vec::new(), 0, BTreeSet::new());
        loop {
            let page = command(&format!("SCAN {cursor} COUNT 3"));
            let reply = if is_batch {
                cluster.call_batch(&[page].into_iter().collect()).await.unwrap().remove(0).unwrap()
            } else {
                cluster.call(&page).await.unwrap()
            };
            let (next, keys): (u64, Vec<String>) = redis::from_redis_value(reply).unwrap();
            seen.extend(keys);
            cursor = next;
            primaries.insert(cursor >> 48);
            if cursor == 0 {
                break;
            }
        }
        assert_eq!(seen.len(), expected.len(), "each once, as nothing moves");
        assert_eq!(seen.into_iter().collect::<BTreeSet<_>>(), expected);
        assert_eq!(primaries, [0, 1, 2].into());
    }
    let beyond = call(&cluster, &format!("SCAN {} COUNT 3", 9_u64 << 48)).await.unwrap();
    let nothing: (u64, Vec<String>) = redis::from_redis_value(beyond).unwrap();
    assert_eq!(nothing, (0, Vec::new()), "of a primary that is gone nothing is left");
}

#[tokio::test(start_paused = true)]
async fn pages_of_a_scan_go_with_other_commands_in_one_round_trip_a_server() {
    let fake = Fake::new(1);
    let cluster = fake.client();
    call(&cluster, "INCR a").await.unwrap();
    let sent = fake.world().sent.len();
    let page = format!("SCAN {} COUNT 3", 1_u64 << 48);
    let texts = ["INCR a", "SCAN 0 COUNT 3", &page];
    let replies = cluster.call_batch(&batch(&texts)).await.unwrap();
    assert!(replies.iter().all(Result::is_ok), "{replies:?}");
    let sent: Vec<_> =
        fake.world().sent[sent..].iter().filter(|(_, text)| !text.contains("CLUSTER")).cloned().collect();
    assert!(sent.len() <= 3 && sent.iter().all(|(_, text)| !text.contains(&page)), "{sent:?}");
}

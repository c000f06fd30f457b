//! Lost replies, dead and hung connections, forgotten scripts: who is told what, and what is sent again.

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use async_trait::async_trait;
use redfleet_core::test_util::{Condition, Scripted};
use redfleet_core::{
    Backend, BackendExt, Batch, Breaker, Delivery, Effect, Embedded, Error as Said, Faults, Incarnation,
    Layer, Messages, Result as ToldBy, Script, Topic,
};
use redfleet_pipe::{Deferred, Error, Pipes};
use redis::{Cmd, Value, cmd};
use tokio::time::Instant;

use super::world::{embedded, over, scripted};

const DEADLINE: Duration = Duration::from_millis(200);

#[tokio::test]
async fn a_lost_reply_is_told_as_unknown_and_nothing_is_sent_again() {
    let node = scripted();
    let pipes = Pipes::new(node.shared());
    node.set(Condition::LosesReplies);
    let mut pipe = pipes.pipe();
    let (count, read) = (pipe.incr("n", 1), pipe.get::<i64>("n"));
    let summary = pipe.execute().await.unwrap();
    assert_eq!((summary.commands(), summary.failures()), (2, 2));
    for error in [count.get().unwrap_err(), read.get().unwrap_err()] {
        assert_eq!(error.effect(), Effect::Unknown, "{error}");
        assert!(matches!(error, Error::Command { cause: Said::Link { .. }, .. }), "{error:?}");
    }
    assert_eq!(node.sent(), ["INCRBY n 1", "GET n"], "each was sent once");
    node.set(Condition::Up);
    pipe.execute().await.unwrap().all().unwrap();
    assert_eq!(node.sent().len(), 2, "and not by another execution either");
}

#[tokio::test]
async fn a_lost_reply_has_what_is_idempotent_sent_again_and_nothing_else() {
    let node = scripted();
    let pipes = Pipes::builder().connection("only", node.shared()).repeats(3).build().unwrap();
    node.set(Condition::LosesReplies);
    let mut pipe = pipes.pipe();
    let before = pipe.incr("n", 1);
    let set = pipe.idempotent(|pipe| pipe.set("k", "v"));
    let after = pipe.incr("n", 2);
    pipe.execute().await.unwrap().all().unwrap_err();
    let mut expected = vec!["INCRBY n 1", "SET k v", "INCRBY n 2"];
    expected.extend(["SET k v"; 3]);
    assert_eq!(node.sent(), expected);
    assert_eq!(set.get().unwrap_err().effect(), Effect::Unknown, "it was lost each time");
    assert!(before.get().is_err() && after.get().is_err());
}

#[tokio::test]
async fn what_is_idempotent_is_repeated_until_it_is_answered_and_what_is_not_is_applied_once() {
    let store = Embedded::new().shared();
    let lossy = Faults::seeded(5).lose_replies(0.5).layer(Arc::clone(&store));
    let pipes = Pipes::builder().connection("lossy", lossy).repeats(60).build().unwrap();
    let (mut told, mut unknown) = (0, 0);
    for round in 0..200_i64 {
        let mut pipe = pipes.pipe();
        let count = pipe.incr("n", 1);
        let (set, read) = pipe.idempotent(|pipe| (pipe.set("k", round), pipe.get::<i64>("k")));
        drop(pipe.execute().await.unwrap());
        set.get().unwrap();
        assert_eq!(read.get().unwrap(), Some(round));
        match count.get() {
            Ok(count) => {
                told += 1;
                assert_eq!(count, told + unknown, "every one before was applied once");
            }
            Err(error) => {
                assert_eq!(error.effect(), Effect::Unknown);
                unknown += 1;
            }
        }
    }
    assert!(unknown > 50 && told > 50, "{told} told, {unknown} unknown");
    assert_eq!(store.query::<i64>(cmd("GET").arg("n")).await.unwrap(), 200);
}

#[tokio::test]
async fn a_lost_reply_of_a_block_repeats_it_whole_or_not_at_all() {
    let node = scripted();
    let pipes = Pipes::builder().connection("only", node.shared()).repeats(1).build().unwrap();
    node.set(Condition::LosesReplies);
    let mut pipe = pipes.pipe();
    pipe.atomic(|pipe| {
        pipe.incr("half", 1);
        pipe.idempotent(|pipe| pipe.set("half", 1));
    });
    pipe.idempotent(|pipe| {
        pipe.atomic(|pipe| {
            pipe.set("whole", 1);
            pipe.del("whole");
        });
    });
    pipe.execute().await.unwrap().all().unwrap_err();
    let first = ["INCRBY half 1", "SET half 1", "SET whole 1", "DEL whole"];
    assert_eq!(node.sent(), [&first[..], &["SET whole 1", "DEL whole"]].concat());
}

#[tokio::test]
async fn a_lost_reply_of_what_is_idempotent_never_has_it_overtake_a_later_command_of_its_key() {
    let store = Embedded::new().shared();
    for seed in 0..20 {
        let lossy = Faults::seeded(seed).lose_replies(0.5).layer(Arc::clone(&store));
        let pipes = Pipes::builder().connection("lossy", lossy).repeats(60).build().unwrap();
        let mut pipe = pipes.pipe();
        let first = pipe.idempotent(|pipe| pipe.set("k", "first"));
        let other = pipe.idempotent(|pipe| pipe.set("other", "first"));
        pipe.set("k", "second");
        drop(pipe.execute().await.unwrap());
        let stored: String = store.query(cmd("GET").arg("k")).await.unwrap();
        assert_eq!(stored, "second", "seed {seed}");
        assert!(first.get().is_ok() || first.get().unwrap_err().effect() == Effect::Unknown);
        other.get().unwrap();
    }
}

#[tokio::test]
async fn a_repetition_that_did_nothing_denies_no_attempt_before_it() {
    let node = scripted();
    let backend = Breaker::default().layer(node.shared());
    let pipes = Pipes::builder().connection("only", backend).repeats(5).build().unwrap();
    node.set(Condition::LosesReplies);
    let mut pipe = pipes.pipe();
    let set = pipe.idempotent(|pipe| pipe.set("k", "v"));
    pipe.execute().await.unwrap().all().unwrap_err();
    let sent = node.sent().iter().filter(|text| text.starts_with("SET")).count();
    assert!((1..6).contains(&sent), "the breaker keeps the later ones back: {sent}");
    assert_eq!(set.get().unwrap_err().effect(), Effect::Unknown, "the first one was carried out");
}

#[tokio::test]
async fn what_comes_after_a_lost_batch_is_not_sent() {
    let node = scripted();
    let pipes = Pipes::builder().connection("only", node.shared()).max_batch(2).build().unwrap();
    node.set(Condition::LosesReplies);
    let mut pipe = pipes.pipe();
    let counts: Vec<_> = (0..5).map(|_| pipe.incr("n", 1)).collect();
    let summary = pipe.execute().await.unwrap();
    assert_eq!((summary.commands(), summary.failures()), (5, 5));
    assert_eq!(node.sent().len(), 2, "only the first batch");
    let effects: Vec<_> = counts.iter().map(|count| count.get().unwrap_err().effect()).collect();
    assert_eq!(effects[..2], [Effect::Unknown; 2]);
    assert_eq!(effects[2..], [Effect::None; 3]);
    assert!(matches!(counts[4].get(), Err(Error::NotSent { .. })));
}

#[tokio::test]
async fn what_comes_after_a_refused_command_is_sent() {
    let node = Scripted::new().on("INCRBY", ":1\r\n").on("LPUSH", "-WRONGTYPE not a list\r\n");
    let pipes = Pipes::builder().connection("only", node.shared()).max_batch(1).build().unwrap();
    let mut pipe = pipes.pipe();
    let (refused, count) = (pipe.lpush("k", 1), pipe.incr("n", 1));
    let summary = pipe.execute().await.unwrap();
    assert_eq!((summary.commands(), summary.failures()), (2, 1));
    assert_eq!(refused.get().unwrap_err().code(), Some("WRONGTYPE"));
    assert_eq!(count.get().unwrap(), 1);
}

#[tokio::test]
async fn a_dead_connection_poisons_only_its_own_commands() {
    for (condition, effect) in
        [(Condition::Refused, Effect::None), (Condition::LosesReplies, Effect::Unknown)]
    {
        let nodes = [scripted(), scripted(), scripted()];
        let pipes = over(["a", "b", "c"].into_iter().zip(&nodes)).build().unwrap();
        nodes[1].set(condition);
        let mut pipe = pipes.pipe();
        let counts: Vec<_> =
            ["a", "b", "c", "b", "a"].iter().map(|name| pipe.on(name).incr("n", 1)).collect();
        let summary = pipe.execute().await.unwrap();
        assert_eq!((summary.commands(), summary.failures()), (5, 2));
        let told: Vec<_> = counts.iter().map(|count| count.get().map_err(|error| error.effect())).collect();
        assert_eq!(told, [Ok(1), Err(effect), Ok(1), Err(effect), Ok(1)]);
        let error = summary.all().unwrap_err();
        assert!(matches!(&error, Error::Command { connection, .. } if &**connection == "b"), "{error}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_hung_connection_costs_one_deadline_and_no_other_connection_waits_twice() {
    let nodes = [scripted(), scripted(), scripted()];
    let pipes =
        over(["a", "b", "c"].into_iter().zip(&nodes)).deadline(DEADLINE).max_batch(2).build().unwrap();
    nodes[0].set(Condition::Hung);
    nodes[2].set(Condition::Hung);
    let started = Instant::now();
    let mut pipe = pipes.pipe();
    let counts: Vec<Deferred<i64>> =
        (0..12).map(|at| pipe.on(["a", "b", "c"][at % 3]).incr("n", 1)).collect();
    // Three of a repetition would be three deadlines.
    pipe.on("c").idempotent(|pipe| pipe.set("k", 1));
    pipe.execute().await.unwrap().all().unwrap_err();
    assert_eq!(started.elapsed(), DEADLINE);
    let is_told = |count: &Deferred<i64>| count.get().is_ok();
    assert_eq!(counts.iter().filter(|count| is_told(count)).count(), 4);
    let last = counts[9].get().unwrap_err();
    assert_eq!(last.effect(), Effect::None, "the second batch was not sent: {last}");
    assert_eq!(nodes[0].complaints().0, 1, "whoever is below is told that it was overdue");
}

#[tokio::test(start_paused = true)]
async fn what_is_idempotent_on_a_hung_connection_costs_one_deadline_too() {
    let node = scripted();
    let pipes =
        Pipes::builder().connection("a", node.shared()).deadline(DEADLINE).repeats(5).build().unwrap();
    node.set(Condition::Hung);
    let started = Instant::now();
    let error = pipes.run(|pipe| pipe.idempotent(|pipe| pipe.set("k", 1))).await.unwrap_err();
    assert_eq!((started.elapsed(), error.effect()), (DEADLINE, Effect::Unknown));
}

#[tokio::test]
async fn an_execution_that_is_dropped_leaves_its_deferreds_interrupted_and_runs_no_callback() {
    let node = scripted();
    let pipes = Pipes::new(node.shared());
    node.set(Condition::Hung);
    let mut pipe = pipes.pipe();
    let count = pipe.incr("n", 1);
    pipe.on_execute(|| panic!("nothing was executed"));
    let mut execution = Box::pin(pipe.execute());
    assert!(futures::poll!(&mut execution).is_pending());
    drop(execution);
    let error = count.get().unwrap_err();
    assert!(matches!(error, Error::Interrupted), "{error}");
    assert_eq!(error.effect(), Effect::Unknown);
    node.set(Condition::Up);
    assert_eq!(pipe.execute().await.unwrap().commands(), 0, "the pipe is empty");
}

#[tokio::test]
async fn an_execution_that_never_began_leaves_everything_queued() {
    let (pipes, _) = embedded();
    let mut pipe = pipes.pipe();
    let count = pipe.incr("n", 1);
    drop(pipe.execute());
    assert!(matches!(count.get(), Err(Error::NotExecuted)));
    pipe.execute().await.unwrap().all().unwrap();
    assert_eq!(count.get().unwrap(), 1);
}

#[tokio::test]
async fn a_script_that_the_server_forgot_runs_all_the_same_after_the_rest_of_the_pipe() {
    let (pipes, store) = embedded();
    let script = Script::new("return redis.call('INCR', KEYS[1])");
    let run = || pipes.run(|pipe| (pipe.script::<i64>(&script.key("n")), pipe.get::<i64>("n")));
    assert_eq!(run().await.unwrap(), (1, Some(1)), "in place, with its text");
    assert_eq!(run().await.unwrap(), (2, Some(2)), "in place, by its hash");
    store.query::<()>(cmd("SCRIPT").arg("FLUSH")).await.unwrap();
    assert_eq!(run().await.unwrap(), (3, Some(2)), "after the rest: the documented price of SCRIPT FLUSH");
    store.query::<()>(cmd("SCRIPT").arg("FLUSH")).await.unwrap();
    let in_block = pipes
        .run(|pipe| pipe.atomic(|pipe| (pipe.script::<i64>(&script.key("n")), pipe.get::<i64>("n"))))
        .await;
    assert_eq!(in_block.unwrap(), (4, Some(4)), "in a block it goes with its text, so in place");
}

#[tokio::test]
async fn an_error_names_connection_and_command_and_no_key() {
    let (pipes, _) = embedded();
    let mut pipe = pipes.pipe();
    pipe.set("secret-key", "secret-value");
    let wrong: Deferred<Value> = pipe.add(cmd("LPUSH").arg("secret-key").arg("secret-value").take());
    let other: Deferred<Vec<i64>> = pipe.add(cmd("GET").arg("secret-key").take());
    pipe.execute().await.unwrap().all().unwrap_err();
    let (wrong, other) = (wrong.get().unwrap_err(), other.get().unwrap_err());
    assert!(wrong.to_string().starts_with("LPUSH on `default`: refused: WRONGTYPE"), "{wrong}");
    assert!(other.to_string().starts_with("the reply is a bulk string, which is no "), "{other}");
    assert!(!format!("{wrong} {wrong:?} {other} {other:?}").contains("secret"));
}

/// A node that hangs in its second batch.
#[derive(Debug)]
struct HangsInTheSecond(Arc<dyn Backend>, AtomicU32);

#[async_trait]
impl Backend for HangsInTheSecond {
    async fn call(&self, command: &Cmd) -> ToldBy<Value> {
        self.0.call(command).await
    }

    async fn call_batch(&self, batch: &Batch) -> ToldBy<Vec<ToldBy<Value>>> {
        if self.1.fetch_add(1, Ordering::Relaxed) == 1 {
            std::future::pending::<()>().await;
        }
        self.0.call_batch(batch).await
    }

    async fn session(&self, key: Option<&[u8]>) -> ToldBy<Arc<dyn Backend>> {
        self.0.session(key).await
    }

    async fn subscribe(&self, topics: &[Topic]) -> ToldBy<Messages> {
        self.0.subscribe(topics).await
    }

    async fn identify(&self) -> ToldBy<Incarnation> {
        self.0.identify().await
    }

    fn incarnation(&self) -> Option<Incarnation> {
        self.0.incarnation()
    }

    fn delivery(&self) -> Delivery {
        self.0.delivery()
    }

    fn overdue(&self, after: Duration) {
        self.0.overdue(after);
    }

    fn is_sharded(&self) -> bool {
        self.0.is_sharded()
    }

    async fn fence(&self) -> ToldBy<()> {
        self.0.fence().await
    }

    fn disconnect(&self) {
        self.0.disconnect();
    }
}

#[tokio::test(start_paused = true)]
async fn a_forgotten_script_that_hangs_in_its_second_trip_costs_no_other_command_its_reply() {
    let store = Embedded::new().shared();
    let script = Script::new("return redis.call('INCR', KEYS[1])");
    let known = Pipes::new(Arc::clone(&store));
    known.run(|pipe| pipe.script::<i64>(&script.key("s"))).await.unwrap();
    store.query::<()>(cmd("SCRIPT").arg("FLUSH")).await.unwrap();
    let slow = Arc::new(HangsInTheSecond(store, AtomicU32::new(0)));
    let pipes = Pipes::builder().connection("slow", slow).deadline(DEADLINE).build().unwrap();
    let mut pipe = pipes.pipe();
    let before = pipe.incr("n", 1);
    let late: Deferred<i64> = pipe.script(&script.key("s"));
    let after = pipe.incr("n", 1);
    assert_eq!(pipe.execute().await.unwrap().failures(), 1);
    assert_eq!((before.get().unwrap(), after.get().unwrap()), (1, 2));
    let error = late.get().unwrap_err();
    assert!(matches!(error, Error::Command { cause: Said::Deadline { .. }, .. }), "{error:?}");
    assert_eq!(error.effect(), Effect::Unknown);
}

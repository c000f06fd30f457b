//! What a program can get wrong: it is told where it is wrong, and before anything is sent.
#![expect(clippy::unwrap_used, reason = "set-up that fails is a failed test")]

use std::fmt::Debug;
use std::sync::{Arc, Mutex};

use redfleet_core::test_util::Scripted;
use redfleet_core::{Effect, Embedded};
use redfleet_pipe::{Deferred, Error, InvalidValue, Pipe, Pipes, Result};
use redis::{Cmd, Value, cmd};
use tracing::field::{Field, Visit};
use tracing_subscriber::layer::{Context, SubscriberExt};

/// Two connections, and the nodes behind them.
fn two() -> (Pipes, [Scripted; 2]) {
    let nodes = [(); 2].map(|()| Scripted::new().on("INCRBY", ":1\r\n").on("SET", "+OK\r\n"));
    let [one, two] = &nodes;
    let pipes = Pipes::builder().connection("one", one.shared()).connection("two", two.shared());
    (pipes.build().unwrap(), nodes)
}

/// That a pipe in which this is queued, among good commands on both connections, sends nothing and says why.
async fn refused(queue: impl FnOnce(&mut Pipe)) -> Error {
    let (pipes, nodes) = two();
    let mut pipe = pipes.pipe();
    let good = (pipe.incr("n", 1), pipe.on("two").incr("n", 1));
    queue(&mut pipe);
    let late = pipe.incr("n", 1);
    let error = pipe.execute().await.unwrap_err();
    let is_value = matches!(error, Error::Invalid(_)); // which may have been read, too
    assert!(is_value || error.effect() == Effect::None, "{error}");
    for deferred in [&good.0, &good.1, &late] {
        assert_eq!(deferred.get().unwrap_err().to_string(), error.to_string());
    }
    assert!(nodes.iter().all(|node| node.round_trips() == 0), "nothing was sent");
    pipe.incr("n", 1);
    assert_eq!(pipe.execute().await.unwrap().commands(), 1, "the pipe may be used again");
    error
}

#[tokio::test]
async fn a_deferred_that_is_read_before_execution_says_so() {
    let pipes = Pipes::new(Embedded::new().shared());
    let mut pipe = pipes.pipe();
    let count = pipe.incr("n", 1);
    let early: Vec<Result<String>> = vec![
        count.get().map(|n| n.to_string()),
        count.clone().take().map(|n| n.to_string()),
        count.clone().map(|n| n.to_string()).get(),
        count.clone().zip(pipe.incr("n", 1)).get().map(|_| String::new()),
        Deferred::all([count.clone()]).take().map(|_| String::new()),
        count.clone().result().get().map(|_| String::new()),
    ];
    for error in early.into_iter().map(Result::unwrap_err) {
        assert!(matches!(error, Error::NotExecuted));
        assert_eq!(error.to_string(), "not executed yet: await the pipe's execute() first");
        assert_eq!(error.effect(), Effect::None);
    }
    assert!(format!("{count:?}").contains("not executed yet"));
    pipe.execute().await.unwrap().all().unwrap();
    assert_eq!(count.get().unwrap(), 1, "to ask early has spoiled nothing");
}

/// The numbers of commands that warnings told.
#[derive(Clone, Default)]
struct Warnings(Arc<Mutex<Vec<String>>>);

impl<S: tracing::Subscriber> tracing_subscriber::Layer<S> for Warnings {
    fn on_event(&self, event: &tracing::Event<'_>, _: Context<'_, S>) {
        let mut text = event.metadata().level().to_string();
        event.record(&mut Text(&mut text));
        self.0.lock().unwrap().push(text);
    }
}

struct Text<'a>(&'a mut String);

impl Visit for Text<'_> {
    fn record_debug(&mut self, field: &Field, value: &dyn Debug) {
        self.0.push_str(&format!(" {}={value:?}", field.name()));
    }
}

#[tokio::test]
async fn a_pipe_that_is_dropped_with_commands_in_it_sends_nothing_and_warns() {
    // For the whole process: what other threads see decides for all, too. No other test drops as many.
    let warnings = Warnings::default();
    tracing::subscriber::set_global_default(tracing_subscriber::registry().with(warnings.clone())).unwrap();
    let (pipes, nodes) = two();
    let mut pipe = pipes.pipe();
    let count = pipe.incr("n", 1);
    (1..77).for_each(|_| drop(pipe.on("two").incr("n", 1)));
    drop(pipe);
    let error = count.get().unwrap_err();
    assert!(matches!(error, Error::Dropped) && error.effect() == Effect::None, "{error}");
    assert!(nodes.iter().all(|node| node.round_trips() == 0));
    let told = |commands: usize| {
        let text = "WARN message=a pipe was dropped before it was executed: nothing was sent";
        let text = format!("{text} commands={commands}");
        warnings.0.lock().unwrap().iter().filter(|warning| **warning == text).count()
    };
    assert_eq!(told(77), 1, "{:?}", warnings.0.lock().unwrap());

    // What is executed, cleared or taken back is no reason to warn.
    let mut pipe = pipes.pipe();
    pipe.incr("n", 1);
    pipe.execute().await.unwrap().all().unwrap();
    (0..78).for_each(|_| drop(pipe.incr("n", 1)));
    pipe.clear();
    drop(pipe);
    assert_eq!(told(78), 0);
}

#[tokio::test]
async fn an_unknown_connection_is_told_with_those_there_are() {
    let error = refused(|pipe| drop(pipe.on("tow").incr("n", 1))).await;
    assert_eq!(error.to_string(), "nothing was sent: no connection is called `tow`; there are `one`, `two`");
    assert!(matches!(refused(|pipe| drop(pipe.on(""))).await, Error::UnknownConnection { .. }));
}

#[tokio::test]
async fn an_unknown_connection_in_a_nested_scope_costs_that_scope_alone() {
    let (pipes, nodes) = two();
    let mut pipe = pipes.pipe();
    let count = pipe.incr("n", 1);
    let nested: Result<Deferred<i64>> = pipe.nest(|pipe| {
        pipe.incr("n", 1);
        Ok(pipe.on("nowhere").incr("n", 1))
    });
    assert!(matches!(nested, Err(Error::UnknownConnection { .. })));
    pipe.execute().await.unwrap().all().unwrap();
    assert_eq!((count.get().unwrap(), nodes.each_ref().map(|node| node.sent().len())), (1, [1, 0]));
}

#[tokio::test]
async fn a_value_that_a_codec_cannot_take_is_refused_before_anything_is_sent() {
    let error = refused(|pipe| pipe.refuse(InvalidValue::not("an integer").into())).await;
    assert_eq!(error.to_string(), "not an integer");
}

#[tokio::test]
async fn the_first_refusal_is_the_one_that_is_told() {
    let error = refused(|pipe| {
        pipe.on("nowhere").incr("n", 1);
        pipe.refuse(Error::AtomicSlots);
    });
    assert!(matches!(error.await, Error::UnknownConnection { .. }));
}

#[tokio::test]
async fn commands_that_cannot_share_a_connection_are_refused_when_they_are_queued() {
    let texts = [
        "MULTI",
        "EXEC",
        "DISCARD",
        "WATCH k",
        "UNWATCH",
        "BLPOP k 0",
        "SUBSCRIBE c",
        "SELECT 1",
        "CLIENT REPLY OFF",
        "MONITOR",
        "AUTH x",
        "HELLO 3",
        "RESET",
        "QUIT",
        "XREAD BLOCK 0 STREAMS s 0",
        "WAIT 1 0",
    ];
    for text in texts {
        let mut words = text.split(' ');
        let mut command = cmd(words.next().unwrap());
        command.arg(words.collect::<Vec<_>>());
        let error = refused(|pipe| drop(pipe.add::<Value>(command))).await;
        assert!(matches!(error, Error::Refused(_)), "{text}: {error}");
        assert!(error.to_string().starts_with("nothing was sent: "), "{error}");
    }
    assert!(matches!(refused(|pipe| drop(pipe.add::<Value>(Cmd::new()))).await, Error::Refused(_)));
    let mut silent = cmd("SET");
    silent.arg("k").arg(1).set_no_response(true);
    assert!(matches!(refused(|pipe| drop(pipe.add::<Value>(silent))).await, Error::Refused(_)));
}

#[tokio::test]
async fn an_atomic_block_over_two_connections_is_refused() {
    let error = refused(|pipe| {
        pipe.atomic(|pipe| {
            pipe.incr("n", 1);
            pipe.on("two").incr("n", 1);
        });
    });
    assert!(matches!(error.await, Error::AtomicElsewhere { .. }));
}

#[tokio::test]
async fn keys_of_an_atomic_block_in_different_slots_are_refused_when_they_are_queued() {
    // Nobody listens there, and nobody is asked.
    let pipes = Pipes::connect("redis+cluster://127.0.0.1:1").unwrap();
    let mut pipe = pipes.pipe();
    let (a, b) = pipe.atomic(|pipe| (pipe.incr("a", 1), pipe.incr("b", 1)));
    let error = pipe.execute().await.unwrap_err();
    let text = "nothing was sent: the keys of an atomic block must be of one slot: give them one {hash tag}";
    assert_eq!((error.to_string(), error.effect()), (text.to_owned(), Effect::None));
    assert!([a, b].iter().all(|deferred| matches!(deferred.get(), Err(Error::AtomicSlots))));
}

#[tokio::test]
async fn a_reply_of_another_type_is_told_to_whoever_asked_and_to_nobody_else() {
    let pipes = Pipes::new(Embedded::new().shared());
    let mut pipe = pipes.pipe();
    let (set, number, text) = (pipe.set("k", "text"), pipe.get::<i64>("k"), pipe.get::<String>("k"));
    let list: Deferred<Vec<String>> = pipe.add(Cmd::incr("n", 1));
    let summary = pipe.execute().await.unwrap();
    assert_eq!((summary.commands(), summary.failures()), (4, 0), "all of them were carried out");
    assert_eq!(
        number.get().unwrap_err().to_string(),
        "the reply is a bulk string, which is no \
                core::option::Option<i64>"
    );
    assert!(matches!(list.get(), Err(Error::Reply(_))));
    assert_eq!(list.get().unwrap_err().effect(), Effect::Unknown, "it was carried out");
    assert_eq!((set.get().unwrap(), text.get().unwrap()), ((), Some("text".into())));
    assert!(matches!(pipes.run(|pipe| pipe.get::<i64>("k")).await, Err(Error::Reply(_))));
}

#[tokio::test]
async fn an_empty_pipeline_is_no_error_and_costs_nothing() {
    let (pipes, nodes) = two();
    let mut pipe = pipes.pipe();
    for _ in 0..2 {
        let summary = pipe.execute().await.unwrap();
        assert_eq!((summary.commands(), summary.failures()), (0, 0));
        summary.all().unwrap();
    }
    let none: Vec<Deferred<i64>> = Vec::new();
    assert!(pipes.run(|_| none).await.unwrap().is_empty());
    let none = pipes.run(|pipe| pipe.mget::<i64>(&Vec::<String>::new()).result()).await;
    assert!(none.unwrap().is_err());
    assert_eq!(nodes.map(|node| node.round_trips()), [1, 0], "MGET of nothing is the server's to refuse");
}

#[tokio::test]
async fn more_commands_than_a_pipe_may_hold_are_refused_and_not_kept() {
    let (node, store) = (Scripted::new().on("INCRBY", ":1\r\n"), Embedded::new().shared());
    let pipes = Pipes::builder().connection("one", node.shared()).connection("two", store).max_commands(10);
    let pipes = pipes.build().unwrap();
    let mut pipe = pipes.pipe();
    let counts: Vec<_> = (0..1000).map(|_| pipe.incr("n", 1)).collect();
    assert_eq!(pipe.len(), 10, "memory has an end, whatever the program does");
    let error = pipe.execute().await.unwrap_err();
    assert!(matches!(error, Error::TooLong { limit: 10, .. }), "{error}");
    assert!(counts.iter().all(|count| matches!(count.get(), Err(Error::TooLong { .. }))));
    assert_eq!(node.round_trips(), 0);
    pipes.run(|pipe| (0..10).map(|_| pipe.incr("n", 1)).collect::<Vec<_>>()).await.unwrap();
    let nested = pipe.nest(|pipe| {
        (0..11).for_each(|_| drop(pipe.incr("n", 1)));
        Ok::<_, Error>(())
    });
    assert!(matches!(nested, Err(Error::TooLong { .. })) && pipe.is_empty());
}

#[tokio::test]
async fn commands_that_were_taken_back_count_and_the_refusal_says_so() {
    let node = Scripted::new().on("INCRBY", ":1\r\n");
    let pipes = Pipes::builder().connection("one", node.shared()).max_commands(2).build().unwrap();
    let mut pipe = pipes.pipe();
    for _ in 0..2 {
        let taken_back: Result<()> = pipe.nest(|pipe| {
            pipe.incr("n", 1);
            Err(Error::RolledBack)
        });
        assert!(taken_back.is_err() && pipe.is_empty());
    }
    pipe.incr("n", 1);
    assert_eq!(
        pipe.execute().await.unwrap_err().to_string(),
        "nothing was sent: a pipe holds 2 commands at most for one connection, those taken back included: execute it in \
         between, or raise the limit"
    );
}

#[tokio::test]
async fn to_clear_within_a_scope_refuses_the_scope_and_leaves_nothing_half_forgotten() {
    let (pipes, nodes) = two();
    let mut pipe = pipes.pipe();
    let before = pipe.incr("n", 1);
    let cleared: Result<()> = pipe.nest(|pipe| {
        pipe.incr("n", 1);
        pipe.clear();
        pipe.incr("n", 1);
        Ok(())
    });
    assert!(matches!(cleared, Err(Error::Dropped)));
    pipe.execute().await.unwrap().all().unwrap();
    assert_eq!((before.get().unwrap(), nodes.each_ref().map(|node| node.sent().len())), (1, [1, 0]));
    let error = refused(|pipe| {
        pipe.atomic(|pipe| {
            pipe.incr("n", 1);
            pipe.clear();
        });
    });
    assert!(matches!(error.await, Error::Dropped));
}

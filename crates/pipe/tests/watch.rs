//! Optimistic transactions: nobody's write is lost, and nothing is written on what has changed.

use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use futures::future::join_all;
use redfleet_pipe::{Error, Pipes, Watch};
use tokio::net::TcpListener;
use tokio::time::{Instant, timeout};

async fn buy(watch: Watch<'_>) -> redfleet_pipe::Result<i64> {
    watch
        .run(async |attempt| {
            let stock: Option<i64> = attempt.run(|pipe| pipe.get("stock")).await?;
            let left = stock.unwrap_or(0) - 1;
            tokio::task::yield_now().await;
            attempt.commit(|pipe| pipe.set("stock", left)).await?;
            Ok(left)
        })
        .await
}

#[tokio::test(start_paused = true)]
async fn of_many_that_change_a_key_at_once_none_is_lost() {
    let pipes = Pipes::builder().connect("shop", "embedded://watch-many").unwrap().seed(1).build().unwrap();
    pipes.run(|pipe| pipe.set("stock", 20)).await.unwrap();
    let buyers = (0..20).map(|_| buy(pipes.watch("stock").attempts(1000)));
    let mut left: Vec<_> = join_all(buyers).await.into_iter().map(Result::unwrap).collect();
    left.sort_unstable();
    assert_eq!(left, (0..20).collect::<Vec<_>>());
    assert_eq!(pipes.run(|pipe| pipe.get::<i64>("stock")).await.unwrap(), Some(0));
}

#[tokio::test(start_paused = true)]
async fn what_is_always_changed_is_a_conflict_in_the_end_and_nothing_is_written() {
    let pipes = Pipes::connect("embedded://watch-conflict").unwrap();
    let attempts = AtomicU32::new(0);
    let result = pipes
        .watch("k")
        .attempts(3)
        .run(async |attempt| {
            attempts.fetch_add(1, Ordering::Relaxed);
            pipes.run(|pipe| pipe.set("k", "theirs")).await?;
            attempt.commit(|pipe| (pipe.set("k", "ours"), pipe.set("other", 1))).await
        })
        .await;
    assert!(matches!(result, Err(Error::Conflict { attempts: 3, .. })), "{result:?}");
    assert_eq!(attempts.into_inner(), 3);
    let (k, other) = pipes.run(|pipe| (pipe.get::<String>("k"), pipe.exists("other"))).await.unwrap();
    assert_eq!((k.as_deref(), other), (Some("theirs"), false));
}

#[tokio::test]
async fn a_closure_that_returns_without_a_commit_writes_nothing_and_leaves_nothing_watched() {
    let pipes = Pipes::connect("embedded://watch-none").unwrap();
    let stock: Option<i64> =
        pipes.watch("stock").run(async |attempt| attempt.run(|pipe| pipe.get("stock")).await).await.unwrap();
    assert_eq!(stock, None);
}

#[tokio::test]
async fn another_connection_can_be_named_and_an_unknown_one_is_refused() {
    let pipes = Pipes::builder()
        .connect("a", "embedded://watch-a")
        .unwrap()
        .connect("b", "embedded://watch-b")
        .unwrap()
        .build()
        .unwrap();
    assert_eq!(buy(pipes.watch("stock").on("b")).await.unwrap(), -1);
    assert_eq!(pipes.run(|pipe| pipe.on("b").get::<i64>("stock")).await.unwrap(), Some(-1));
    assert!(!pipes.run(|pipe| pipe.on("a").exists("stock")).await.unwrap());
    assert!(matches!(buy(pipes.watch("stock").on("c")).await, Err(Error::UnknownConnection { .. })));
}

#[tokio::test(start_paused = true)]
async fn a_conflict_of_another_transaction_does_not_commit_twice() {
    let pipes = Pipes::connect("embedded://watch-foreign").unwrap();
    let result: redfleet_pipe::Result<()> = pipes
        .watch("stock")
        .attempts(5)
        .run(async |attempt| {
            attempt.commit(|pipe| pipe.incr("sold", 1)).await?;
            lose(&pipes).await
        })
        .await;
    assert!(matches!(result, Err(Error::Conflict { attempts: 1, .. })), "{result:?}");
    assert_eq!(pipes.run(|pipe| pipe.get::<i64>("sold")).await.unwrap(), Some(1));
}

#[tokio::test(start_paused = true)]
async fn a_conflict_of_another_transaction_before_the_commit_is_not_tried_again() {
    let pipes = Pipes::connect("embedded://watch-foreign-before").unwrap();
    let attempts = AtomicU32::new(0);
    let result: redfleet_pipe::Result<()> = pipes
        .watch("stock")
        .run(async |attempt| {
            attempts.fetch_add(1, Ordering::Relaxed);
            lose(&pipes).await?;
            attempt.commit(|pipe| pipe.incr("sold", 1)).await.map(drop)
        })
        .await;
    assert!(matches!(result, Err(Error::Conflict { attempts: 1, .. })), "{result:?}");
    assert_eq!(attempts.into_inner(), 1);
    assert!(!pipes.run(|pipe| pipe.exists("sold")).await.unwrap());
}

#[tokio::test(start_paused = true)]
async fn an_attempt_that_lost_commits_nothing_more() {
    let pipes = Pipes::connect("embedded://watch-lost").unwrap();
    let result = pipes
        .watch("k")
        .run(async |attempt| {
            pipes.run(|pipe| pipe.incr("k", 1)).await?;
            let first = attempt.commit(|pipe| pipe.incr("first", 1)).await;
            let second = attempt.commit(|pipe| pipe.incr("second", 1)).await;
            Ok((first.is_err(), second))
        })
        .await;
    assert!(matches!(result, Ok((true, Err(Error::Conflict { .. })))), "{result:?}");
    assert_eq!(
        pipes.run(|pipe| (pipe.exists("first"), pipe.exists("second"))).await.unwrap(),
        (false, false)
    );
}

/// A transaction on another key, which finds a conflict.
async fn lose(pipes: &Pipes) -> redfleet_pipe::Result<()> {
    pipes
        .watch("other")
        .attempts(1)
        .run(async |attempt| {
            pipes.run(|pipe| pipe.incr("other", 1)).await?;
            attempt.commit(|pipe| pipe.incr("never", 1)).await.map(drop)
        })
        .await
}

#[test]
fn for_people_a_watch_tells_no_key() {
    let pipes = Pipes::connect("embedded://watch-people").unwrap();
    let shown = format!("{:?}", pipes.watch(&["hunter2", "k"]).on("default"));
    assert_eq!(shown, r#"Watch { keys: 2, connection: Some("default"), attempts: 16, .. }"#);
}

#[tokio::test(start_paused = true)]
async fn after_the_last_attempt_there_is_no_pause() {
    let pipes = Pipes::builder().connect("shop", "embedded://watch-last").unwrap().seed(3).build().unwrap();
    let start = Instant::now();
    assert!(matches!(lose(&pipes).await, Err(Error::Conflict { attempts: 1, .. })));
    assert_eq!(start.elapsed(), Duration::ZERO);
}

#[tokio::test]
async fn a_server_that_does_not_answer_is_not_waited_for_beyond_the_deadline() {
    // It takes connections, and says nothing.
    let server = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("redis://{}", server.local_addr().unwrap());
    let builder = Pipes::builder().connect("silent", &url).unwrap();
    let pipes = builder.deadline(Duration::from_millis(50)).build().unwrap();
    let bought = timeout(Duration::from_secs(60), buy(pipes.watch("stock"))).await;
    let error = bought.expect("the deadline holds for connecting too").unwrap_err();
    assert_eq!(error.to_string(), "WATCH on `silent`: no reply within 50ms");
}

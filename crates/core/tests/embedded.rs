//! The embedded node, as its users see it.

use std::time::Duration;

use redfleet_core::{Backend, BackendExt, Batch, Embedded, Error, Kept, connect};
use redis::{Value, cmd};

#[tokio::test]
async fn what_is_set_is_got_and_other_nodes_do_not_have_it() {
    let (a, b) = (connect("embedded://basics-a").unwrap(), connect("embedded://basics-b").unwrap());
    a.query::<()>(cmd("SET").arg("k").arg("v")).await.unwrap();
    assert_eq!(a.query::<String>(cmd("GET").arg("k")).await.unwrap(), "v");
    assert_eq!(b.query::<Option<String>>(cmd("GET").arg("k")).await.unwrap(), None);
}

#[tokio::test]
async fn an_atomic_batch_runs_as_one_transaction() {
    let node = Embedded::new();
    let mut batch = Batch::new().atomic();
    batch.push(cmd("SET").arg("k").arg("v").take());
    batch.push(cmd("GET").arg("k").take());
    let replies = node.call_batch(&batch).await.unwrap();
    assert!(matches!(replies[0], Ok(Value::Okay)));
    assert!(matches!(&replies[1], Ok(Value::BulkString(value)) if value == b"v"));
}

#[tokio::test]
async fn a_watched_key_that_changes_stops_the_transaction() {
    let node = Embedded::new();
    let session = node.session(None).await.unwrap();
    session.call(cmd("WATCH").arg("k")).await.unwrap();
    node.call(cmd("SET").arg("k").arg("theirs")).await.unwrap();
    let mut batch = Batch::new().atomic();
    batch.push(cmd("SET").arg("k").arg("mine").take());
    assert!(session.call_batch(&batch).await.unwrap()[0].is_err());
    assert_eq!(node.query::<String>(cmd("GET").arg("k")).await.unwrap(), "theirs");
}

#[tokio::test]
async fn a_watched_key_that_changes_stops_the_first_block_and_nothing_else() {
    let node = Embedded::new();
    let session = node.session(None).await.unwrap();
    session.call(cmd("WATCH").arg("k")).await.unwrap();
    node.call(cmd("SET").arg("k").arg("theirs")).await.unwrap();
    let mut batch: Batch = (0..4).map(|_| cmd("INCR").arg("n").take()).collect();
    batch.make_atomic(1..2);
    batch.make_atomic(2..3);
    let replies = session.call_batch(&batch).await.unwrap();
    let expected = matches!(
        replies[..],
        [Ok(Value::Int(1)), Err(Error::Conflict), Ok(Value::Int(2)), Ok(Value::Int(3))]
    );
    assert!(expected, "the first EXEC ends the watch: {replies:?}");
}

#[tokio::test(start_paused = true)]
async fn a_restart_keeps_what_it_is_told_to_and_is_another_incarnation() {
    let node = Embedded::builder().seed(1).synced_every_second().build();
    let set = async |value: u8| node.query::<()>(cmd("SET").arg("k").arg(value)).await.unwrap();
    let get = async || node.query::<Option<u8>>(cmd("GET").arg("k")).await.unwrap();
    let before = node.identify().await.unwrap();
    let session = node.session(None).await.unwrap();
    set(1).await;
    tokio::time::advance(Duration::from_secs(1)).await;
    set(2).await;
    node.restart(Kept::All);
    assert_eq!(get().await, Some(2));
    set(3).await;
    node.restart(Kept::Synced);
    assert_eq!(get().await, Some(2), "what came after the second began is lost");
    node.restart(Kept::Nothing);
    assert_eq!(get().await, None);
    assert!(!node.identify().await.unwrap().is_same_server(&before));
    assert!(session.call(&cmd("PING")).await.is_err(), "its connection ended with the server");
}

#[tokio::test(start_paused = true)]
async fn what_was_there_before_the_last_second_is_synced_also_if_nobody_did_anything_since() {
    let get = async |node: &Embedded| node.query::<Option<u8>>(cmd("GET").arg("k")).await.unwrap();
    for (node, kept) in [(Embedded::builder().synced_every_second(), Some(1)), (Embedded::builder(), None)] {
        let node = node.build();
        node.query::<()>(cmd("SET").arg("k").arg(1)).await.unwrap();
        tokio::time::advance(Duration::from_secs(9)).await;
        node.restart(Kept::Synced);
        assert_eq!(get(&node).await, kept);
    }
}

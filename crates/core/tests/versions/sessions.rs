//! What a session may do beyond the contract: its own database, and blocks that depend on what it watches.

use redfleet_core::{BackendExt, Batch, Error};
use redis::{Value, cmd};

use super::world::{key, node};

#[tokio::test]
async fn a_session_that_selects_another_database_is_alone_there() {
    let (_server, node) = node().await;
    let key = key("elsewhere");
    let session = node.session(None).await.unwrap();
    session.query::<()>(cmd("SELECT").arg(1)).await.unwrap();
    session.query::<()>(cmd("SET").arg(&key).arg(1)).await.unwrap();
    assert_eq!(node.query::<i64>(cmd("EXISTS").arg(&key)).await.unwrap(), 0);
    assert_eq!(session.query::<i64>(cmd("DEL").arg(&key)).await.unwrap(), 1);
}

#[tokio::test]
async fn a_watched_key_that_changes_stops_the_first_block_of_a_batch_and_nothing_else() {
    let (_server, node) = node().await;
    let (k, n) = (key("k"), key("n"));
    let session = node.session(None).await.unwrap();
    session.call(cmd("WATCH").arg(&k)).await.unwrap();
    node.call(cmd("SET").arg(&k).arg("theirs")).await.unwrap();
    let mut batch: Batch = (0..4).map(|_| cmd("INCR").arg(&n).take()).collect();
    batch.make_atomic(1..2);
    batch.make_atomic(2..3);
    let replies = session.call_batch(&batch).await.unwrap();
    let expected = matches!(
        replies[..],
        [Ok(Value::Int(1)), Err(Error::Conflict), Ok(Value::Int(2)), Ok(Value::Int(3))]
    );
    assert!(expected, "the first EXEC ends the watch: {replies:?}");
}

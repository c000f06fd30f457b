//! An outbox on a store in this process.

use std::sync::Arc;

use redfleet_core::Embedded;
use redis::Value;

use super::*;

fn key(name: &str) -> Key {
    Key::from(name.as_bytes())
}

/// A write as the store does it.
async fn write(outbox: &Outbox, local: &dyn Backend, name: &str) -> u64 {
    let n = outbox.intend();
    let mut batch = Batch::new().atomic();
    batch.push(outbox.command(n, &[key(name)]));
    batch.push(cmd("SET").arg(name).arg(n).take());
    let replies = local.call_batch(&batch).await.unwrap();
    assert!(replies.iter().all(Result::is_ok), "{replies:?}");
    n
}

async fn found(local: &dyn Backend) -> (Vec<String>, Vec<String>, bool) {
    let recovered = Outbox::new("o", ["a", "b"]).recover(local, Duration::from_secs(1)).await.unwrap();
    let keys = recovered.keys.iter().map(|key| String::from_utf8_lossy(key).into_owned()).collect();
    (keys, recovered.everything.into_iter().collect(), recovered.is_everything_everywhere)
}

fn started(remotes: &[&str]) -> Outbox {
    let outbox = Outbox::new("o", remotes.iter().copied());
    outbox.start();
    outbox
}

#[tokio::test]
async fn a_key_is_in_it_from_its_write_until_all_remotes_have_it() {
    let local = Embedded::new();
    let outbox = started(&["a", "b"]);
    let (one, two) = (write(&outbox, &local, "x").await, write(&outbox, &local, "y").await);
    assert_eq!(found(&local).await.0, ["x", "y"]);
    outbox.outcome(one, Some(1));
    outbox.outcome(two, Some(2));
    outbox.settled("a", 2);
    outbox.trim(&local).await.unwrap();
    assert_eq!(found(&local).await.0, ["x", "y"]);
    outbox.settled("b", 1);
    outbox.trim(&local).await.unwrap();
    assert_eq!(found(&local).await.0, ["y"]);
    // Written again meanwhile: it stays for the later one.
    let three = write(&outbox, &local, "y").await;
    outbox.settled("b", 2);
    outbox.trim(&local).await.unwrap();
    assert_eq!(found(&local).await.0, ["y"]);
    outbox.outcome(three, None);
    outbox.trim(&local).await.unwrap();
    assert_eq!(found(&local).await.0, [""; 0]);
    outbox.close(&local).await.unwrap();
    let rest: Value = local.query(cmd("KEYS").arg("redfleet:*")).await.unwrap();
    assert_eq!(rest, Value::Array(Vec::new()), "it leaves nothing behind");
}

#[tokio::test]
async fn what_is_found_stays_until_it_was_copied_and_numbers_go_on() {
    let local = Embedded::new();
    let before = started(&["a", "b"]);
    for name in 0..2500 {
        write(&before, &local, &format!("k{name}")).await;
    }
    let outbox = Outbox::new("o", ["a", "b"]);
    let keys = outbox.recover(&local, Duration::from_secs(1)).await.unwrap().keys;
    assert_eq!(keys.len(), 2500);
    outbox.trim(&local).await.unwrap();
    assert_eq!(found(&local).await.0.len(), 2500, "nothing leaves before it is marked");
    outbox.dirty("a", &keys);
    outbox.start();
    assert_eq!(write(&outbox, &local, "new").await, 2501);
    outbox.outcome(2501, None);
    for key in &keys[1..] {
        outbox.clean("a", key);
    }
    outbox.trim(&local).await.unwrap();
    assert_eq!(found(&local).await.0.len(), 2501);
    outbox.clean("a", &keys[0]);
    outbox.trim(&local).await.unwrap();
    assert_eq!(found(&local).await.0.len(), 0);
}

#[tokio::test]
async fn a_flush_of_local_is_noted_in_the_same_step_and_until_each_remote_is_noted() {
    let local = Embedded::new();
    let outbox = started(&["a", "b"]);
    write(&outbox, &local, "x").await;
    let n = outbox.intend();
    let mut batch = Batch::new().atomic();
    batch.push(cmd("FLUSHALL"));
    batch.push(outbox.everything_command(n));
    local.call_batch(&batch).await.unwrap();
    assert_eq!(found(&local).await, (Vec::new(), Vec::new(), true));
    outbox.trim(&local).await.unwrap();
    assert!(found(&local).await.2, "it is in progress");
    outbox.everything("a", true);
    outbox.everything("b", true);
    outbox.outcome(n, None);
    outbox.trim(&local).await.unwrap();
    assert_eq!(found(&local).await, (Vec::new(), vec!["a".to_owned(), "b".to_owned()], false));
    outbox.everything("a", false);
    outbox.trim(&local).await.unwrap();
    assert_eq!(found(&local).await.1, ["b"]);
    // Who finds it marks it, or it goes.
    let next = Outbox::new("o", ["a", "b"]);
    assert_eq!(next.recover(&local, Duration::from_secs(1)).await.unwrap().everything.len(), 1);
    next.everything("b", true);
    next.start();
    next.trim(&local).await.unwrap();
    assert_eq!(found(&local).await.1, ["b"]);
    next.everything("b", false);
    next.trim(&local).await.unwrap();
    assert_eq!(found(&local).await, (Vec::new(), Vec::new(), false));
}

#[tokio::test]
async fn a_note_of_a_flush_that_is_found_goes_when_each_remote_is_noted() {
    let local = Embedded::new();
    let before = started(&["a"]);
    let n = before.intend();
    local.call(&before.everything_command(n)).await.unwrap();
    let outbox = Outbox::new("o", ["a"]);
    assert!(outbox.recover(&local, Duration::from_secs(1)).await.unwrap().is_everything_everywhere);
    outbox.everything("a", true);
    outbox.start();
    assert!(outbox.intend() > n);
    outbox.trim(&local).await.unwrap();
    assert_eq!(found(&local).await.1, ["a"]);
    assert!(!found(&local).await.2);
}

#[tokio::test]
async fn what_local_refuses_is_told_and_told_again_later() {
    let local: Arc<dyn Backend> = Arc::new(Embedded::new());
    let outbox = started(&["a"]);
    local.query::<()>(cmd("SET").arg("redfleet:mw:outbox:o").arg("taken")).await.unwrap();
    let n = outbox.intend();
    outbox.outcome(n, None);
    assert_eq!(outbox.trim(&*local).await.unwrap_err().code(), Some("WRONGTYPE"));
    assert_eq!(outbox.recover(&*local, Duration::from_secs(1)).await.unwrap_err().code(), Some("WRONGTYPE"));
    local.query::<()>(cmd("DEL").arg("redfleet:mw:outbox:o")).await.unwrap();
    let n = write(&outbox, &*local, "x").await;
    outbox.outcome(n, None);
    outbox.trim(&*local).await.unwrap();
    assert_eq!(found(&*local).await.0, [""; 0]);
}

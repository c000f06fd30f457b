//! Scripts, counted: how often something is sent, and in which order.

use redfleet_core::test_util::Scripted;
use redfleet_core::{BackendExt, Batch, Script};
use redis::cmd;

fn names(server: &Scripted) -> Vec<String> {
    server.sent().iter().map(|sent| sent.split(' ').next().unwrap_or_default().to_owned()).collect()
}

#[tokio::test(start_paused = true)]
async fn a_script_costs_one_round_trip_and_one_more_where_it_is_unknown() {
    let server =
        Scripted::new().on("EVALSHA", "-NOSCRIPT no\r\n").on("EVALSHA", ":2\r\n").on("EVAL", ":1\r\n");
    let script = Script::new("return 1");
    for (expected, round_trips) in [(1, 2), (2, 3)] {
        assert_eq!(script.key("k").run::<i64>(&server).await.unwrap(), expected);
        assert_eq!(server.round_trips(), round_trips);
    }
    assert_eq!(names(&server), ["EVALSHA", "EVAL", "EVALSHA"]);
}

#[tokio::test(start_paused = true)]
async fn in_a_batch_it_goes_as_text_first_and_by_its_hash_after() {
    let server =
        Scripted::new().with_run_id("r").on("EVAL", ":1\r\n").on("EVALSHA", ":1\r\n").on("GET", "+x\r\n");
    let script = Script::new("return 1");
    let mut batch = Batch::new();
    batch.push_script(&script.key("k"));
    batch.push(cmd("GET").arg("k").take());
    for round_trips in 1..=3 {
        server.send_batch(&batch).await.unwrap();
        assert_eq!(server.round_trips(), round_trips);
    }
    assert_eq!(names(&server), ["EVAL", "GET", "EVALSHA", "GET", "EVALSHA", "GET"]);
    server.restart("another");
    server.send_batch(&batch).await.unwrap();
    assert_eq!(names(&server)[6..], ["EVAL", "GET"], "a server that restarted may have forgotten it");
}

#[tokio::test(start_paused = true)]
async fn a_text_that_was_refused_is_not_taken_for_known() {
    let server = Scripted::new()
        .with_run_id("r")
        .on("EVAL", "-LOADING wait\r\n")
        .on("EVAL", ":1\r\n")
        .on("GET", "+x\r\n");
    let script = Script::new("return 1");
    let mut batch = Batch::new();
    batch.push_script(&script.key("k"));
    batch.push(cmd("GET").arg("k").take());
    for _ in 0..2 {
        server.send_batch(&batch).await.unwrap();
    }
    assert_eq!(names(&server), ["EVAL", "GET", "EVAL", "GET"]);
}

#[tokio::test(start_paused = true)]
async fn in_a_transaction_it_always_goes_as_text() {
    let server = Scripted::new().with_run_id("r").on("EVAL", ":1\r\n");
    let script = Script::new("return 1");
    let mut batch = Batch::new().atomic();
    batch.push_script(&script.key("k"));
    for _ in 0..2 {
        server.send_batch(&batch).await.unwrap();
    }
    assert_eq!(names(&server), ["EVAL", "EVAL"]);
}

#[tokio::test(start_paused = true)]
async fn what_one_connection_has_loaded_decides_nothing_for_another() {
    let server = || Scripted::new().with_run_id("r").on("EVAL", ":1\r\n").on("EVALSHA", ":1\r\n");
    let script = Script::new("return 1");
    let mut batch = Batch::new();
    batch.push_script(&script.key("k"));
    for server in [server(), server()] {
        for _ in 0..2 {
            server.send_batch(&batch).await.unwrap();
        }
        assert_eq!(names(&server), ["EVAL", "EVALSHA"]);
    }
}

//! Two embedded nodes, made equal and then different in every way.

use std::sync::Arc;

use redfleet_core::test_util::{Condition, Scripted};
use redfleet_core::{Backend, BackendExt, Embedded};
use redis::cmd;

use super::*;

async fn does(node: &dyn Backend, text: &str) {
    let mut words = text.split(' ');
    let mut command = cmd(words.next().unwrap());
    words.for_each(|word| {
        command.arg(word);
    });
    node.call(&command).await.unwrap();
}

async fn both(commands: &[&str]) -> (Arc<dyn Backend>, Arc<dyn Backend>) {
    let (local, remote) = (Embedded::new().shared(), Embedded::new().shared());
    for command in commands {
        does(&*local, command).await;
        does(&*remote, command).await;
    }
    (local, remote)
}

const DEADLINE: Duration = Duration::from_secs(1);

fn sides<'a>(local: &'a dyn Backend, remote: &'a dyn Backend) -> Sides<'a> {
    Sides::new((local, DEADLINE), (remote, DEADLINE))
}

async fn report(local: &dyn Backend, remote: &dyn Backend) -> Report {
    let is_ours = |key: &[u8]| !key.starts_with(b"other:");
    sides(local, remote).compare(is_ours, |_| async {}).await.unwrap()
}

async fn found(local: &dyn Backend, remote: &dyn Backend) -> Vec<(String, Differs)> {
    let report = report(local, remote).await;
    assert_eq!(report.differing, report.differences.len() as u64);
    let told = |found: Difference| (String::from_utf8(found.key.to_vec()).unwrap(), found.kind);
    report.differences.into_iter().map(told).collect()
}

const ALL_TYPES: [&str; 8] = [
    "SET text v",
    "SET ends v PXAT 99999999999999",
    "RPUSH list a b c",
    "SADD set a b c",
    "ZADD sorted 1 a 2.5 b",
    "HSET hash f v g w",
    "XADD stream 1-1 f v",
    "XGROUP CREATE stream g 0",
];

#[tokio::test]
async fn what_is_equal_differs_in_nothing_whatever_its_type() {
    let (local, remote) = both(&ALL_TYPES).await;
    let report = report(&*local, &*remote).await;
    assert!(report.is_equal(), "{report:?}");
    assert_eq!(report.to_string(), "7 keys compared, none differs");
}

#[tokio::test]
async fn every_difference_is_found_and_said_what_it_is() {
    for (command, key, kind) in [
        ("SET text w", "text", Differs::Value),
        ("DEL text", "text", Differs::OnlyLocal),
        ("SET more v", "more", Differs::OnlyRemote),
        ("PERSIST ends", "ends", Differs::Life),
        ("PEXPIREAT ends 99999999999998", "ends", Differs::Life),
        ("LSET list 1 B", "list", Differs::Value),
        ("SADD set d", "set", Differs::Value),
        ("ZADD sorted 2 a", "sorted", Differs::Value),
        ("HSET hash f x", "hash", Differs::Value),
        ("HPEXPIREAT hash 9999999999999 FIELDS 1 f", "hash", Differs::Value),
        ("XADD stream 1-2 f v", "stream", Differs::Value),
        ("XGROUP SETID stream g $", "stream", Differs::Value),
        ("XSETID stream 2-0", "stream", Differs::Value),
        ("XGROUP DESTROY stream g", "stream", Differs::Value),
    ] {
        let (local, remote) = both(&ALL_TYPES).await;
        does(&*remote, command).await;
        assert_eq!(found(&*local, &*remote).await, [(key.to_owned(), kind)], "{command}");
    }
}

#[tokio::test]
async fn another_order_in_memory_is_no_difference() {
    let (local, remote) = both(&[]).await;
    for (here, there) in [("SADD s a b", "SADD s b a"), ("HSET h f v g w", "HSET h g w f v")] {
        does(&*local, here).await;
        does(&*remote, there).await;
    }
    assert!(report(&*local, &*remote).await.is_equal());
}

#[tokio::test]
async fn the_last_count_of_a_hyperloglog_is_no_difference_but_its_registers_are() {
    let (local, remote) = both(&[]).await;
    for (here, there) in
        [("a HYLL0000countingR", "a HYLL0000counted!R"), ("b HYLL000000000000R", "b HYLL000000000000S")]
    {
        does(&*local, &format!("SET {here}")).await;
        does(&*remote, &format!("SET {there}")).await;
    }
    assert_eq!(found(&*local, &*remote).await, [("b".to_owned(), Differs::Value)]);
}

#[tokio::test]
async fn keys_that_are_not_ours_are_left_out_on_both_sides() {
    let (local, remote) = both(&["SET k v"]).await;
    does(&*local, "SET other:1 v").await;
    does(&*remote, "SET other:2 v").await;
    assert_eq!(report(&*local, &*remote).await.compared, 1);
}

#[tokio::test]
async fn a_key_that_seems_to_differ_is_compared_again_while_its_writers_are_held() {
    let (local, remote) = both(&[]).await;
    does(&*local, "SET k new").await;
    does(&*remote, "SET k old").await;
    // Holding it is waiting until what is under way has arrived.
    let arrives = |_| async { does(&*remote, "SET k new").await };
    assert!(sides(&*local, &*remote).compare(|_| true, arrives).await.unwrap().is_equal());
}

#[tokio::test]
async fn many_keys_are_gone_through_page_by_page() {
    let (local, remote) = both(&[]).await;
    for place in 0..2000 {
        does(&*local, &format!("SET k{place} v")).await;
        if place % 100 != 0 {
            does(&*remote, &format!("SET k{place} v")).await;
        }
    }
    let report = report(&*local, &*remote).await;
    assert_eq!((report.compared, report.differing), (2000, 20));
    let kinds: Vec<Option<i64>> = vec![remote.query(cmd("GET").arg("k0")).await.unwrap()];
    assert_eq!(kinds, [None], "comparing changes nothing");
}

#[tokio::test(start_paused = true)]
async fn a_side_that_does_not_answer_is_named_and_not_waited_for() {
    let good = Embedded::new().shared();
    let hung = Scripted::new();
    hung.set(Condition::Hung);
    let hung = hung.shared();
    for (local, remote, which) in [(&good, &hung, Which::Remote), (&hung, &good, Which::Local)] {
        let failed = sides(&**local, &**remote).compare(|_| true, |_| async {}).await.unwrap_err();
        assert_eq!(failed.which, which);
        assert_eq!(failed.error.to_string(), "no reply within 1s");
    }
}

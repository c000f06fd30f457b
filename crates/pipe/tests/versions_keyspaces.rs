//! Typed keyspaces on real servers of every image, and on a cluster.
#![cfg(feature = "test-servers")]
#![expect(clippy::unwrap_used, reason = "set-up that fails is a failed test")]

mod keyspaces {
    pub(crate) mod hashes;
    pub(crate) mod keys;
    pub(crate) mod lists;
    pub(crate) mod sets;
    pub(crate) mod sorted_sets;
    pub(crate) mod strings;
}

use std::collections::BTreeSet;
use std::time::Duration;

use futures::TryStreamExt;
use keyspaces::{hashes, keys, lists, sets, sorted_sets, strings};
use redfleet_core::Effect;
use redfleet_core::test_util::{ClusterSet, Fault, Server, TestImage, servers};
use redfleet_pipe::{Error, Hashes, Lists, Pipes, Strings};
use tokio::time::Instant;

/// One of the shared servers; the cases have names of their own.
async fn node() -> (Server, Pipes) {
    let server = servers(1).await.remove(0);
    let pipes = Pipes::connect(&server.url()).unwrap();
    (server, pipes)
}

#[tokio::test]
async fn the_cases_of_keys_hold() {
    let (_server, pipes) = node().await;
    keys::all(&pipes).await;
    keys::elements_are_sorted_by_what_other_keyspaces_hold(&pipes).await;
}

#[tokio::test]
async fn the_cases_of_strings_hold() {
    let (_server, pipes) = node().await;
    strings::all(&pipes).await;
}

#[tokio::test]
async fn the_cases_of_sets_hold() {
    let (_server, pipes) = node().await;
    sets::all(&pipes).await;
}

#[tokio::test]
async fn the_cases_of_lists_hold() {
    let (_server, pipes) = node().await;
    lists::all(&pipes).await;
}

#[tokio::test]
async fn the_cases_of_sorted_sets_hold() {
    let (_server, pipes) = node().await;
    sorted_sets::all(&pipes).await;
}

#[tokio::test]
async fn the_cases_of_hashes_hold() {
    let (_server, pipes) = node().await;
    hashes::all(&pipes).await;
    if TestImage::chosen() == TestImage::Redis80 {
        hashes::fields_live_for_a_time_of_their_own(&pipes).await;
    } else {
        hashes::fields_live_for_no_time_of_their_own_on_older_servers(&pipes).await;
    }
}

#[tokio::test]
async fn every_case_holds_on_a_cluster_too() {
    let cluster = ClusterSet::start().await;
    let pipes = Pipes::connect(&cluster.url()).unwrap();
    keys::all(&pipes).await;
    strings::all(&pipes).await;
    sets::all(&pipes).await;
    lists::all(&pipes).await;
    sorted_sets::all(&pipes).await;
    hashes::all(&pipes).await;
}

#[tokio::test]
async fn whoever_waits_on_a_hung_server_waits_one_deadline_longer_and_no_more() {
    const LIST: Lists<u64, u64> = Lists::new("hung");
    let server = servers(1).await.remove(0);
    let builder = Pipes::builder().connect("jobs", &server.url()).unwrap();
    let pipes = builder.deadline(Duration::from_secs(3)).build().unwrap();
    let mut waiting = LIST.waiting(&pipes, 1).await.unwrap();
    let wait = Some(Duration::from_millis(100));
    assert_eq!(waiting.lpop([1], wait).await.unwrap(), None);
    server.proxy().set(Fault::Hang);
    let began = Instant::now();
    let error = waiting.lpop([1], wait).await.unwrap_err();
    let waited = began.elapsed();
    assert!(waited >= Duration::from_millis(3_100) && waited < Duration::from_secs(6), "{waited:?}");
    assert_eq!(error.effect(), Effect::Unknown);
    assert_eq!(error.to_string(), "BLPOP on `jobs`: no reply within 3.1s");
    server.proxy().heal();
    let ended = waiting.lpop([1], wait).await.unwrap_err();
    assert!(ended.to_string().starts_with("BLPOP on `jobs`: link: "), "the connection was given up: {ended}");
}

#[tokio::test]
async fn the_keys_of_one_id_are_of_one_transaction_on_a_cluster() {
    const S: Strings<u64, String> = Strings::new("tx.s");
    const H: Hashes<u64, String, String> = Hashes::new("tx.h");
    let cluster = ClusterSet::start().await;
    let pipes = Pipes::connect(&cluster.url()).unwrap();
    for id in 0..20 {
        let both = pipes.run(|p| p.atomic(|p| (S.set_nx(p, id, "x"), H.set(p, id, "f", "v")))).await.unwrap();
        assert_eq!(both, (true, true));
    }
    let two = pipes.run(|p| p.atomic(|p| (S.set_nx(p, 1, "x"), S.set_nx(p, 2, "x")))).await.unwrap_err();
    assert!(matches!(two, Error::AtomicSlots), "{two}");
}

/// RP-CLUSTER: keys on all nodes by one pipe, and SCAN goes through one node after the other: the cursor `1 << 48` is the
/// beginning of the second one.
#[tokio::test]
async fn ids_are_scanned_over_all_primaries() {
    const S: Strings<u64, u64> = Strings::new("scanned");
    let cluster = ClusterSet::start().await;
    let pipes = Pipes::connect(&cluster.url()).unwrap();
    let expected: BTreeSet<u64> = (0..60).collect();
    pipes.run(|p| expected.iter().map(|id| S.set(p, id, id)).collect::<Vec<_>>()).await.unwrap();
    let seen: Vec<u64> = S.scan_ids().count(7).stream(&pipes).try_collect().await.unwrap();
    assert_eq!((seen.len(), seen.into_iter().collect::<BTreeSet<_>>()), (60, expected.clone()));

    let scan = S.scan_ids().count(1);
    let (mut cursor, mut calls, mut seen, mut begins) = (0, 0, BTreeSet::new(), BTreeSet::new());
    loop {
        let page = pipes.run(|p| scan.page(p, cursor)).await.unwrap();
        calls += 1;
        seen.extend(page.items);
        let Some(next) = page.next else { break };
        if next % (1 << 48) == 0 {
            begins.insert(next >> 48);
        }
        cursor = next;
    }
    assert_eq!((seen, begins), (expected, [1, 2].into()));
    assert!(calls < 200, "{calls} calls");
}

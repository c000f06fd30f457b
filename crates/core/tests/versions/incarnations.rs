//! Which life of which server answers.

use redfleet_core::test_util::{Server, servers};
use redfleet_core::{Error, Policy, connect};

use super::world::{fleet, node, ping, until};

#[tokio::test]
async fn a_server_tells_its_run_id_and_each_connection_its_number() {
    let (server, node) = node().await;
    assert_eq!(node.incarnation(), None, "nothing is connected before the first call");
    let first = node.identify().await.unwrap();
    assert_eq!(first.run_id().map(str::len), Some(40));
    server.proxy().disconnect();
    until("it is noticed", || async { node.incarnation() != Some(first.clone()) }).await;
    let second = node.identify().await.unwrap();
    assert!(first.is_same_server(&second));
    assert_ne!(first, second, "through another connection");
}

#[tokio::test]
async fn a_server_that_restarts_is_another_incarnation() {
    let server = Server::start().await;
    let node = connect(&server.url()).unwrap();
    let before = node.identify().await.unwrap();
    server.kill().await;
    server.restart_wiped().await;
    let after = node.identify().await.unwrap();
    assert!(!before.is_same_server(&after));
}

#[tokio::test]
async fn the_same_server_under_two_names_counts_once() {
    let mut trio = servers(2).await;
    // Another proxy in front of the first server: another name for it.
    trio.push(servers(1).await.remove(0));
    let fleet = fleet(&trio);
    let outcome = fleet.run(Policy::All, ping).await;
    let twins: Vec<_> = outcome.errors().filter(|(_, e)| matches!(e, Error::Duplicate { .. })).collect();
    assert_eq!(twins.len(), 1, "{outcome}");
    assert_eq!(outcome.acks().count(), 2);
    assert!(!fleet.run(Policy::Quorum(3), ping).await.is_reached());
}

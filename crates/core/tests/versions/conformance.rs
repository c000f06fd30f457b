//! The conformance suite on real servers: every way to reach one, and every layer around it.

use std::sync::Arc;
use std::time::Duration;

use futures::future::join_all;
use redfleet_core::test_util::conformance::{self, Ability, Subject};
use redfleet_core::test_util::{ClusterSet, Proxy, SentinelSet, Server, ServerOptions, servers};
use redfleet_core::{Backend, Breaker, Error, Faults, Fleet, Layer, Limit, Node, Policy, Trace, connect};
use redis::cmd;

use super::world::{key, node};

/// How long what must happen may take, on a busy machine.
const PATIENCE: Duration = Duration::from_secs(60);

/// A backend that is reached through these proxies, with keys of its own.
fn subject(backend: Arc<dyn Backend>, proxies: Vec<Proxy>) -> Subject {
    Subject::new(backend, key("contract")).broken_by(proxies).limit(PATIENCE)
}

pub(super) async fn passes(subject: Subject) {
    let report = conformance::all(&subject).await;
    assert!(report.is_conformant(), "{report}");
}

#[tokio::test]
async fn a_server_keeps_the_contract() {
    let (server, node) = node().await;
    passes(subject(node, vec![server.proxy().clone()])).await;
}

#[tokio::test]
async fn a_server_spoken_to_in_resp2_says_that_nobody_can_listen() {
    let (server, _) = node().await;
    let node = connect(&format!("{}?protocol=resp2", server.url())).unwrap();
    let listening = "RESP2 has no pushes";
    let subject = subject(node, vec![server.proxy().clone()])
        .without(Ability::Messages, listening)
        .without(Ability::Invalidations, listening);
    passes(subject).await;
}

#[tokio::test]
async fn a_server_behind_a_unix_socket_keeps_the_contract() {
    let server = ServerOptions::new().unix_socket().start().await;
    let subject = Subject::new(connect(&server.unix_url()).unwrap(), key("contract"));
    passes(subject.without(Ability::Disruption, "no proxy stands before a socket")).await;
}

#[tokio::test]
async fn a_primary_that_sentinels_watch_keeps_the_contract() {
    let set = SentinelSet::start(1).await;
    for sentinel in set.sentinels() {
        // The suite hangs the primary for longer than sentinels here put up with, and is not about fail-overs.
        let mut patient = cmd("SENTINEL");
        patient.arg("SET").arg(set.service()).arg("down-after-milliseconds").arg(120_000);
        sentinel.direct(&patient).await.unwrap();
        // What the suite loses is the backend's reply, and not one to a sentinel that asks at the same time.
        let quiet = [("PING-PERIOD", 60_000), ("INFO-PERIOD", 60_000), ("PUBLISH-PERIOD", 60_000)];
        sentinel.direct(cmd("SENTINEL").arg("DEBUG").arg(&quiet)).await.unwrap();
    }
    let primary = set.primary().await;
    // Nor what a replica is sent: the next bytes after a write are the replica's copy of it, and not the reply.
    for (_, replica) in set.servers().iter().enumerate().filter(|(index, _)| *index != primary) {
        replica.kill().await;
    }
    let primary = &set.servers()[primary];
    passes(subject(connect(&set.url()).unwrap(), vec![primary.proxy().clone()])).await;
}

#[tokio::test]
async fn a_cluster_keeps_the_contract() {
    let cluster = ClusterSet::start().await;
    let proxies = cluster.servers().iter().map(|server| server.proxy().clone()).collect();
    let subject = subject(connect(&cluster.url()).unwrap(), proxies);
    passes(subject.without(Ability::RunId, "it is no single server")).await;
}

#[tokio::test]
async fn every_layer_keeps_the_contract() {
    let layers: [&dyn Layer; 4] =
        [&Trace::new("n"), &Breaker::default(), &Limit::new(4).unwrap(), &Faults::seeded(1)];
    // Each behind a proxy of its own.
    join_all(layers.map(async |layer| {
        let (server, node) = node().await;
        passes(subject(layer.layer(node), vec![server.proxy().clone()])).await;
    }))
    .await;
}

#[tokio::test]
async fn a_node_of_a_fleet_keeps_the_contract_outside_of_operations_and_inside() {
    let server: Server = servers(1).await.remove(0);
    let fleet = Fleet::builder()
        .deadline(Duration::from_secs(300))
        .node("n0", connect(&server.url()).unwrap())
        .build()
        .unwrap();
    let proxies = vec![server.proxy().clone()];
    passes(subject(fleet.nodes()[0].handle().backend().clone(), proxies.clone())).await;
    let operation = move |node: Node| {
        let subject = subject(node.handle().backend().clone(), proxies.clone());
        async move { Ok::<_, Error>(conformance::all(&subject).await) }
    };
    let outcome = fleet.run(Policy::All, operation).await;
    let (_, report) = outcome.acks().next().expect("the operation ends");
    assert!(report.is_conformant(), "{report}");
}

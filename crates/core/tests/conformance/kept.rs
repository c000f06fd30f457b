//! Backends and layers that keep the contract, on a server in memory.

use std::sync::Arc;
use std::time::Duration;

use redfleet_core::test_util::conformance::{self, Report, Subject};
use redfleet_core::{Backend, Breaker, Faults, Fleet, Layer, Limit, Policy, Trace};

use super::memory::Memory;

/// Time is paused, so an hour of patience costs nothing.
const HOUR: Duration = Duration::from_secs(3600);

async fn all(server: &Memory, backend: Arc<dyn Backend>) -> Report {
    conformance::all(&Subject::new(backend, "t").broken_by(server.clone()).patience(HOUR)).await
}

fn passes(report: &Report) {
    assert!(report.is_conformant(), "{report}");
    assert_eq!(report.entries().len(), conformance::CLAUSES.len());
}

#[tokio::test(start_paused = true)]
async fn the_backend_of_one_server_keeps_every_clause() {
    let server = Memory::new();
    passes(&all(&server, server.backend()).await);
}

#[tokio::test(start_paused = true)]
async fn every_layer_keeps_what_it_stands_around() {
    let layers: [&dyn Layer; 4] =
        [&Trace::new("n"), &Breaker::default(), &Limit::new(4).unwrap(), &Faults::seeded(1)];
    for layer in layers {
        let server = Memory::new();
        passes(&all(&server, layer.layer(server.backend())).await);
    }
}

#[tokio::test(start_paused = true)]
async fn a_node_of_a_fleet_is_a_backend_too_outside_of_operations_and_inside() {
    let server = Memory::new();
    let fleet = Fleet::builder().deadline(100 * HOUR).node("n0", server.backend()).build().unwrap();
    passes(&all(&server, fleet.nodes()[0].handle().backend().clone()).await);
    let operation = move |node: redfleet_core::Node| {
        let server = server.clone();
        async move { Ok::<_, redfleet_core::Error>(all(&server, node.handle().backend().clone()).await) }
    };
    let outcome = fleet.run(Policy::All, operation).await;
    let (_, report) = outcome.acks().next().unwrap();
    passes(report);
}

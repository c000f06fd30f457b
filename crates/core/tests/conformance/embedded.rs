//! The embedded node keeps the contract: called in the process, and spoken to through its door.

use std::time::Duration;

use redfleet_core::test_util::Proxy;
use redfleet_core::test_util::conformance::{self, Ability, Subject};
use redfleet_core::{Embedded, connect};

/// How long what must happen may take, on a busy machine.
const PATIENCE: Duration = Duration::from_secs(60);

async fn passes(subject: Subject) {
    let report = conformance::all(&subject).await;
    assert!(report.is_conformant(), "{report}");
}

#[tokio::test(start_paused = true)]
async fn a_node_in_this_process_keeps_every_clause_that_needs_no_network() {
    let node = Embedded::builder().seed(1).build();
    let subject = Subject::new(node.shared(), "t").without(Ability::Disruption, "nothing lies in between");
    passes(subject.patience(Duration::from_secs(3600))).await;
}

#[tokio::test]
async fn a_node_behind_its_door_is_a_server_like_any_other() {
    let node = Embedded::builder().seed(2).build();
    let door = node.listen(0).unwrap();
    let proxy = Proxy::start(door.address()).unwrap();
    let backend = connect(&format!("redis://{}", proxy.addr())).unwrap();
    passes(Subject::new(backend, "t").broken_by(proxy).limit(PATIENCE)).await;
}

#[tokio::test]
async fn a_node_behind_its_door_speaks_resp2_too() {
    let node = Embedded::builder().seed(3).build();
    let door = node.listen(0).unwrap();
    let proxy = Proxy::start(door.address()).unwrap();
    let backend = connect(&format!("redis://{}?protocol=resp2", proxy.addr())).unwrap();
    let listening = "RESP2 has no pushes";
    let subject = Subject::new(backend, "t").broken_by(proxy).limit(PATIENCE);
    passes(subject.without(Ability::Messages, listening).without(Ability::Invalidations, listening)).await;
}

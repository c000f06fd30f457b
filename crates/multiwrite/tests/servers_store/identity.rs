//! Remotes that are the same server as local, or as each other, under another name.

use redfleet_core::connect;
use redfleet_core::test_util::servers;
use redfleet_multiwrite::{MultiWrite, Outcome};

use super::world::{LONG, ask, node, quick, until, words};

#[tokio::test]
async fn a_remote_that_is_the_same_server_under_another_address_is_halted_and_told() {
    let trio = servers(2).await;
    let (local, other) = (&trio[0], &trio[1]);
    let store = MultiWrite::builder(node(local))
        .only("same:")
        .remote_with("mirror", connect(&local.direct_url()).unwrap(), quick())
        .remote_with("right", node(other), quick())
        .build()
        .unwrap();
    let written = store.everywhere().send(&words("INCR same:n")).await.unwrap();
    until("it is halted", || store.health().iter().any(|remote| remote.halted.is_some())).await;
    let health = store.health();
    let told = health.first().and_then(|remote| remote.halted.clone()).unwrap().to_string();
    assert!(told.contains("the same server as local"), "{told}");
    assert!(health.iter().skip(1).all(|remote| remote.halted.is_none()));
    let outcomes = written.receipt.outcomes();
    assert!(
        outcomes.iter().any(|(name, told)| &**name == "mirror" && matches!(told, Outcome::Failed(_))),
        "{outcomes:?}"
    );
    until("the other has it", || store.health().iter().skip(1).all(|remote| remote.acked == 1)).await;
    assert_eq!(ask::<i64>(local, "GET same:n").await, 1);
    assert_eq!(ask::<i64>(other, "GET same:n").await, 1);
    store.remove_remote("mirror").unwrap();
    store.shutdown(LONG).await.unwrap();
}

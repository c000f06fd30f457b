//! Remotes whose user may not do everything: it is told what to permit, and nothing is lost meanwhile.

use redfleet_core::connect;
use redfleet_core::test_util::{ServerOptions, servers};
use redfleet_multiwrite::{Guarantee, MultiWrite};

use super::world::{ask, flush, held, node, quick, until, write};

#[tokio::test]
async fn a_user_without_scripts_halts_the_remote_with_what_to_do_and_at_least_once_needs_none() {
    let local = servers(1).await.remove(0);
    let remote = ServerOptions::new().user("plain on >pw ~* +@all -eval -evalsha").start().await;
    let backend = || connect(&remote.url_as("plain", "pw")).unwrap();
    let store =
        MultiWrite::builder(node(&local)).only("acl:").remote_with("r", backend(), quick()).build().unwrap();
    write(&store, "SET acl:a 1").await;
    until("it is halted", || store.health().iter().all(|remote| remote.halted.is_some())).await;
    let told = store.health().remove(0).halted.unwrap().to_string();
    assert!(told.contains("EVALSHA") && told.contains("Guarantee::AtLeastOnce"), "{told}");
    write(&store, "SET acl:b 2").await;
    store.remove_remote("r").unwrap();
    store.add_remote("r", backend(), quick().guarantee(Guarantee::AtLeastOnce)).unwrap();
    write(&store, "INCR acl:n").await;
    flush(&store).await;
    assert_eq!(held(&local, "acl:").await, held(&remote, "acl:").await);
}

#[tokio::test]
async fn a_halted_remote_that_is_resumed_when_it_may_has_everything_copied() {
    let local = servers(1).await.remove(0);
    let remote = ServerOptions::new().user("plain on >pw ~* +@all -eval -evalsha").start().await;
    let backend = connect(&remote.url_as("plain", "pw")).unwrap();
    let store =
        MultiWrite::builder(node(&local)).only("res:").remote_with("r", backend, quick()).build().unwrap();
    write(&store, "RPUSH res:l 1").await;
    until("it is halted", || store.health().iter().all(|remote| remote.halted.is_some())).await;
    write(&store, "RPUSH res:l 2").await;
    let _: () = ask(&remote, "ACL SETUSER plain +eval +evalsha").await;
    store.resume("r").unwrap();
    flush(&store).await;
    assert_eq!(held(&remote, "res:").await, ["res:l list -1 1 2"]);
}

#[tokio::test]
async fn a_user_who_may_not_copy_is_told_and_served_when_he_may() {
    let local = servers(1).await.remove(0);
    let remote = ServerOptions::new().user("plain on >pw ~* +@all -restore").start().await;
    let backend = connect(&remote.url_as("plain", "pw")).unwrap();
    let store =
        MultiWrite::builder(node(&local)).only("cp:").remote_with("r", backend, quick()).build().unwrap();
    write(&store, "EVAL redis.call('RPUSH',KEYS[1],1) 1 cp:l").await;
    // The first that is told may be that a busy server was late.
    until("it is told", || {
        let told = store.health().remove(0).last_error.map(|error| error.to_string()).unwrap_or_default();
        told.contains("NOPERM") || told.contains("ACL")
    })
    .await;
    let _: () = ask(&remote, "ACL SETUSER plain +restore").await;
    flush(&store).await;
    assert_eq!(held(&remote, "cp:").await, ["cp:l list -1 1"]);
}

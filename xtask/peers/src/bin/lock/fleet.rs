//! Locks of ours on some of the servers that were started.

use redfleet_core::Fleet;
use redfleet_core::test_util::Server;
use redfleet_lock::Locks;
use redfleet_peers::raw;

/// A fleet of these servers, with connections of its own.
pub(crate) fn fleet(servers: &[&Server]) -> Fleet {
    let named = servers.iter().enumerate();
    let fleet = named.fold(Fleet::builder(), |fleet, (place, server)| {
        fleet.node(format!("n{place}"), redfleet_core::connect(&server.direct_url()).unwrap())
    });
    fleet.build().unwrap()
}

/// Locks with the settings that they have by themselves, in a namespace for each number of servers: those of a fleet of three do not
/// vote in one of five.
pub(crate) fn locks(fleet: &Fleet) -> Locks {
    Locks::builder(fleet.clone()).namespace(&format!("of-{}", fleet.len())).new_fleet().build().unwrap()
}

/// Empties the servers.
pub(crate) async fn clear(servers: &[Server]) {
    for mut connection in raw::connect_all(servers).await {
        redis::cmd("FLUSHALL").query_async::<()>(&mut connection).await.unwrap();
    }
}

/// Takes a free lock and gives it back.
pub(crate) async fn pair(locks: &Locks) {
    pair_of(locks, "invoice:7").await;
}

/// The same with a lock of this name, which decides which servers are asked first.
pub(crate) async fn pair_of(locks: &Locks, name: &str) {
    locks.lock(name).try_acquire().await.unwrap().release().await.unwrap();
}

//! Leaving the line of the servers.

use std::sync::Arc;

use redfleet_core::{Node, ScriptCall};

use crate::scripts;
use crate::servers::Servers;
use crate::site::Site;

/// The call by which a waiter leaves one server's line, if it still stands there with this ticket; the next one is woken if the lock
/// is free there.
pub(crate) fn call(servers: &Servers, site: &Site, waiter: &str, ticket: u64) -> ScriptCall {
    let call = scripts::LEAVE.key(&[&site.owner, &site.reservation, &site.line]);
    let call = call.key(site.readers.as_deref()).arg(waiter);
    let reservation = servers.round_trip().reservation();
    call.arg(servers.channels()).arg(&site.message).arg(reservation.as_millis()).arg(ticket)
}

/// Leaves the lines of all servers. One that does not hear of it wakes this process in vain, and is told then.
pub(super) async fn everywhere(servers: Arc<Servers>, site: Arc<Site>, waiter: Arc<str>, ticket: u64) {
    let call = call(&servers, &site, &waiter, ticket);
    let operation = move |node: Node| {
        let call = call.clone();
        async move { call.run::<String>(&*node).await }
    };
    servers.run(servers.round_trip().deadline(), operation).await.settle().await;
}

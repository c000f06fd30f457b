//! What is answered to a wake that nobody waits for any more.

use std::sync::Arc;

use redfleet_core::{Node, Result};
use tokio::time::timeout;

use crate::hold::{Hold, State};
use crate::locks::Inner;
use crate::release::Release;
use crate::servers::Servers;
use crate::site::Site;
use crate::waiting::leave;

/// The lock is held here already, by the grants of other servers: this one was still waiting for the release of the holder before. It
/// is told who holds it now, so that it wakes the next one in turn when that is released, and nobody in vain until then. It counts for
/// nothing.
///
/// The hold may end meanwhile, and its release overtake this: then it is released here once more.
pub(super) async fn keep(inner: Arc<Inner>, node: Node, hold: Arc<Hold>) {
    let servers = &inner.servers;
    let now = servers.now();
    if let State::Held(until) = hold.state(now) {
        let left_ms = until.saturating_sub(now).as_millis();
        let (site, last) = (&hold.site, hold.last_token());
        let life_ms = servers.token_life().as_millis();
        let restore = |mark: &str| {
            let call = servers.vote(site.kind.scripts().restore, mark).key(&site.owner).key(&site.token);
            let call = call.key(site.readers.as_deref());
            call.arg(hold.id.as_str()).arg(left_ms).arg(last).arg(life_ms)
        };
        // From here on it may be there, so that a release tells it too.
        if left_ms > 0 && hold.gate.ask(node.index()) {
            in_time(servers, &node, servers.ask(&node, restore)).await;
        }
    }
    // An id that is not held any more never is again, by whoever it was handed to.
    let held = inner.lines.hold(&hold.share.key).filter(|held| held.id == hold.id);
    if !held.is_some_and(|held| held.is_held(servers.now())) {
        let release = Release::on(servers, &hold.site, &hold.id, |server| server == node.index());
        drop(release.run().await);
    }
}

/// Nobody here wants it: the next one is woken.
pub(super) async fn pass_on(servers: Arc<Servers>, node: Node, site: Site, waiter: Arc<str>) {
    let call = leave::call(&servers, &site, &waiter, 0);
    in_time(&servers, &node, call.run::<String>(&*node)).await;
}

/// Waits for an answer that nobody needs, so that no more is sent than answered, and no longer than for any other.
async fn in_time<T>(servers: &Servers, node: &Node, answer: impl Future<Output = Result<T>>) {
    let deadline = servers.round_trip().deadline();
    if timeout(deadline, answer).await.is_err() {
        node.overdue(deadline);
    }
}

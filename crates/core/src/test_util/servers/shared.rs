//! Servers that all tests of a binary share.

use futures::future::join_all;
use tokio::sync::OnceCell;

use super::options::ServerOptions;
use super::server::Server;

const MAX: usize = 5;

static SHARED: [OnceCell<Server>; MAX] = [const { OnceCell::const_new() }; MAX];

/// The first `count` servers that all tests of this binary share, started when first asked for.
///
/// Each caller gets proxies of its own in front of them, so faults of the network are nobody else's; and each
/// uses its own key prefix, as the data is everybody's. They cannot be paused, killed or restarted: for that
/// there is [`Server::start`].
///
/// # Panics
///
/// If more than 5 are asked for.
pub async fn servers(count: usize) -> Vec<Server> {
    assert!(count <= MAX, "{count} shared servers are too many: there are {MAX}");
    let started = SHARED.iter().take(count).map(|cell| cell.get_or_init(|| ServerOptions::new().start()));
    join_all(started).await.into_iter().map(Server::share).collect()
}

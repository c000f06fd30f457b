//! Takes connections, and no more than there may be.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinSet;

use super::connection::Connection;
use super::limits::Limits;
use crate::embedded::node::Node;
use crate::embedded::server::Listening;

const TOO_MANY: &[u8] = b"-ERR max number of clients reached\r\n";

/// Out of file descriptors, most likely: they come back, and spinning would not help.
const PAUSE: Duration = Duration::from_millis(10);

/// Takes connections for ever. When this is dropped, all of them end.
pub(super) async fn admit(node: Arc<Node>, listener: TcpListener, address: SocketAddr, limits: Limits) {
    let _open = Open::begin(&node, address, limits);
    let mut connections = JoinSet::new();
    loop {
        let accepted = tokio::select! {
            biased;
            Some(_ended) = connections.join_next() => continue,
            accepted = listener.accept() => accepted,
        };
        match accepted {
            Err(_) => tokio::time::sleep(PAUSE).await,
            Ok((stream, _)) if connections.len() >= limits.connections_max => refuse(&node, &stream),
            Ok((stream, peer)) => {
                let connection = Connection::open(Arc::clone(&node), peer, address, limits);
                connections.spawn(connection.serve(stream));
            }
        }
    }
}

/// Says why, as far as that goes without waiting, and hangs up.
fn refuse(node: &Node, stream: &TcpStream) {
    stream.try_write(TOO_MANY).ok();
    node.with(|state| state.data.server.rejected += 1);
}

/// What INFO tells of the door, as long as it is open.
struct Open {
    node: Arc<Node>,
    door: Listening,
}

impl Open {
    fn begin(node: &Arc<Node>, address: SocketAddr, limits: Limits) -> Self {
        let door = Listening { port: address.port(), clients_max: limits.connections_max };
        node.with(|state| state.data.server.listening.push(door));
        Self { node: Arc::clone(node), door }
    }
}

impl Drop for Open {
    fn drop(&mut self) {
        self.node.with(|state| {
            let doors = &mut state.data.server.listening;
            if let Some(place) = doors.iter().position(|door| *door == self.door) {
                doors.remove(place);
            }
        });
    }
}

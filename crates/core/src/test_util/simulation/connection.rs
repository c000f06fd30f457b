//! One connection: what is on its way in either direction, and what both ends know of it.

use std::collections::VecDeque;
use std::sync::Arc;

use redis::{Cmd, Value};
use tokio::sync::{broadcast, oneshot};
use tokio::task::AbortHandle;

use crate::error::Result;
use crate::{Backend, Batch, Incarnation, Message, Topic};

/// Which connection of a world it is.
pub(super) type Id = u64;

/// What a client asks for.
pub(super) enum Payload {
    Call(Cmd),
    Batch(Batch),
    Listen(Topic),
    /// End these connections, which are lost.
    Fence(Vec<Id>),
}

/// What a node answers.
pub(super) enum Answer {
    Call(Result<Value>),
    Batch(Result<Vec<Result<Value>>>),
    Listen(Result<()>),
}

/// On its way to the node.
pub(super) enum ToNode {
    /// A new connection, with the topics that were listened to on the one before.
    Hello(Vec<Topic>),
    Request(u64, Payload),
    /// The client has closed it.
    End,
}

/// On its way to the client.
pub(super) enum ToClient {
    Welcome(Incarnation),
    /// There is nobody.
    Refused,
    Reply(u64, Answer),
    Message(Message),
    /// The node has closed it, or it broke.
    End,
}

/// How far the client's end has come.
pub(super) enum Phase {
    /// These wait for it to be made.
    Connecting(Vec<oneshot::Sender<Result<Id>>>),
    Up,
    Closed,
}

/// One connection.
///
/// What is on its way stands in a queue, so it cannot overtake. How long the way takes is a matter of the events in
/// the network's own queue, each of which lets one more of them through.
pub(super) struct Connection {
    /// The link's place among all.
    pub(super) path: usize,
    /// Which of all connections of this link it is, from 1.
    pub(super) number: u64,
    pub(super) is_session: bool,
    pub(super) phase: Phase,
    pub(super) incarnation: Option<Incarnation>,

    pub(super) to_node: VecDeque<ToNode>,
    pub(super) to_client: VecDeque<ToClient>,
    /// How many would be there already, were it not for a cut.
    pub(super) held_to_node: usize,
    pub(super) held_to_client: usize,

    /// The node's end.
    pub(super) server: Option<Arc<dyn Backend>>,
    /// Whether the node is at work on a request that takes time.
    pub(super) is_busy: bool,
    /// How many requests came in meanwhile.
    pub(super) behind: usize,
    /// What the node listens to for this connection.
    pub(super) listened: Vec<Topic>,
    /// What the node does for this connection in the background.
    pub(super) tasks: Vec<AbortHandle>,

    /// The client's requests that have no reply yet, in order.
    pub(super) waiting: VecDeque<(u64, oneshot::Sender<Answer>)>,
    pub(super) requests: u64,
    /// Who listens to what the node says unasked, on a session.
    pub(super) said: Option<broadcast::Sender<Message>>,
}

impl Connection {
    pub(super) fn new(path: usize, number: u64, is_session: bool, topics: Vec<Topic>) -> Self {
        Self {
            path,
            number,
            is_session,
            phase: Phase::Connecting(Vec::new()),
            incarnation: None,
            to_node: VecDeque::from([ToNode::Hello(topics)]),
            to_client: VecDeque::new(),
            held_to_node: 0,
            held_to_client: 0,
            server: None,
            is_busy: false,
            behind: 0,
            listened: Vec::new(),
            tasks: Vec::new(),
            waiting: VecDeque::new(),
            requests: 0,
            said: None,
        }
    }

    /// The node is done with it: what comes in is not looked at any more, but for somebody who knocks.
    pub(super) fn end_at_node(&mut self) {
        if let Some(server) = self.server.take() {
            // What is still at work on it holds it too, and must not be served any more.
            server.disconnect();
        }
        self.is_busy = false;
        self.behind = 0;
        self.listened.clear();
        self.to_node.retain(|item| matches!(item, ToNode::Hello(_)));
        for task in self.tasks.drain(..) {
            task.abort();
        }
    }

    /// Whether nobody knows it any more.
    pub(super) fn is_over(&self) -> bool {
        matches!(self.phase, Phase::Closed)
            && self.server.is_none()
            && !self.is_busy
            && self.to_node.is_empty()
    }
}

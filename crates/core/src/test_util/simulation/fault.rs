//! What can go wrong in a world.

use std::fmt;
use std::time::Duration;

use crate::Kept;

/// One of the clients or nodes, or all of them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(clippy::exhaustive_enums, reason = "there is no third choice, and a test writes both")]
pub enum Which {
    /// All.
    Every,
    /// The one with this place, from 0.
    One(usize),
}

impl Which {
    /// Whether the one with this place is meant.
    #[must_use]
    pub fn includes(self, place: usize) -> bool {
        match self {
            Self::Every => true,
            Self::One(one) => one == place,
        }
    }

    pub(super) const fn place(self) -> Option<usize> {
        match self {
            Self::Every => None,
            Self::One(place) => Some(place),
        }
    }
}

/// In which directions nothing gets through.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(clippy::exhaustive_enums, reason = "there is no fourth way, and a test writes all")]
pub enum Way {
    /// Neither requests nor replies.
    Both,
    /// Requests do not, replies do. A node that hangs is one whose requests do not get through to it, from all clients.
    Requests,
    /// Replies do not, requests do: what is asked for happens, and nobody hears of it.
    Replies,
}

/// Whose clock.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(clippy::exhaustive_enums, reason = "clients and nodes are all that there is")]
pub enum Whose {
    /// That of the client with this place.
    Client(usize),
    /// That of the node with this place.
    Node(usize),
}

/// One thing that goes wrong.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub enum Fault {
    /// What is sent on these links is held up until the cut ends, and new connections are not made. What was held up on
    /// a connection that was given up meanwhile arrives later, or never.
    Cut {
        /// Whose links.
        client: Which,
        /// To which nodes.
        node: Which,
        /// In which directions.
        way: Way,
    },
    /// A share of the requests or of the replies, from 0 to 1, does not get through and breaks its connection.
    Lose {
        /// Whose links.
        client: Which,
        /// To which nodes.
        node: Which,
        /// The share of requests.
        requests: f64,
        /// The share of replies: by then the node has done its work.
        replies: f64,
    },
    /// Requests take up to this much longer.
    Slow {
        /// Whose links.
        client: Which,
        /// To which nodes: for a slow node, those of every client.
        node: Which,
        /// How much longer at most; at least half of it.
        by: Duration,
    },
    /// The node's process ends at the fault's beginning and is back at its end. Its connections break, and new ones are
    /// refused meanwhile.
    Restart {
        /// Which node.
        node: usize,
        /// What it has of its data afterwards.
        kept: Kept,
    },
    /// A clock's time of day is off by this much.
    ClockOffset {
        /// Whose clock.
        whose: Whose,
        /// By how much.
        offset_ms: i64,
    },
    /// A clock gains this many microseconds a second, or loses them.
    ClockDrift {
        /// Whose clock.
        whose: Whose,
        /// How many.
        drift_ppm: i32,
    },
    /// A clock jumps by this much, once.
    ClockJump {
        /// Whose clock.
        whose: Whose,
        /// By how much.
        by_ms: i64,
    },
}

impl Fault {
    /// No link between any client and this node works.
    #[must_use]
    pub const fn isolate(node: usize) -> Self {
        Self::Cut { client: Which::Every, node: Which::One(node), way: Way::Both }
    }

    /// No request reaches the node until this ends, and no new connection is made: so it looks to its clients when its
    /// process is stopped. Replies that are on their way arrive. What was held up is carried out afterwards; on a
    /// connection that was given up meanwhile it is so later, or never.
    #[must_use]
    pub const fn hang(node: usize) -> Self {
        Self::Cut { client: Which::Every, node: Which::One(node), way: Way::Requests }
    }

    /// Whether it concerns a clock and nothing else.
    pub(super) const fn is_of_clock(&self) -> bool {
        match self {
            Self::ClockOffset { .. } | Self::ClockDrift { .. } | Self::ClockJump { .. } => true,
            Self::Cut { .. } | Self::Lose { .. } | Self::Slow { .. } | Self::Restart { .. } => false,
        }
    }

    /// # Panics
    ///
    /// If it is about a client or a node that is not there, so that it would do nothing.
    pub(super) fn expect_places(&self, clients: usize, nodes: usize) {
        let (client, node) = self.places();
        let is_there = client.is_none_or(|client| client < clients) && node.is_none_or(|node| node < nodes);
        assert!(is_there, "`{self}` is about nobody: there are {clients} clients and {nodes} nodes, from 0");
    }

    /// The places of a client and of a node in it.
    const fn places(&self) -> (Option<usize>, Option<usize>) {
        match self {
            Self::Cut { client, node, .. }
            | Self::Lose { client, node, .. }
            | Self::Slow { client, node, .. } => (client.place(), node.place()),
            Self::Restart { node, .. } => (None, Some(*node)),
            Self::ClockOffset { whose, .. }
            | Self::ClockDrift { whose, .. }
            | Self::ClockJump { whose, .. } => match whose {
                Whose::Client(client) => (Some(*client), None),
                Whose::Node(node) => (None, Some(*node)),
            },
        }
    }
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Cut { client, node, way } => {
                let what = match way {
                    Way::Both => "cut",
                    Way::Requests => "cut the requests of",
                    Way::Replies => "cut the replies of",
                };
                write!(f, "{what} {}", Links(*client, *node))
            }
            Self::Lose { client, node, requests, replies } => {
                let (requests, replies) = (requests * 100.0, replies * 100.0);
                let links = Links(*client, *node);
                write!(f, "lose {requests:.0} % of the requests and {replies:.0} % of the replies of {links}")
            }
            Self::Slow { client, node, by } => {
                write!(f, "slow {} by up to {} ms", Links(*client, *node), by.as_millis())
            }
            Self::Restart { node, kept } => {
                let left = match kept {
                    Kept::All => "with all its data",
                    Kept::Synced => "without the last second",
                    Kept::Nothing => "without its data",
                };
                write!(f, "restart n{node} {left}")
            }
            Self::ClockOffset { whose, offset_ms } => {
                write!(f, "set the clock of {whose} off by {offset_ms} ms")
            }
            Self::ClockDrift { whose, drift_ppm } => {
                write!(f, "let the clock of {whose} drift by {drift_ppm} ppm")
            }
            Self::ClockJump { whose, by_ms } => write!(f, "let the clock of {whose} jump by {by_ms} ms"),
        }
    }
}

impl fmt::Display for Whose {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Client(client) => write!(f, "c{client}"),
            Self::Node(node) => write!(f, "n{node}"),
        }
    }
}

/// `c0-n2`, with `*` for all.
struct Links(Which, Which);

impl fmt::Display for Links {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let place = |which: Which| which.place().map_or_else(|| "*".to_owned(), |place| place.to_string());
        write!(f, "c{}-n{}", place(self.0), place(self.1))
    }
}

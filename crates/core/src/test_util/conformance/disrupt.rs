//! How the suite breaks the way between a backend and its server.

use std::fmt::Debug;

use async_trait::async_trait;

use crate::test_util::{Fault, Proxy};

/// What lies between a backend and its server, and can be broken on demand: a proxy, a simulated network, a test's own
/// transport.
///
/// Everything holds at once, also for connections that are open, and until [`heal`](Self::heal). Several of
/// them are one: a cluster's proxies, in a `Vec`.
#[async_trait]
pub trait Disrupt: Debug + Send + Sync + 'static {
    /// From now on nothing is answered. Connections stay, and new ones may be taken.
    async fn hang(&self);

    /// What is sent from now on, on connections that are open now, arrives when all is well again and not before, also
    /// where its sender has closed the connection meanwhile. New connections are not concerned.
    async fn strand(&self);

    /// Ends every connection, and has new ones refused.
    async fn cut(&self);

    /// The next request is carried out; its reply is lost, and its connection ends.
    async fn lose_next_reply(&self);

    /// All is well again. What was held up by a hang may come through, or be lost with its connection.
    async fn heal(&self);
}

#[async_trait]
impl Disrupt for Proxy {
    async fn hang(&self) {
        self.set(Fault::Hang);
    }

    async fn strand(&self) {
        Self::strand(self);
    }

    async fn cut(&self) {
        Self::cut(self);
    }

    async fn lose_next_reply(&self) {
        self.lose_next_replies(1);
    }

    async fn heal(&self) {
        Self::heal(self);
    }
}

#[async_trait]
impl<D: Disrupt> Disrupt for Vec<D> {
    async fn hang(&self) {
        for one in self {
            one.hang().await;
        }
    }

    async fn strand(&self) {
        for one in self {
            one.strand().await;
        }
    }

    async fn cut(&self) {
        for one in self {
            one.cut().await;
        }
    }

    async fn lose_next_reply(&self) {
        for one in self {
            one.lose_next_reply().await;
        }
    }

    async fn heal(&self) {
        for one in self {
            one.heal().await;
        }
    }
}

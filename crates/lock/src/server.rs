//! One server as locks see it: whether its present life is enlisted, under which mark, and whether it votes.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use redfleet_core::{Error, Incarnation};
use tokio::sync::{Mutex as AsyncMutex, MutexGuard};

use redfleet_core::lock;

/// What is known of one server.
#[derive(Debug, Default)]
pub(crate) struct Server {
    known: Mutex<Known>,
    /// Held by who enlists it: the others wait for him.
    turn: AsyncMutex<()>,
}

#[derive(Clone, Debug, Default)]
struct Known {
    enlisted: Option<(Incarnation, Arc<str>)>,
    standing: Standing,
    /// Whether it has voted since it was enlisted, or last did not: a first answer may take two round trips, as scripts are loaded.
    is_warm: bool,
    jumped_at: Option<Duration>,
}

/// How a server stands, by what it said last.
#[derive(Clone, Debug, Default)]
pub(crate) enum Standing {
    /// It has said nothing yet.
    #[default]
    Unknown,
    /// It votes.
    Voting,
    /// It does not vote until then, by our clock.
    Quarantined(Duration),
    /// It belongs to another fleet, by this mark.
    Mixed(Arc<str>),
    /// It is the same server as this node.
    Twin(Arc<str>),
    /// It cannot vote.
    Unfit(Arc<Error>),
}

/// What an enlisted server is asked with.
#[derive(Clone, Debug)]
pub(crate) struct Enlisted {
    pub(crate) by: Incarnation,
    pub(crate) mark: Arc<str>,
    /// Whether its answers tell how long a round trip takes.
    pub(crate) is_warm: bool,
}

impl Server {
    /// The mark under which this connection was enlisted, if it was.
    pub(crate) fn enlisted(&self, now: Option<Incarnation>) -> Option<Enlisted> {
        let known = lock(&self.known);
        let (incarnation, mark) = known.enlisted.as_ref()?;
        let by = now.filter(|now| incarnation == now)?;
        Some(Enlisted { by, mark: Arc::clone(mark), is_warm: known.is_warm })
    }

    /// Waits until nobody else enlists it.
    pub(crate) async fn turn(&self) -> MutexGuard<'_, ()> {
        self.turn.lock().await
    }

    pub(crate) fn set_enlisted(&self, incarnation: Incarnation, mark: Arc<str>) {
        let mut known = lock(&self.known);
        known.enlisted = Some((incarnation, mark));
        known.is_warm = false;
    }

    /// The server does not know this mark: it has to be enlisted again, unless somebody did meanwhile.
    pub(crate) fn forget(&self, mark: &Arc<str>) {
        let mut known = lock(&self.known);
        known.enlisted.take_if(|(_, known)| Arc::ptr_eq(known, mark));
    }

    /// It answered a script that votes: how long it takes from now on is a round trip.
    pub(crate) fn warm(&self) {
        let mut known = lock(&self.known);
        known.is_warm = true;
        known.standing = Standing::Voting;
    }

    /// It stands so now. Whether it stood otherwise before, so that somebody should be told.
    pub(crate) fn stand(&self, standing: Standing) -> bool {
        let mut known = lock(&self.known);
        let is_news = std::mem::discriminant(&known.standing) != std::mem::discriminant(&standing);
        known.is_warm &= matches!(standing, Standing::Voting);
        known.standing = standing;
        is_news
    }

    pub(crate) fn jumped(&self, at: Duration) {
        lock(&self.known).jumped_at = Some(at);
    }

    /// How it stands, and when its clock was last seen to be set forward.
    pub(crate) fn standing(&self) -> (Standing, Option<Duration>) {
        let known = lock(&self.known);
        (known.standing.clone(), known.jumped_at)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn life(run_id: &str, link: u64) -> Incarnation {
        Incarnation::new(Some(run_id.into()), link)
    }

    #[test]
    fn a_mark_holds_for_one_connection_and_is_forgotten_by_those_alone_who_were_told_so() {
        let server = Server::default();
        let mark: Arc<str> = "x 3 60000".into();
        server.set_enlisted(life("x", 1), Arc::clone(&mark));
        let enlisted = server.enlisted(Some(life("x", 1))).unwrap();
        assert!(!enlisted.is_warm);
        server.warm();
        assert!(server.enlisted(Some(life("x", 1))).unwrap().is_warm);
        for other in [Some(life("x", 2)), Some(life("y", 1)), None] {
            assert!(server.enlisted(other).is_none());
        }
        // Another caller has enlisted it anew, under a mark of the same text.
        server.set_enlisted(life("x", 1), "x 3 60000".into());
        server.forget(&mark);
        let again = server.enlisted(Some(life("x", 1))).unwrap();
        server.forget(&again.mark);
        assert!(server.enlisted(Some(life("x", 1))).is_none());
    }

    #[test]
    fn news_is_what_changes_how_a_server_stands() {
        let server = Server::default();
        assert!(server.stand(Standing::Quarantined(Duration::from_secs(60))));
        assert!(!server.stand(Standing::Quarantined(Duration::from_secs(59))));
        assert!(server.stand(Standing::Voting));
        assert!(!server.stand(Standing::Voting));
        assert!(server.stand(Standing::Quarantined(Duration::from_secs(60))));
    }
}

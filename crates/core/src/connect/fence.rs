//! Connections that were lost with something unanswered on them, and how the server is kept from doing it late.
//!
//! What was sent on a connection may still be on its way when the connection is lost for us: in a socket's buffer, in a
//! proxy, in a server that hangs. The server knows each connection by a number, and once it has ended that one, nothing
//! that comes in on it is carried out. So each connection learns its number when it is made, and one that is lost is
//! noted here until the server has been told to end it.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, MutexGuard};

use super::link::Link;
use crate::backend::Batch;
use crate::error::{Error, Result, convert};
use crate::lock::lock;
use crate::mutant;

/// How many lost connections are known by their numbers at most.
const MAX_NOTED: usize = 64;
/// How many there are before the next connection ends them, though nobody has asked for it.
const MANY: usize = 16;
/// Of how many lives of the server it is known that there is a lost connection which cannot be ended.
const MAX_NAMELESS: usize = 8;

/// One life of the server, and the number that a connection has in it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Peer {
    /// The server's run id, if it may be asked for: another life gives the same numbers to others.
    pub(super) run_id: Option<Arc<str>>,
    /// What CLIENT ID says, if it may be asked.
    pub(super) client_id: Option<i64>,
}

/// The connections of one server that were lost, sessions included.
#[derive(Debug, Default)]
pub(super) struct Lost {
    noted: Mutex<Noted>,
}

#[derive(Debug, Default)]
pub(super) struct Noted {
    /// Run ids and numbers, the oldest first.
    named: VecDeque<(Arc<str>, i64)>,
    /// The lives in which others were lost that have no number, or that were too many. None stands for any life.
    nameless: Vec<Option<Arc<str>>>,
}

impl Noted {
    pub(super) fn add(&mut self, peer: Peer) {
        let (Some(run_id), Some(client_id)) = (peer.run_id.clone(), peer.client_id) else {
            return self.add_nameless(peer.run_id);
        };
        self.named.push_back((run_id, client_id));
        if self.named.len() > MAX_NOTED
            && let Some((run_id, _)) = self.named.pop_front()
        {
            self.add_nameless(Some(run_id));
        }
    }

    /// The numbers of those that can be ended.
    #[cfg(test)]
    pub(super) fn ids(&self) -> Vec<i64> {
        self.named.iter().map(|(_, id)| *id).collect()
    }

    fn add_nameless(&mut self, run_id: Option<Arc<str>>) {
        if self.nameless.contains(&run_id) {
            return;
        }
        if self.nameless.len() == MAX_NAMELESS {
            self.nameless = vec![None];
        } else {
            self.nameless.push(run_id);
        }
    }

    /// Another life of the server takes nothing from its former ones.
    fn forget_other_lives(&mut self, present: &str) {
        self.named.retain(|(run_id, _)| **run_id == *present);
        self.nameless.retain(|run_id| run_id.as_ref().is_none_or(|run_id| **run_id == *present));
    }
}

impl Lost {
    pub(super) fn noted(&self) -> MutexGuard<'_, Noted> {
        lock(&self.noted)
    }

    /// Whether there is nothing to be ended.
    pub(super) fn is_empty(&self) -> bool {
        let noted = self.noted();
        noted.named.is_empty() && noted.nameless.is_empty()
    }

    /// Has the server at the other end of `link` end all that were lost before.
    ///
    /// # Cost
    ///
    /// One round trip for all of them.
    ///
    /// # Cancel safety
    ///
    /// Those stay noted of which the server has not said that they are gone.
    pub(super) async fn end_all(&self, link: &Link) -> Result<()> {
        let present = link.incarnation().run_id();
        let (named, has_nameless) = {
            let mut noted = self.noted();
            if let Some(present) = present {
                noted.forget_other_lives(present);
            }
            (noted.named.clone(), !noted.nameless.is_empty())
        };
        // Without a run id nobody knows whose number it is now.
        if present.is_none() && !named.is_empty() {
            return Err(not_permitted());
        }
        if !named.is_empty() && !mutant::is_on("fence_ends_nothing") {
            let kill = |(_, id): &(_, i64)| redis::cmd("CLIENT").arg("KILL").arg("ID").arg(*id).take();
            let replies = link.call_batch(&named.iter().map(kill).collect::<Batch>()).await;
            let gone: Vec<Result<i64>> = replies.into_iter().map(|reply| reply.and_then(convert)).collect();
            let mut noted = self.noted();
            let is_gone = |peer: &(Arc<str>, i64)| {
                named.iter().zip(&gone).any(|(named, gone)| named == peer && gone.is_ok())
            };
            noted.named.retain(|peer| !is_gone(peer));
            drop(noted);
            gone.into_iter().collect::<Result<Vec<i64>>>()?;
        }
        if has_nameless { Err(not_permitted()) } else { Ok(()) }
    }

    /// Keeps the list short where nobody ever asks for a fence: once there are many, they are ended by the next connection.
    /// Those that cannot be ended stay noted.
    pub(super) async fn thin_out(&self, link: &Link) {
        if let Some(present) = link.incarnation().run_id() {
            self.noted().forget_other_lives(present);
        }
        if self.noted().named.len() >= MANY {
            self.end_all(link).await.ok();
        }
    }
}

fn not_permitted() -> Error {
    let instead = "some lost connections cannot be told to the server: permit INFO, CLIENT ID and CLIENT KILL to its user";
    Error::unsupported("a fence", instead)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn peer(run_id: Option<&str>, client_id: Option<i64>) -> Peer {
        Peer { run_id: run_id.map(Into::into), client_id }
    }

    #[test]
    fn what_was_noted_in_another_life_is_forgotten() {
        let mut noted = Noted::default();
        for (run_id, id) in [
            (Some("a"), Some(1)),
            (Some("b"), Some(1)),
            (Some("a"), None),
            (Some("b"), None),
            (None, Some(3)),
        ] {
            noted.add(peer(run_id, id));
        }
        noted.forget_other_lives("b");
        assert_eq!(noted.named, [("b".into(), 1)]);
        assert_eq!(
            noted.nameless,
            [Some("b".into()), None],
            "of one without a run id nobody knows whose it is"
        );
    }

    #[test]
    fn the_list_is_bounded_and_says_so() {
        let mut noted = Noted::default();
        for id in 0..1_000 {
            noted.add(peer(Some("a"), Some(id)));
        }
        assert_eq!((noted.named.len(), noted.nameless.clone()), (MAX_NOTED, vec![Some("a".into())]));
        assert_eq!(noted.named.front(), Some(&("a".into(), 1_000 - 64)), "the latest are kept");
        for life in 0..100 {
            noted.add(peer(Some(&format!("life {life}")), None));
        }
        assert!(noted.nameless.len() <= MAX_NAMELESS && noted.nameless.contains(&None));
    }
}

//! Members that left the map while something was on its way to them: they are fenced off too.

use std::sync::{Arc, MutexGuard};

use futures::future::join_all;

use super::map::Map;
use super::member::Member;
use super::state::State;
use crate::error::{Effect, Error, Result};
use crate::lock::lock;

/// How many of them are kept at most.
const MAX_LEFT: usize = 64;

/// Who left, and must be fenced off.
#[derive(Debug, Default)]
pub(super) struct Left {
    members: Vec<Arc<Member>>,
    /// There were more than are kept: nothing is certain any more.
    has_overflown: bool,
}

impl Left {
    pub(super) fn members(&self) -> impl Iterator<Item = &Arc<Member>> {
        self.members.iter()
    }

    /// Takes in who was in the map `before` and is not in the `new` one, and leaves out who is in it again.
    pub(super) fn change(&mut self, before: Option<&Map>, new: &Map) {
        self.members.extend(before.iter().flat_map(|before| before.members()).cloned());
        self.members.retain(|member| {
            let is_in = new.members().any(|other| Arc::ptr_eq(other, member));
            !is_in && member.may_have_strays()
        });
        let over = self.members.len().saturating_sub(MAX_LEFT);
        self.has_overflown |= over > 0;
        self.members.drain(..over);
        // No connection is kept up for this alone.
        for member in self.members.iter().filter(|member| !member.is_in_flight()) {
            member.backend.disconnect();
        }
    }
}

impl State {
    pub(super) fn left(&self) -> MutexGuard<'_, Left> {
        lock(&self.left)
    }

    /// Fences off what any member may carry out late.
    pub(crate) async fn fence(&self) -> Result<()> {
        // Those that left are read before and after, so that one that comes or goes meanwhile is not missed.
        let mut gone = self.left().members.clone();
        let here = self.members();
        gone.extend(self.left().members.iter().cloned());
        let of_gone = join_all(gone.iter().map(async |member| match member.fence().await {
            // It listens no more, so it is no more; and if it comes back, it is as another.
            Err(error) if is_gone(&error) => {
                self.left().members.retain(|other| !Arc::ptr_eq(other, member));
                Ok(())
            }
            answer => answer,
        }));
        let of_here = join_all(here.iter().map(|member| member.fence()));
        let (of_gone, of_here) = futures::join!(of_gone, of_here);
        let mut left = self.left();
        left.members.retain(|member| member.may_have_strays());
        let has_overflown = left.has_overflown;
        drop(left);
        of_gone.into_iter().chain(of_here).collect::<Result<()>>()?;
        if has_overflown {
            let instead = "too many servers left the cluster with something in flight: make a new backend";
            return Err(Error::unsupported("a fence", instead));
        }
        Ok(())
    }
}

fn is_gone(error: &Error) -> bool {
    matches!(error, Error::Link { reason, effect: Effect::None } if reason.is_refusal())
}

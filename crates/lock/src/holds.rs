//! How what a process holds ends: given back, released by its id, or by a shutdown.

use std::sync::Arc;

use crate::hold::{Hold, State};
use crate::id::LeaseId;
use crate::locks::Inner;
use crate::release::Release;
use crate::site::Site;

impl Inner {
    /// A hold has a lease from now on. After a shutdown it is given back at once, and lost.
    pub(crate) fn admit(&self, hold: &Arc<Hold>) {
        if self.keeper.is_closed()
            && let Some(release) = self.take_back(hold, State::Lost)
        {
            release.in_background();
        }
    }

    /// Ends a hold here first, so that nothing more is sent for it. What is to be sent then, unless somebody else does.
    pub(crate) fn take_back(&self, hold: &Arc<Hold>, how: State) -> Option<Arc<Release>> {
        if !hold.give_back() {
            return None;
        }
        self.keeper.let_go(hold);
        hold.end(how);
        // Those that were never asked have nothing of it.
        Some(Release::on(&self.servers, &hold.site, &hold.id, |server| hold.gate.was_asked(server)))
    }

    /// Ends what is held here of this lock under this id, because it is released by its id: whoever works under it is told that it
    /// is lost. Whether there was any.
    pub(crate) fn end_by_id(&self, site: &Site, id: &LeaseId) -> bool {
        // Whoever it is handed to has it under the same id.
        self.lines.undisturbed(|| {
            let held = self.keeper.held().into_iter();
            let ended = held.filter(|hold| hold.id == *id && hold.site.owner == site.owner).map(|hold| {
                self.keeper.let_go(&hold);
                hold.end(State::Lost)
            });
            ended.fold(false, |any, was_held| any | was_held)
        })
    }

    /// Gives these back in the background, and tells whoever works under them that they are lost.
    pub(crate) fn give_all_back(&self, holds: Vec<Arc<Hold>>) {
        for hold in holds {
            if let Some(release) = self.take_back(&hold, State::Lost) {
                release.in_background();
            }
        }
    }
}

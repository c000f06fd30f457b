//! What becomes of a hold in its process when its holder gives it back.

use std::sync::Arc;

use crate::hold::{Hold, State};
use crate::locks::Inner;
use redfleet_core::lock;

impl Inner {
    /// A hold is given back by its last lease: hands it to the next waiter of this process, without a command, if there is one who may
    /// have it, and the hold is sound. If not, the caller releases it, and the next waiter asks the servers.
    pub(crate) fn pass_on(&self, hold: &Arc<Hold>) -> bool {
        if self.keeper.is_closed() {
            return false;
        }
        self.lines.pass(hold, self.servers.now(), |record| {
            // Its release is the next one's from now on.
            hold.give_back();
            self.keeper.let_go(hold);
            self.keeper.keep(record);
        })
    }

    /// A hold was handed to somebody who does not want it any more.
    pub(crate) fn give_back(self: &Arc<Self>, hold: &Arc<Hold>) {
        if self.pass_on(hold) {
            return;
        }
        if let Some(release) = self.take_back(hold, State::Released) {
            release.in_background();
        }
    }

    /// From 0 to 1.
    pub(crate) fn chance(&self) -> f64 {
        lock(&self.dice).f64()
    }

    /// Carries this out without a caller.
    pub(crate) fn in_background(&self, task: impl Future<Output = ()> + Send + 'static) {
        self.servers.background().spawn(task);
    }
}

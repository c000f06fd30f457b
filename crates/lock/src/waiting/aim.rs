//! Where whoever wants a lock asks next: a semaphore has several sites, and who says no to one says which are free.

use std::sync::Arc;

use crate::attempt::Denied;
use crate::site::Site;

/// The site that is asked for next.
#[derive(Debug)]
pub(super) struct Aim {
    pub(super) site: Arc<Site>,
    /// How many sites in a row it went to because they were free, and how many it may go to.
    followed: usize,
    most_followed: usize,
}

impl Aim {
    /// At this site first, and then at so many others in a row.
    pub(super) fn new(site: &Arc<Site>, most_followed: usize) -> Self {
        Self { site: Arc::clone(site), followed: 0, most_followed }
    }

    /// Goes to a permit that is free, if all who said no say that one is. Whether it did: not more than a few times in a row, because
    /// others go there too. `space` is the prefix of all keys.
    pub(super) fn follow(&mut self, space: &str, denied: &Denied) -> bool {
        let free = if let Denied::Busy { free, .. } = denied { free.first() } else { None };
        let is_elsewhere = match free {
            Some(slot) if self.followed < self.most_followed => self.go_to(space, *slot),
            Some(_) | None => false,
        };
        self.followed = if is_elsewhere { self.followed + 1 } else { 0 };
        is_elsewhere
    }

    /// Goes to this permit, if it is one of those of the site.
    pub(super) fn go_to(&mut self, space: &str, slot: u16) -> bool {
        let other = self.site.other_slot(space, slot);
        let is_one = other.is_some();
        if let Some(site) = other {
            self.site = Arc::new(site);
        }
        is_one
    }
}

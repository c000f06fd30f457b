//! How one link does: what the faults of the moment come to.

use std::time::Duration;

use super::{Fault, Way};

/// The delays of a network without a fault, one way.
#[derive(Clone, Copy, Debug)]
pub(super) struct Delays {
    pub(super) from: Duration,
    pub(super) to: Duration,
}

/// How a link between a client and a node does.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Conditions {
    pub(super) cuts_requests: bool,
    pub(super) cuts_replies: bool,
    pub(super) loses_requests: f64,
    pub(super) loses_replies: f64,
    /// How much longer requests take at most.
    pub(super) slow_by: Duration,
}

impl Conditions {
    /// What these faults come to for the link between `client` and `node`: of two losses the greater one holds, delays
    /// add up.
    pub(super) fn of<'a>(faults: impl IntoIterator<Item = &'a Fault>, client: usize, node: usize) -> Self {
        let mut all = Self::default();
        for fault in faults {
            match fault {
                Fault::Cut { client: c, node: n, way } if c.includes(client) && n.includes(node) => {
                    all.cuts_requests |= matches!(way, Way::Both | Way::Requests);
                    all.cuts_replies |= matches!(way, Way::Both | Way::Replies);
                }
                Fault::Lose { client: c, node: n, requests, replies }
                    if c.includes(client) && n.includes(node) =>
                {
                    all.loses_requests = all.loses_requests.max(*requests);
                    all.loses_replies = all.loses_replies.max(*replies);
                }
                Fault::Slow { client: c, node: n, by } if c.includes(client) && n.includes(node) => {
                    all.slow_by += *by;
                }
                Fault::Cut { .. }
                | Fault::Lose { .. }
                | Fault::Slow { .. }
                | Fault::Restart { .. }
                | Fault::ClockOffset { .. }
                | Fault::ClockDrift { .. }
                | Fault::ClockJump { .. } => {}
            }
        }
        all
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::test_util::simulation::Which;

    #[test]
    fn overlapping_faults_come_together_and_others_links_are_not_touched() {
        let cut = |way| Fault::Cut { client: Which::One(0), node: Which::Every, way };
        let slow =
            |ms| Fault::Slow { client: Which::Every, node: Which::One(1), by: Duration::from_millis(ms) };
        let lose =
            |requests, replies| Fault::Lose { client: Which::One(0), node: Which::One(1), requests, replies };
        let faults =
            [cut(Way::Requests), cut(Way::Replies), slow(10), slow(20), lose(0.1, 0.4), lose(0.2, 0.3)];
        let all = Conditions {
            cuts_requests: true,
            cuts_replies: true,
            loses_requests: 0.2,
            loses_replies: 0.4,
            slow_by: Duration::from_millis(30),
        };
        assert_eq!(Conditions::of(&faults, 0, 1), all);
        assert_eq!(Conditions::of(&faults, 1, 0), Conditions::default());
        assert!(!Conditions::of(&faults[..1], 0, 0).cuts_replies);
    }
}

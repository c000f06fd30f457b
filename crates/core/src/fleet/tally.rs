//! The verdict over the replies so far: pure, so that every order of replies can be tested.

use super::Policy;
use crate::error::ConfigError;

/// What the replies so far mean under a policy.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[expect(clippy::exhaustive_enums, reason = "there is no fourth answer, and callers must match on all")]
pub enum Verdict {
    /// It is still open.
    Pending,
    /// The policy is met, and no later reply can change that.
    Reached,
    /// The policy can no longer be met, whatever is still to come.
    Unreachable,
}

/// Counts the replies of the nodes, each once.
///
/// # Example
///
/// ```
/// use redfleet_core::{Policy, Tally, Verdict};
///
/// let mut tally = Tally::new(Policy::Quorum(2), 3)?;
/// assert_eq!(tally.note(0, true), Verdict::Pending);
/// assert_eq!(tally.note(2, true), Verdict::Reached);   // no need to wait for node 1
/// # Ok::<(), redfleet_core::ConfigError>(())
/// ```
#[derive(Clone, Debug)]
pub struct Tally {
    policy: Policy,
    /// What each node said: whether it acknowledged, once it has replied.
    said: Vec<Option<bool>>,
    acks: usize,
    nacks: usize,
}

impl Tally {
    /// A tally of `nodes` nodes, none of which has replied.
    ///
    /// # Errors
    ///
    /// If this fleet can never meet the policy.
    pub fn new(policy: Policy, nodes: usize) -> Result<Self, ConfigError> {
        policy.check(nodes)?;
        Ok(Self { policy, said: vec![None; nodes], acks: 0, nacks: 0 })
    }

    /// Notes that `node` has replied, and whether that acknowledges. A node counts once: what it says again,
    /// and what a node that is not in the fleet says, changes nothing.
    pub fn note(&mut self, node: usize, is_ack: bool) -> Verdict {
        if let Some(said @ None) = self.said.get_mut(node) {
            *said = Some(is_ack);
            if is_ack {
                self.acks += 1;
            } else {
                self.nacks += 1;
            }
        }
        self.verdict()
    }

    /// The verdict over what was noted.
    #[must_use]
    pub fn verdict(&self) -> Verdict {
        let nodes = self.said.len();
        let is_over = self.acks + self.nacks == nodes;
        let needed = self.policy.needed(nodes);
        match self.policy {
            Policy::All if !is_over => Verdict::Pending,
            Policy::Local(node) => match self.said.get(node).copied().flatten() {
                None => Verdict::Pending,
                Some(true) => Verdict::Reached,
                Some(false) => Verdict::Unreachable,
            },
            Policy::All | Policy::First | Policy::Quorum(_) => {
                if self.acks >= needed {
                    Verdict::Reached
                } else if self.acks + (nodes - self.acks - self.nacks) < needed {
                    Verdict::Unreachable
                } else {
                    Verdict::Pending
                }
            }
        }
    }

    /// How many nodes acknowledged.
    #[must_use]
    pub const fn acks(&self) -> usize {
        self.acks
    }

    /// How many acknowledgements are needed.
    #[must_use]
    pub const fn needed(&self) -> usize {
        self.policy.needed(self.said.len())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Every policy that a fleet of `nodes` can be asked for.
    fn policies(nodes: usize) -> Vec<Policy> {
        let mut policies = vec![Policy::All, Policy::First];
        policies.extend((0..nodes).map(Policy::Local));
        policies.extend((1..=nodes).map(Policy::Quorum));
        policies
    }

    /// Every order in which `nodes` can reply.
    fn orders(nodes: usize) -> Vec<Vec<usize>> {
        if nodes == 0 {
            return vec![vec![]];
        }
        let shorter = orders(nodes - 1);
        let places = |order: &Vec<usize>| {
            (0..=order.len())
                .map(|at| {
                    let mut longer = order.clone();
                    longer.insert(at, nodes - 1);
                    longer
                })
                .collect::<Vec<_>>()
        };
        shorter.iter().flat_map(places).collect()
    }

    /// What the verdict must be, from its definition: by trying every way the missing replies could go.
    fn truth(policy: Policy, nodes: usize, said: &[Option<bool>]) -> Verdict {
        let is_met = |full: &[bool]| match policy {
            Policy::All => full.iter().all(|ack| *ack),
            Policy::First => full.iter().any(|ack| *ack),
            Policy::Local(node) => full[node],
            Policy::Quorum(quorum) => full.iter().filter(|ack| **ack).count() >= quorum,
        };
        let futures: Vec<bool> = (0..1_u32 << nodes)
            .map(|bits| (0..nodes).map(|node| bits >> node & 1 == 1).collect::<Vec<_>>())
            .filter(|full| said.iter().zip(full).all(|(said, full)| said.is_none_or(|said| said == *full)))
            .map(|full| is_met(&full))
            .collect();
        let is_full = said.iter().all(Option::is_some);
        if policy == Policy::All && !is_full {
            Verdict::Pending
        } else if futures.iter().all(|met| *met) {
            Verdict::Reached
        } else if futures.iter().all(|met| !*met) {
            Verdict::Unreachable
        } else {
            Verdict::Pending
        }
    }

    #[test]
    fn the_verdict_is_right_after_every_reply_in_every_order_of_up_to_five_nodes() {
        let mut checked = 0_u32;
        for nodes in 1..=5 {
            for order in orders(nodes) {
                for policy in policies(nodes) {
                    for outcomes in 0..1_u32 << nodes {
                        let mut tally = Tally::new(policy, nodes).unwrap();
                        let mut said = vec![None; nodes];
                        assert_eq!(tally.verdict(), truth(policy, nodes, &said));
                        for node in &order {
                            let is_ack = outcomes >> node & 1 == 1;
                            said[*node] = Some(is_ack);
                            let verdict = tally.note(*node, is_ack);
                            let why = || format!("{policy:?} of {nodes}: {said:?}");
                            assert_eq!(verdict, truth(policy, nodes, &said), "{}", why());
                            checked += 1;
                        }
                    }
                }
            }
        }
        // Orders x policies x outcomes x replies: n! x (2 + 2n) x 2^n x n, for n from 1 to 5.
        assert_eq!(checked, 247_016, "every verdict there is was checked");
    }

    #[test]
    fn a_node_counts_once_however_often_it_replies() {
        let mut tally = Tally::new(Policy::Quorum(2), 3).unwrap();
        assert_eq!(tally.note(0, true), Verdict::Pending);
        assert_eq!(tally.note(0, true), Verdict::Pending);
        assert_eq!(tally.note(7, true), Verdict::Pending, "a node that is not in the fleet");
        assert_eq!(tally.note(1, true), Verdict::Reached);
    }

    #[test]
    fn a_policy_that_the_fleet_can_never_meet_is_refused() {
        assert_eq!(Tally::new(Policy::All, 0).unwrap_err(), ConfigError::EmptyFleet);
        for policy in [Policy::Quorum(0), Policy::Quorum(4), Policy::Local(3)] {
            assert!(Tally::new(policy, 3).is_err(), "{policy:?}");
        }
    }
}

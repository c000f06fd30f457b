//! A plan drawn from the seed.

use std::time::Duration;

use super::dice::between;
use super::{Fault, Plan, Way, Which, Whose};
use crate::Kept;

/// How long a fault lasts, and how long after one another two begin.
const SHORTEST: Duration = Duration::from_millis(20);

/// What a plan that is drawn from a seed may contain.
///
/// Unless more is said, that is: cuts of one link, of one client or of one node, in one direction or both; lost requests
/// and replies; slow links and nodes; restarts that keep all data. When it has lasted, all of it is healed.
///
/// # Example
///
/// ```
/// use redfleet_core::test_util::simulation::Storm;
/// use std::time::Duration;
///
/// let storm = Storm::lasting(Duration::from_secs(5)).wiping(1).skewing_clocks(2_000, 5_000);
/// let plan = storm.plan(7, 3, 5); // for seed 7, three clients and five nodes
/// assert_eq!(plan, storm.plan(7, 3, 5));
/// assert_ne!(plan, storm.plan(8, 3, 5));
/// assert_eq!(plan.calm_at(), Some(Duration::from_secs(5)));
/// ```
#[derive(Clone, Debug)]
#[must_use = "a storm does nothing by itself"]
pub struct Storm {
    lasts: Duration,
    longest: Duration,
    every: Duration,
    restarts: bool,
    forgetful: usize,
    wiped: usize,
    spared: Option<usize>,
    offset_ms: i64,
    drift_ppm: i32,
    jump_ms: i64,
}

impl Storm {
    /// A storm that is over after this time.
    pub const fn lasting(lasts: Duration) -> Self {
        Self {
            lasts,
            longest: Duration::from_millis(1500),
            every: Duration::from_millis(300),
            restarts: true,
            forgetful: 0,
            wiped: 0,
            spared: None,
            offset_ms: 0,
            drift_ppm: 0,
            jump_ms: 0,
        }
    }

    /// Lets a fault begin about this often, 300 ms unless it is said.
    pub const fn every(mut self, every: Duration) -> Self {
        self.every = every;
        self
    }

    /// Lets faults last at most so long, 1.5 s unless it is said.
    pub const fn faults_up_to(mut self, longest: Duration) -> Self {
        self.longest = longest;
        self
    }

    /// Lets no node restart.
    pub const fn without_restarts(mut self) -> Self {
        self.restarts = false;
        self
    }

    /// Lets at most so many of the nodes lose all their data, whenever they restart.
    pub const fn wiping(mut self, nodes: usize) -> Self {
        self.wiped = nodes;
        self
    }

    /// Lets at most so many of the nodes, besides those that lose all, lose their last second when they restart.
    pub const fn losing_the_last_second(mut self, nodes: usize) -> Self {
        self.forgetful = nodes;
        self
    }

    /// Lets the node with this place keep all its data, whatever the others lose.
    pub const fn sparing(mut self, node: usize) -> Self {
        self.spared = Some(node);
        self
    }

    /// Lets each clock be off by up to this much either way, and drift by up to this much either way, from the start.
    pub const fn skewing_clocks(mut self, offset_ms: i64, drift_ppm: i32) -> Self {
        self.offset_ms = offset_ms;
        self.drift_ppm = drift_ppm;
        self
    }

    /// Lets a clock jump by up to this much either way, now and then.
    pub const fn jumping_clocks(mut self, by_ms: i64) -> Self {
        self.jump_ms = by_ms;
        self
    }

    /// The plan for a seed.
    ///
    /// # Panics
    ///
    /// If there is no client or no node: nothing could go wrong.
    pub fn plan(&self, seed: u64, clients: usize, nodes: usize) -> Plan {
        let are_any = clients > 0 && nodes > 0;
        assert!(
            are_any,
            "a storm needs clients and nodes, and there are {clients} clients and {nodes} nodes"
        );
        let mut dice = super::dice::dice(seed, "storm");
        let mut plan = self.clocks(&mut dice, clients, nodes).healed_at(self.lasts);
        // Which nodes lose what is drawn once: a fleet survives that some lose data, not that all do in turn.
        let mut order: Vec<usize> = (0..nodes).collect();
        dice.shuffle(&mut order);
        order.retain(|node| Some(*node) != self.spared);
        let kept = |node: usize| match order.iter().position(|other| *other == node) {
            Some(place) if place < self.wiped => Kept::Nothing,
            Some(place) if place < self.wiped + self.forgetful => Kept::Synced,
            Some(_) | None => Kept::All,
        };
        let mut from = between(&mut dice, Duration::ZERO, self.every);
        while from < self.lasts {
            let until = from + between(&mut dice, SHORTEST, self.longest);
            let fault = self.fault(&mut dice, clients, nodes, kept);
            plan = plan.during(from..until.min(self.lasts), fault);
            from += between(&mut dice, SHORTEST, self.every * 2);
        }
        plan
    }

    fn fault(
        &self,
        dice: &mut fastrand::Rng,
        clients: usize,
        nodes: usize,
        kept: impl Fn(usize) -> Kept,
    ) -> Fault {
        if self.jump_ms != 0 && dice.u8(0..5) == 0 {
            let whose = match dice.usize(0..clients + nodes) {
                client if client < clients => Whose::Client(client),
                node => Whose::Node(node - clients),
            };
            return Fault::ClockJump { whose, by_ms: dice.i64(-self.jump_ms.abs()..=self.jump_ms.abs()) };
        }
        let (client, node) = match dice.u8(0..4) {
            0 => (Which::Every, Which::One(dice.usize(0..nodes))),
            1 => (Which::One(dice.usize(0..clients)), Which::Every),
            _ => (Which::One(dice.usize(0..clients)), Which::One(dice.usize(0..nodes))),
        };
        match dice.u8(0..if self.restarts { 10 } else { 8 }) {
            0..=3 => {
                let way = match dice.u8(0..4) {
                    0 => Way::Requests,
                    1 => Way::Replies,
                    _ => Way::Both,
                };
                Fault::Cut { client, node, way }
            }
            4..=5 => {
                let (requests, replies) = (dice.f64() * 0.3, dice.f64() * 0.3);
                Fault::Lose { client, node, requests, replies }
            }
            6..=7 => Fault::Slow { client, node, by: between(dice, SHORTEST, self.longest / 2) },
            _ => {
                let node = dice.usize(0..nodes);
                Fault::Restart { node, kept: kept(node) }
            }
        }
    }

    fn clocks(&self, dice: &mut fastrand::Rng, clients: usize, nodes: usize) -> Plan {
        let mut plan = Plan::new();
        let everybody = (0..clients).map(Whose::Client).chain((0..nodes).map(Whose::Node));
        for whose in everybody {
            if self.offset_ms != 0 {
                let offset_ms = dice.i64(-self.offset_ms.abs()..=self.offset_ms.abs());
                plan = plan.from(Duration::ZERO, Fault::ClockOffset { whose, offset_ms });
            }
            if self.drift_ppm != 0 {
                let drift_ppm = dice.i32(-self.drift_ppm.abs()..=self.drift_ppm.abs());
                plan = plan.from(Duration::ZERO, Fault::ClockDrift { whose, drift_ppm });
            }
        }
        plan
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;
    use crate::test_util::simulation::plan::Step;

    type Kind = (&'static str, fn(&Fault) -> bool);

    fn faults(storm: &Storm) -> Vec<Fault> {
        let plans = (0..200).map(|seed| storm.plan(seed, 3, 5));
        plans
            .flat_map(|plan| plan.steps().iter().map(|step| step.fault.clone()).collect::<Vec<_>>())
            .collect()
    }

    #[test]
    fn every_kind_of_fault_is_drawn_and_data_is_lost_only_if_that_was_said() {
        let storm = Storm::lasting(Duration::from_secs(5));
        let all = faults(&storm);
        let count = |is_one: fn(&Fault) -> bool| all.iter().filter(|fault| is_one(fault)).count();
        let kinds: [Kind; 6] = [
            ("cuts", |fault| matches!(fault, Fault::Cut { way: Way::Both, .. })),
            ("cuts of requests", |fault| matches!(fault, Fault::Cut { way: Way::Requests, .. })),
            ("cuts of replies", |fault| matches!(fault, Fault::Cut { way: Way::Replies, .. })),
            ("losses", |fault| matches!(fault, Fault::Lose { .. })),
            ("slow links", |fault| matches!(fault, Fault::Slow { .. })),
            ("restarts", |fault| matches!(fault, Fault::Restart { kept: Kept::All, .. })),
        ];
        for (name, is_one) in kinds {
            assert!(count(is_one) > 200, "{name}: {} of {}", count(is_one), all.len());
        }
        let sum: usize = kinds.iter().map(|(_, is_one)| count(*is_one)).sum();
        assert_eq!(sum, all.len(), "and nothing else");
    }

    #[test]
    fn no_more_nodes_than_were_said_lose_data_in_a_run() {
        let storm = Storm::lasting(Duration::from_secs(20)).wiping(1).losing_the_last_second(2);
        let (mut most_wiped, mut most_forgetful) = (0, 0);
        for seed in 0..200 {
            let lost = |wanted: Kept| {
                let plan = storm.plan(seed, 3, 5);
                let node = |step: &Step| {
                    let Fault::Restart { node, kept } = step.fault else { return None };
                    (kept == wanted).then_some(node)
                };
                plan.steps().iter().filter_map(node).collect::<BTreeSet<_>>().len()
            };
            most_wiped = most_wiped.max(lost(Kept::Nothing));
            most_forgetful = most_forgetful.max(lost(Kept::Synced));
        }
        assert_eq!((most_wiped, most_forgetful), (1, 2));
    }

    #[test]
    fn who_is_spared_loses_nothing_and_the_others_do() {
        let storm = Storm::lasting(Duration::from_secs(20)).wiping(1).losing_the_last_second(1).sparing(0);
        let losses = |node: usize| {
            let faults = faults(&storm);
            let is_loss = |fault: &Fault| match fault {
                Fault::Restart { node: other, kept } => *other == node && *kept != Kept::All,
                Fault::Cut { .. }
                | Fault::Lose { .. }
                | Fault::Slow { .. }
                | Fault::ClockOffset { .. }
                | Fault::ClockDrift { .. }
                | Fault::ClockJump { .. } => false,
            };
            faults.iter().filter(|fault| is_loss(fault)).count()
        };
        assert_eq!(losses(0), 0);
        assert!(losses(1) > 100 && losses(2) > 100);
    }

    #[test]
    #[should_panic(expected = "a storm needs clients and nodes, and there are 0 clients and 3 nodes")]
    fn a_storm_over_nobody_is_a_mistake() {
        drop(Storm::lasting(Duration::from_secs(5)).plan(1, 0, 3));
    }

    #[test]
    fn clocks_jump_if_that_was_said_of_clients_and_of_nodes() {
        let storm = Storm::lasting(Duration::from_secs(5));
        let jumps = |storm: &Storm, is_clients: bool| {
            let is_one = |fault: &&Fault| match fault {
                Fault::ClockJump { whose, by_ms } => {
                    matches!(whose, Whose::Client(_)) == is_clients && by_ms.abs() <= 500
                }
                Fault::Cut { .. }
                | Fault::Lose { .. }
                | Fault::Slow { .. }
                | Fault::Restart { .. }
                | Fault::ClockOffset { .. }
                | Fault::ClockDrift { .. } => false,
            };
            faults(storm).iter().filter(is_one).count()
        };
        for is_clients in [true, false] {
            assert_eq!(jumps(&storm, is_clients), 0);
            assert!(jumps(&storm.clone().jumping_clocks(500), is_clients) > 200);
        }
    }

    #[test]
    fn nothing_outlasts_the_storm_but_clocks() {
        let storm = Storm::lasting(Duration::from_secs(2)).skewing_clocks(500, 100).without_restarts();
        for seed in 0..50 {
            let plan = storm.plan(seed, 2, 3);
            let end = Duration::from_secs(2);
            assert_eq!(plan.calm_at(), Some(end));
            assert!(plan.steps().iter().all(|step| step.until.is_none_or(|until| until <= end)));
            let clocks = plan.steps().iter().filter(|step| step.fault.is_of_clock());
            assert_eq!(clocks.count(), 10, "an offset and a drift for each of five");
            assert!(!plan.to_string().contains("restart"));
        }
    }
}

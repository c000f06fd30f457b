//! What goes wrong, and when: to be read, printed, and shortened.

use std::fmt;
use std::ops::Range;
use std::time::Duration;

use super::Fault;

/// The faults of one run, in the order in which they begin.
///
/// # Example
///
/// ```
/// use redfleet_core::Kept;
/// use redfleet_core::test_util::simulation::{Fault, Plan};
/// use std::time::Duration;
///
/// let ms = Duration::from_millis;
/// let plan = Plan::new()
///     .during(ms(500)..ms(900), Fault::Restart { node: 1, kept: Kept::Nothing })
///     .during(ms(100)..ms(700), Fault::isolate(0))
///     .healed_at(ms(2000));
/// assert_eq!(
///     plan.to_string(),
///     "   100 to    700 ms  cut c*-n0\n   500 to    900 ms  restart n1 without its data\n  2000           ms  heal\n",
/// );
/// ```
#[derive(Clone, Debug, Default, PartialEq)]
#[must_use = "a plan does nothing by itself"]
pub struct Plan {
    steps: Vec<Step>,
    healed_at: Option<Duration>,
}

/// One fault and its time.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Step {
    pub(super) from: Duration,
    /// When it ends by itself, if it does.
    pub(super) until: Option<Duration>,
    pub(super) fault: Fault,
}

impl Plan {
    /// Nothing goes wrong.
    pub const fn new() -> Self {
        Self { steps: Vec::new(), healed_at: None }
    }

    /// Lets this go wrong for a time.
    pub fn during(self, time: Range<Duration>, fault: Fault) -> Self {
        self.step(Step { from: time.start, until: Some(time.end), fault })
    }

    /// Lets this go wrong from then on: until all is healed, or else for ever, and with clocks for good.
    pub fn from(self, from: Duration, fault: Fault) -> Self {
        self.step(Step { from, until: None, fault })
    }

    /// Ends all faults of links and nodes at this time, those that [`World::inject`](super::World::inject) began
    /// included, and none that begins
    /// later. Clocks stay as they are: a clock that is off is nothing that passes.
    pub const fn healed_at(mut self, at: Duration) -> Self {
        self.healed_at = Some(at);
        self
    }

    fn step(mut self, step: Step) -> Self {
        let place = self.steps.partition_point(|other| other.from <= step.from);
        self.steps.insert(place, step);
        self
    }

    pub(super) fn steps(&self) -> &[Step] {
        &self.steps
    }

    /// When no fault of a link or a node is left: at the healing, or at the end of the last one that it does not end.
    /// `None` if one goes on for ever.
    #[must_use]
    pub fn calm_at(&self) -> Option<Duration> {
        let mut calm = self.healed_at.unwrap_or_default();
        // What begins at the very time of the healing begins before it, and is healed.
        let is_healed = |step: &Step| self.healed_at.is_some_and(|at| step.from <= at);
        for step in self.steps.iter().filter(|step| !step.fault.is_of_clock() && !is_healed(step)) {
            calm = calm.max(step.from).max(step.until?);
        }
        Some(calm)
    }

    pub(super) const fn heals_at(&self) -> Option<Duration> {
        self.healed_at
    }

    /// The same plan without one of its steps.
    pub(super) fn without(&self, step: usize) -> Self {
        let mut shorter = self.clone();
        shorter.steps.remove(step);
        shorter
    }

    /// # Panics
    ///
    /// If a step is about a client or a node that is not there.
    pub(super) fn expect_places(&self, clients: usize, nodes: usize) {
        self.steps.iter().for_each(|step| step.fault.expect_places(clients, nodes));
    }
}

impl fmt::Display for Plan {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for Step { from, until, fault } in &self.steps {
            match until {
                Some(until) => {
                    writeln!(f, "{:>6} to {:>6} ms  {fault}", from.as_millis(), until.as_millis())?;
                }
                None => writeln!(f, "{:>6}           ms  {fault}", from.as_millis())?,
            }
        }
        match self.healed_at {
            Some(at) => writeln!(f, "{:>6}           ms  heal", at.as_millis()),
            None => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Kept;
    use crate::test_util::simulation::Whose;

    const fn ms(ms: u64) -> Duration {
        Duration::from_millis(ms)
    }

    #[test]
    fn it_is_calm_when_the_last_fault_has_ended_clocks_aside() {
        assert_eq!(Plan::new().calm_at(), Some(Duration::ZERO));
        let off = Fault::ClockDrift { whose: Whose::Node(1), drift_ppm: -30 };
        let plan = Plan::new().during(ms(1)..ms(9), Fault::hang(0)).during(ms(2)..ms(20), off);
        assert_eq!(plan.calm_at(), Some(ms(9)));
        assert_eq!(plan.clone().healed_at(ms(5)).calm_at(), Some(ms(5)));
        assert_eq!(plan.to_string().lines().count(), 2);
    }

    #[test]
    fn it_is_never_calm_with_a_fault_that_nothing_ends() {
        let endless = Plan::new().from(ms(10), Fault::hang(0));
        assert_eq!(endless.calm_at(), None);
        assert_eq!(endless.clone().healed_at(ms(9)).calm_at(), None, "healed before it began");
        assert_eq!(endless.clone().healed_at(ms(10)).calm_at(), Some(ms(10)));
        let later = endless.healed_at(ms(20)).during(ms(30)..ms(40), Fault::isolate(1));
        assert_eq!(later.calm_at(), Some(ms(40)), "what begins after the healing counts");
        let clock = Fault::ClockOffset { whose: Whose::Node(0), offset_ms: 5 };
        assert_eq!(Plan::new().from(ms(3), clock).calm_at(), Some(Duration::ZERO));
    }

    fn steps_about_node_2_and_client_1() -> Plan {
        let clock = Fault::ClockJump { whose: Whose::Client(1), by_ms: 5 };
        Plan::new().from(ms(0), Fault::Restart { node: 2, kept: Kept::All }).from(ms(0), clock)
    }

    #[test]
    fn steps_about_those_who_are_there_are_fine() {
        steps_about_node_2_and_client_1().expect_places(2, 3);
    }

    #[test]
    #[should_panic(
        expected = "`restart n2 with all its data` is about nobody: there are 2 clients and 2 nodes"
    )]
    fn a_step_about_a_node_that_is_not_there_is_told() {
        steps_about_node_2_and_client_1().expect_places(2, 2);
    }

    #[test]
    #[should_panic(expected = "`let the clock of c1 jump by 5 ms` is about nobody: there are 1 clients")]
    fn a_step_about_a_client_that_is_not_there_is_told() {
        steps_about_node_2_and_client_1().expect_places(1, 9);
    }
}

//! Faults begin and end.

use super::conditions::Conditions;
use super::connection::{Phase, ToClient};
use super::queue::Event;
use super::state::State;
use super::{Fault, Whose};
use crate::Kept;
use crate::test_util::SimulatedClock;

impl State {
    /// A fault of the plan begins.
    pub(super) fn on_begin(&mut self, place: usize) {
        let Some(step) = self.plan.steps().get(place).cloned() else { return };
        let number = self.begin(step.fault);
        if let Some(until) = step.until {
            self.queue.push(until, Event::End(number));
        }
    }

    /// A fault begins. Returns its number.
    pub(super) fn begin(&mut self, fault: Fault) -> u64 {
        self.faults += 1;
        self.trace.line(self.now, format_args!("! {fault}"));
        match &fault {
            Fault::ClockOffset { whose, offset_ms } => {
                self.clock(*whose, |clock| clock.set_offset_ms(*offset_ms));
            }
            Fault::ClockDrift { whose, drift_ppm } => {
                self.clock(*whose, |clock| clock.set_drift_ppm(*drift_ppm));
            }
            Fault::ClockJump { whose, by_ms } => self.clock(*whose, |clock| clock.jump_ms(*by_ms)),
            Fault::Restart { node, kept } => self.crash(*node, *kept),
            Fault::Cut { .. } | Fault::Lose { .. } | Fault::Slow { .. } => {}
        }
        self.active.push((self.faults, fault));
        self.weigh();
        self.faults
    }

    /// A fault ends, unless it was healed before.
    pub(super) fn on_end(&mut self, number: u64) {
        let Some(place) = self.active.iter().position(|(other, _)| *other == number) else { return };
        let (_, fault) = self.active.remove(place);
        self.trace.line(self.now, format_args!("! end: {fault}"));
        match fault {
            Fault::ClockOffset { whose, .. } => {
                let offset_ms = self.offset_ms(whose);
                self.clock(whose, |clock| clock.set_offset_ms(offset_ms));
            }
            Fault::ClockDrift { whose, .. } => {
                let drift_ppm = self.drift_ppm(whose);
                self.clock(whose, |clock| clock.set_drift_ppm(drift_ppm));
            }
            Fault::ClockJump { .. }
            | Fault::Restart { .. }
            | Fault::Cut { .. }
            | Fault::Lose { .. }
            | Fault::Slow { .. } => {}
        }
        self.weigh();
    }

    /// All faults of links and nodes end.
    pub(super) fn on_heal(&mut self) {
        self.trace.line(self.now, format_args!("! heal"));
        self.active.retain(|(_, fault)| fault.is_of_clock());
        self.weigh();
    }

    /// How far the clock is off by the faults that go on: of several the last one to begin holds.
    fn offset_ms(&self, whose: Whose) -> i64 {
        let offset_ms = self.active.iter().rev().find_map(|(_, fault)| {
            let Fault::ClockOffset { whose: other, offset_ms } = fault else { return None };
            (*other == whose).then_some(*offset_ms)
        });
        offset_ms.unwrap_or_default()
    }

    /// The same of its drift.
    fn drift_ppm(&self, whose: Whose) -> i32 {
        let drift_ppm = self.active.iter().rev().find_map(|(_, fault)| {
            let Fault::ClockDrift { whose: other, drift_ppm } = fault else { return None };
            (*other == whose).then_some(*drift_ppm)
        });
        drift_ppm.unwrap_or_default()
    }

    fn clock(&self, whose: Whose, set: impl FnOnce(&SimulatedClock)) {
        let clock = match whose {
            Whose::Client(client) => self.clients.get(client),
            Whose::Node(node) => self.nodes.get(node).map(|node| &node.clock),
        };
        if let Some(clock) = clock {
            set(clock);
        }
    }

    /// Sees how every link does now, and lets through what a cut has held up.
    fn weigh(&mut self) {
        for path in &mut self.paths {
            let faults = self.active.iter().map(|(_, fault)| fault);
            path.conditions = Conditions::of(faults, path.client, path.node);
        }
        let ids: Vec<_> = self.connections.keys().copied().collect();
        for id in ids {
            let Some(connection) = self.connections.get_mut(&id) else { continue };
            let Some(path) = self.paths.get(connection.path) else { continue };
            let (mut to_node, mut to_client) = (0, 0);
            if !path.conditions.cuts_requests {
                to_node = std::mem::take(&mut connection.held_to_node);
            }
            if !path.conditions.cuts_replies {
                to_client = std::mem::take(&mut connection.held_to_client);
            }
            (0..to_node).for_each(|_| self.through_to_node(id));
            (0..to_client).for_each(|_| self.through_to_client(id));
        }
    }

    /// A node's process ends: so do its connections, and of the replies on their way a first part arrives.
    fn crash(&mut self, node: usize, kept: Kept) {
        let ids: Vec<_> = self.connections.keys().copied().collect();
        for id in ids {
            let Some(connection) = self.connections.get_mut(&id) else { continue };
            let Some(path) = self.paths.get_mut(connection.path) else { continue };
            if path.node != node || connection.server.is_none() && !connection.is_busy {
                continue;
            }
            connection.end_at_node();
            if matches!(connection.phase, Phase::Closed) {
                self.tidy(id);
                continue;
            }
            let arrive = path.dice.usize(0..=connection.to_client.len());
            connection.to_client.truncate(arrive);
            connection.to_client.push_back(ToClient::End);
            self.through_to_client(id);
        }
        if let Some(place) = self.nodes.get(node) {
            place.store.restart(kept);
        }
    }
}

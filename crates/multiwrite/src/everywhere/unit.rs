//! What is carried out at once, and so shipped as one: a command by itself, or an atomic block.

use redfleet_core::{Batch, check_shared};
use redis::Cmd;

use crate::effect::{Plan, Unshippable};
use crate::error::{Error, Result};

/// What is carried out at once.
pub(super) struct Unit {
    pub(super) commands: Vec<Cmd>,
    pub(super) plan: Plan,
    pub(super) is_atomic: bool,
}

impl Unit {
    /// A unit of these commands.
    ///
    /// # Errors
    ///
    /// One of them cannot be written everywhere.
    pub(super) fn of(commands: Vec<Cmd>, is_atomic: bool, is_deterministic: bool) -> Result<Self> {
        let all: Vec<&Cmd> = commands.iter().collect();
        all.iter().try_for_each(|command| check_shared(command)).map_err(Error::Local)?;
        let plan = if is_deterministic { Plan::deterministic(&all) } else { Plan::of(&all) };
        let plan = plan.map_err(unshippable)?;
        drop(all);
        Ok(Self { commands, plan, is_atomic })
    }

    /// The units of a batch, in order.
    ///
    /// # Errors
    ///
    /// As [`of`](Self::of): then nothing of the batch is sent.
    pub(super) fn all(batch: &Batch, is_deterministic: bool) -> Result<Vec<Self>> {
        if batch.is_empty() {
            return Ok(Vec::new());
        }
        if batch.is_atomic() {
            return Ok(vec![Self::of(batch.commands().cloned().collect(), true, is_deterministic)?]);
        }
        let mut units = Vec::new();
        let mut blocks = batch.blocks().iter().peekable();
        let mut block = Vec::new();
        for (index, command) in batch.commands().enumerate() {
            while blocks.next_if(|range| range.end <= index).is_some() {}
            let Some(range) = blocks.peek().filter(|range| range.contains(&index)) else {
                units.push(Self::of(vec![command.clone()], false, is_deterministic)?);
                continue;
            };
            block.push(command.clone());
            if index + 1 == range.end {
                units.push(Self::of(std::mem::take(&mut block), true, is_deterministic)?);
            }
        }
        Ok(units)
    }

    /// How many commands it has, with its questions.
    pub(super) fn len(&self) -> usize {
        self.commands.len() + self.plan.questions().len()
    }

    /// Adds it to what local is sent: its commands, and right behind them what is asked about them.
    pub(super) fn add_to(&self, batch: &mut Batch) {
        let start = batch.len();
        batch.extend(self.commands.iter().cloned());
        batch.extend(self.plan.questions().iter().cloned());
        if self.is_atomic {
            batch.make_atomic(start..batch.len());
        }
    }
}

fn unshippable(error: Unshippable) -> Error {
    Error::Unshippable { command: error.command, why: error.why, instead: error.instead }
}

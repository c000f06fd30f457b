//! What is carried out at once, and so shipped as one: a command by itself, or an atomic block.

use redfleet_core::{Batch, Error as CoreError, check_shared};
use redis::Cmd;

use crate::effect::{Plan, Unshippable};
use crate::error::{Error, Result};
use crate::journal::Journal;
use crate::spool::SpoolError;

/// What is carried out at once.
pub(super) struct Unit {
    pub(super) commands: Vec<Cmd>,
    pub(super) plan: Plan,
    pub(super) is_atomic: bool,
    /// Its intent in the journal, once it is there.
    pub(super) intent: Option<u64>,
    /// What the journal has carried out along with it.
    note: Option<Cmd>,
}

impl Unit {
    /// A unit of these commands.
    ///
    /// # Errors
    ///
    /// One of them cannot be written everywhere.
    pub(super) fn of(commands: Vec<Cmd>, is_atomic: bool, is_deterministic: bool) -> Result<Self> {
        let all: Vec<&Cmd> = commands.iter().collect();
        let plan = if is_deterministic { Plan::deterministic(&all) } else { Plan::of(&all) };
        let plan = plan.map_err(unshippable)?;
        all.iter().try_for_each(|command| check_shared(command)).map_err(unshared)?;
        drop(all);
        Ok(Self { commands, plan, is_atomic, intent: None, note: None })
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

    /// Notes in the journal that it is about to be sent, unless it changes nothing.
    ///
    /// # Errors
    ///
    /// Those of the spool: then it must not be sent.
    pub(super) fn intend(&mut self, journal: &Journal) -> Result<(), SpoolError> {
        if !self.plan.is_read() {
            let keys = self.plan.keys();
            let intent = if self.plan.touches_everything() {
                let intent = journal.intend_everything()?;
                self.note = journal.everything_command(intent);
                intent
            } else {
                let intent = journal.intend(keys)?;
                self.note = journal.command(intent, keys);
                intent
            };
            self.intent = Some(intent);
        }
        Ok(())
    }

    /// Whether it is one command with nothing beside it.
    pub(super) fn alone(&self) -> Option<&Cmd> {
        let is_alone = !self.is_atomic && self.note.is_none() && self.plan.questions().is_empty();
        if let ([command], true) = (&*self.commands, is_alone) { Some(command) } else { None }
    }

    /// How many commands it has, with its questions and the journal's note.
    pub(super) fn len(&self) -> usize {
        self.commands.len() + self.plan.questions().len() + usize::from(self.note.is_some())
    }

    /// Adds it to what local is sent: its commands, and right behind them what is asked about them. The journal's note goes first;
    /// or last where the commands would take it away again.
    pub(super) fn add_to(&self, batch: &mut Batch) {
        let start = batch.len();
        let is_last = self.plan.touches_everything();
        batch.extend(self.note.iter().filter(|_| !is_last).cloned());
        batch.extend(self.commands.iter().cloned());
        batch.extend(self.plan.questions().iter().cloned());
        batch.extend(self.note.iter().filter(|_| is_last).cloned());
        if self.is_atomic || self.note.is_some() {
            batch.make_atomic(start..batch.len());
        }
    }

    /// Takes apart what local replied to it: the replies to its commands, and the answers about them.
    pub(super) fn take_apart<T>(&self, mut replies: Vec<T>) -> (Vec<T>, Vec<T>) {
        if self.note.is_some() && self.plan.touches_everything() {
            replies.pop();
        } else if self.note.is_some() && !replies.is_empty() {
            replies.remove(0);
        }
        let answers = replies.split_off(self.commands.len().min(replies.len()));
        (replies, answers)
    }
}

fn unshippable(error: Unshippable) -> Error {
    Error::Unshippable { command: error.command, why: error.why, instead: error.instead }
}

/// What no shared connection carries is refused in this crate's terms: local was not asked.
fn unshared(error: CoreError) -> Error {
    if let CoreError::Unsupported { command, instead, .. } = error {
        let why = "it needs a connection of its own";
        return Error::Unshippable { command, why, instead };
    }
    Error::Local(error)
}

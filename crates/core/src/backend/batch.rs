//! Several commands in one round trip.

mod append;
mod blocks;
mod parts;
#[cfg(test)]
mod tests;

use std::borrow::Cow;
use std::fmt;
use std::ops::Range;

use redis::{Cmd, Pipeline};

use super::script::{ScriptCall, Source};
use super::{Place, check, name, word};
use crate::error::Result;

use blocks::Blocks;
pub(crate) use blocks::Portion;

/// Commands that travel together: one round trip, one reply each.
///
/// A batch owns its commands; encoding them is the transport's work. An atomic batch is one MULTI/EXEC
/// transaction and is never split; so is each [block](Self::make_atomic) of one that is not. Its text for `Debug`
/// names the commands and holds no key and no value.
///
/// # Example
///
/// ```
/// use redfleet_core::{Backend, Batch, test_util::Scripted};
/// use redis::{Value, cmd};
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> redfleet_core::Result<()> {
/// let node = Scripted::new().on("INCR", ":1\r\n").on("LPUSH", "-WRONGTYPE not a list\r\n");
/// let mut batch = Batch::new();
/// batch.push(cmd("INCR").arg("visits").take());
/// batch.push(cmd("LPUSH").arg("visits").arg(1).take());
/// let replies = node.call_batch(&batch).await?;
/// assert!(matches!(replies[0], Ok(Value::Int(1)))); // one refused command loses nothing else
/// assert_eq!(replies[1].as_ref().unwrap_err().code(), Some("WRONGTYPE"));
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Default)]
pub struct Batch {
    pipeline: Pipeline,
    scripts: Vec<(usize, Source)>,
    /// None in an atomic batch.
    blocks: Blocks,
    /// How many of the first commands are known to be ones that a shared connection takes.
    shared: usize,
    is_asking: bool,
}

impl Batch {
    /// An empty batch.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// An empty batch with room for `commands` commands.
    #[must_use]
    pub fn with_capacity(commands: usize) -> Self {
        Self { pipeline: Pipeline::with_capacity(commands), ..Self::default() }
    }

    /// Makes the batch one transaction (MULTI/EXEC): all of it is carried out, with nothing in between, or
    /// nothing is. A command that fails while it runs does not undo the others: that is Redis's own rule.
    #[must_use]
    pub fn atomic(mut self) -> Self {
        self.pipeline.atomic();
        self.blocks = Blocks::default();
        self
    }

    /// Makes some of the commands one transaction, a block, within the same round trip: all of them are carried out,
    /// with nothing in between, or none is. A block that is refused leaves the rest of the batch alone.
    ///
    /// Blocks that overlap become one; what lies beyond the end of the batch is left out; so an empty range, and any
    /// in a batch that is [atomic](Self::atomic) as a whole, changes nothing.
    ///
    /// # Guarantee
    ///
    /// A server carries out blocks and other commands in their order. Of a cluster, so does each server; but while a
    /// slot is on its way, what has to wait for its keys comes after later commands that have not.
    ///
    /// # Cost
    ///
    /// No round trip more; MULTI and EXEC on the wire. A batch with blocks is copied once when it is sent.
    ///
    /// # Example
    ///
    /// ```
    /// use redfleet_core::{Backend, Batch, Embedded};
    /// use redis::{Value, cmd};
    ///
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> redfleet_core::Result<()> {
    /// let node = Embedded::new();
    /// let mut batch = Batch::new();
    /// batch.push(cmd("INCR").arg("visits").take());
    /// batch.push(cmd("INCRBY").arg("mine").arg(-5).take());
    /// batch.push(cmd("INCRBY").arg("yours").arg(5).take());
    /// batch.make_atomic(1..3);
    /// let replies = node.call_batch(&batch).await?;
    /// assert!(matches!(replies[..], [Ok(Value::Int(1)), Ok(Value::Int(-5)), Ok(Value::Int(5))]));
    /// # Ok(())
    /// # }
    /// ```
    pub fn make_atomic(&mut self, commands: Range<usize>) {
        if !self.is_atomic() {
            self.blocks.add(commands.start..commands.end.min(self.len()));
        }
    }

    /// Adds a command and returns the index of its reply.
    pub fn push(&mut self, command: Cmd) -> usize {
        self.pipeline.add_command(command);
        self.pipeline.len() - 1
    }

    /// Adds a command that a shared connection takes, and returns the index of its reply: for queues that say at once what
    /// cannot run, as [`check_shared`](crate::check_shared) does. It is not looked at again when the batch is sent.
    ///
    /// # Errors
    ///
    /// Those of [`check_shared`](crate::check_shared); then it is not added.
    ///
    /// # Example
    ///
    /// ```
    /// use redfleet_core::Batch;
    /// use redis::cmd;
    ///
    /// let mut batch = Batch::new();
    /// assert_eq!(batch.push_shared(cmd("PING"))?, 0);
    /// assert!(batch.push_shared(cmd("MULTI")).is_err());
    /// assert_eq!(batch.len(), 1);
    /// # Ok::<(), redfleet_core::Error>(())
    /// ```
    pub fn push_shared(&mut self, command: Cmd) -> Result<usize> {
        check(&command, Place::Shared)?;
        self.shared += usize::from(self.shared == self.len());
        Ok(self.push(command))
    }

    /// Adds a script call and returns the index of its reply.
    ///
    /// The script's text goes along only where the server may not know it yet; see [`Script`](super::Script). So
    /// send the batch by [`BackendExt::send_batch`](crate::BackendExt::send_batch): [`Backend::call_batch`] alone
    /// does not look after scripts.
    ///
    /// [`Backend::call_batch`]: crate::Backend::call_batch
    pub fn push_script(&mut self, call: &ScriptCall) -> usize {
        // Any connection takes a script.
        self.shared += usize::from(self.shared == self.len());
        let index = self.push(call.by_hash());
        self.scripts.push((index, call.source()));
        index
    }

    /// Whether the batch is one transaction as a whole. If it is not, it may still have [blocks](Self::blocks).
    #[must_use]
    pub fn is_atomic(&self) -> bool {
        self.pipeline.is_transaction()
    }

    /// The commands that are transactions of their own, in order and without overlap; none in an atomic batch. Who
    /// writes a backend carries out each of them whole.
    #[must_use]
    pub fn blocks(&self) -> &[Range<usize>] {
        self.blocks.as_slice()
    }

    /// How many commands, and so how many replies, the batch has.
    #[must_use]
    pub fn len(&self) -> usize {
        self.pipeline.len()
    }

    /// Whether there is nothing to send.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.pipeline.is_empty()
    }

    /// The commands, in order.
    pub fn commands(&self) -> impl Iterator<Item = &Cmd> {
        self.pipeline.cmd_iter()
    }

    /// What is carried out at once, in order: all of an atomic batch, each block, and every other command by itself.
    pub(crate) fn portions(&self) -> impl Iterator<Item = Portion> {
        let whole = (self.is_atomic() && !self.is_empty()).then(|| Portion::Block(self.len()));
        let parts = if self.is_atomic() { 0 } else { self.len() };
        whole.into_iter().chain(self.blocks.portions(parts))
    }

    /// Whether this command is part of a transaction.
    pub(crate) fn is_in_transaction(&self, index: usize) -> bool {
        self.is_atomic() || self.blocks.contains(index)
    }

    /// The commands of which it is not known yet that a shared connection takes them.
    pub(super) fn unchecked(&self) -> impl Iterator<Item = &Cmd> {
        self.commands().skip(self.shared)
    }

    /// The commands as redis-rs takes them: it knows no blocks.
    pub(crate) const fn pipeline(&self) -> &Pipeline {
        &self.pipeline
    }

    /// Has ASKING go before every command, or before the MULTI of a transaction: it holds for the next
    /// command, and from MULTI on until EXEC. Its replies are no entries. Only for a slot on its way.
    pub(crate) const fn asking(mut self) -> Self {
        self.is_asking = true;
        self
    }

    /// Whether ASKING goes before every command, or before the MULTI of a transaction.
    pub(crate) const fn is_asking(&self) -> bool {
        self.is_asking
    }

    /// Which commands are script calls, and of which scripts.
    pub(crate) fn scripts(&self) -> &[(usize, Source)] {
        &self.scripts
    }

    /// The same batch with the whole text in every script call: for a [`call_batch`](crate::Backend::call_batch) by itself, which does
    /// not look after scripts that the server does not know.
    #[must_use]
    pub fn in_full(&self) -> Cow<'_, Self> {
        if self.scripts.is_empty() {
            return Cow::Borrowed(self);
        }
        Cow::Owned(self.with_scripts(|_, by_hash, source| source.in_full(by_hash)))
    }

    /// The same batch with every script call's command replaced by what `choose` returns for it.
    pub(crate) fn with_scripts(&self, mut choose: impl FnMut(usize, &Cmd, &Source) -> Cmd) -> Self {
        let mut scripts = self.scripts.iter().peekable();
        let mut pipeline = Pipeline::with_capacity(self.len());
        if self.is_atomic() {
            pipeline.atomic();
        }
        for (index, command) in self.commands().enumerate() {
            match scripts.next_if(|(at, _)| *at == index) {
                Some((_, source)) => pipeline.add_command(choose(index, command, source)),
                None => pipeline.add_command(command.clone()),
            };
        }
        Self {
            pipeline,
            scripts: Vec::new(),
            blocks: self.blocks.clone(),
            shared: self.shared,
            is_asking: self.is_asking,
        }
    }
}

/// Takes over the commands of a redis-rs pipeline; which replies it ignores stays the pipeline's own matter.
impl From<Pipeline> for Batch {
    fn from(pipeline: Pipeline) -> Self {
        Self { pipeline, ..Self::default() }
    }
}

impl FromIterator<Cmd> for Batch {
    fn from_iter<I: IntoIterator<Item = Cmd>>(commands: I) -> Self {
        let mut batch = Self::new();
        for command in commands {
            batch.push(command);
        }
        batch
    }
}

impl Extend<Cmd> for Batch {
    fn extend<I: IntoIterator<Item = Cmd>>(&mut self, commands: I) {
        for command in commands {
            self.push(command);
        }
    }
}

impl fmt::Debug for Batch {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let names: Vec<_> = self.commands().map(|command| word(name(command))).collect();
        let mut text = f.debug_struct("Batch");
        text.field("atomic", &self.is_atomic());
        if !self.blocks().is_empty() {
            text.field("blocks", &self.blocks());
        }
        text.field("commands", &names).finish()
    }
}

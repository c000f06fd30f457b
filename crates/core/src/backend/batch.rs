//! Several commands in one round trip.

use std::fmt;

use redis::{Cmd, Pipeline};

use super::script::{ScriptCall, Source};
use super::{name, word};

/// Commands that travel together: one round trip, one reply each.
///
/// A batch owns its commands; encoding them is the transport's work. An atomic batch is one MULTI/EXEC
/// transaction and is never split. Its text for `Debug` names the commands and holds no key and no value.
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
        self
    }

    /// Adds a command and returns the index of its reply.
    pub fn push(&mut self, command: Cmd) -> usize {
        self.pipeline.add_command(command);
        self.pipeline.len() - 1
    }

    /// Adds a script call and returns the index of its reply.
    ///
    /// The script's text goes along only where the server may not know it yet; see [`Script`](super::Script). So
    /// send the batch by [`BackendExt::send_batch`](crate::BackendExt::send_batch): [`Backend::call_batch`] alone
    /// does not look after scripts.
    ///
    /// [`Backend::call_batch`]: crate::Backend::call_batch
    pub fn push_script(&mut self, call: &ScriptCall) -> usize {
        let index = self.push(call.by_hash());
        self.scripts.push((index, call.source()));
        index
    }

    /// Forgets what was pushed after the first `len` commands.
    ///
    /// # Complexity
    ///
    /// The commands that stay are copied, so it costs as much as they are long: for roll-backs, which are rare.
    pub fn truncate(&mut self, len: usize) {
        if len >= self.len() {
            return;
        }
        let mut pipeline = Pipeline::with_capacity(len);
        if self.is_atomic() {
            pipeline.atomic();
        }
        for command in self.commands().take(len) {
            pipeline.add_command(command.clone());
        }
        self.pipeline = pipeline;
        self.scripts.retain(|(index, _)| *index < len);
    }

    /// The same batch with only those commands that are chosen, by their index.
    ///
    /// # Complexity
    ///
    /// What is chosen is copied.
    #[must_use]
    pub fn choose(&self, is_chosen: impl Fn(usize) -> bool) -> Self {
        let mut chosen = Self::new();
        if self.is_atomic() {
            chosen = chosen.atomic();
        }
        let mut scripts = self.scripts.iter().peekable();
        for (index, command) in self.commands().enumerate() {
            let script = scripts.next_if(|(at, _)| *at == index);
            if is_chosen(index) {
                let at = chosen.push(command.clone());
                chosen.scripts.extend(script.map(|(_, source)| (at, source.clone())));
            }
        }
        chosen
    }

    /// Whether the batch is one transaction.
    #[must_use]
    pub fn is_atomic(&self) -> bool {
        self.pipeline.is_transaction()
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

    /// The commands as redis-rs takes them.
    pub(crate) const fn pipeline(&self) -> &Pipeline {
        &self.pipeline
    }

    /// Has ASKING go before every command, or before the MULTI of an atomic batch: it holds for the next
    /// command, and from MULTI on until EXEC. Its replies are no entries. Only for a slot on its way.
    pub(crate) const fn asking(mut self) -> Self {
        self.is_asking = true;
        self
    }

    /// Whether ASKING goes before every command, or before the MULTI of an atomic batch.
    pub(crate) const fn is_asking(&self) -> bool {
        self.is_asking
    }

    /// Which commands are script calls, and of which scripts.
    pub(crate) fn scripts(&self) -> &[(usize, Source)] {
        &self.scripts
    }

    /// The same batch with every script call's command replaced by what `choose` returns for it.
    pub(crate) fn with_scripts(&self, mut choose: impl FnMut(&Cmd, &Source) -> Cmd) -> Self {
        let mut scripts = self.scripts.iter().peekable();
        let mut pipeline = Pipeline::with_capacity(self.len());
        if self.is_atomic() {
            pipeline.atomic();
        }
        for (index, command) in self.commands().enumerate() {
            match scripts.next_if(|(at, _)| *at == index) {
                Some((_, source)) => pipeline.add_command(choose(command, source)),
                None => pipeline.add_command(command.clone()),
            };
        }
        Self { pipeline, scripts: Vec::new(), is_asking: self.is_asking }
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
        f.debug_struct("Batch").field("atomic", &self.is_atomic()).field("commands", &names).finish()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Script;

    #[test]
    fn a_shortened_batch_forgets_the_commands_and_scripts_beyond() {
        let script = Script::new("return 1");
        let mut batch = Batch::new().atomic();
        batch.push(redis::cmd("GET"));
        batch.push_script(&script.call());
        batch.push(redis::cmd("SET"));
        batch.push_script(&script.call());
        batch.truncate(7);
        assert_eq!(batch.len(), 4);
        batch.truncate(2);
        assert_eq!(format!("{batch:?}"), r#"Batch { atomic: true, commands: ["GET", "EVALSHA"] }"#);
        assert_eq!(batch.scripts().iter().map(|(index, _)| *index).collect::<Vec<_>>(), [1]);
        assert_eq!(batch.push(redis::cmd("DEL")), 2, "and goes on from there");
    }

    #[test]
    fn a_choice_keeps_the_scripts_of_what_was_chosen() {
        let script = Script::new("return 1");
        let mut batch = Batch::new();
        batch.push(redis::cmd("GET"));
        batch.push_script(&script.call());
        batch.push(redis::cmd("SET"));
        batch.push_script(&script.call());
        let chosen = batch.choose(|index| index != 1);
        assert_eq!(format!("{chosen:?}"), r#"Batch { atomic: false, commands: ["GET", "SET", "EVALSHA"] }"#);
        assert_eq!(chosen.scripts().iter().map(|(index, _)| *index).collect::<Vec<_>>(), [2]);
    }
}
impl Batch {
    /// tmp
    pub fn make_atomic(&mut self, _r: std::ops::Range<usize>) {}
}

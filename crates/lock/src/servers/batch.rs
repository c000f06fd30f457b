//! How a server is asked for many votes at once.

use redfleet_core::{BackendExt, Batch, Effect, Error, Incarnation, Node, Result, ScriptCall};

use super::Servers;
use super::ask::{Parts, left_ms, quarantined};

/// What a server said to calls of scripts that vote, where it may vote.
#[derive(Debug)]
pub(crate) struct SaidAll {
    /// The first word of each reply, in the order of the calls. A call that was refused, or that may not vote, has its own error.
    pub(crate) words: Vec<Result<String>>,
    /// Who said it: only while this is still who answers does it count.
    pub(crate) by: Incarnation,
}

impl Servers {
    /// As [`ask`](Self::ask), for many calls in one batch: `calls` makes them from the mark that the server must have, and makes as
    /// many each time. What they did is done again if the server's mark turned out to be another one, so they must bear repeating.
    ///
    /// # Cost
    ///
    /// One round trip, and two more where the server has to be enlisted again.
    pub(crate) async fn ask_all(
        &self,
        node: &Node,
        calls: impl Fn(&str) -> Vec<ScriptCall> + Send,
    ) -> Result<SaidAll> {
        for _ in 0..2 {
            let enlisted = self.enlisted(node).await?;
            let asked = self.now();
            let batch = batch(&calls(&enlisted.mark));
            let entries = node.send_batch(&batch).await?;
            let heard = self.now();
            let replies: Vec<Result<Parts>> =
                entries.into_iter().map(|entry| entry.and_then(Parts::of)).collect();
            // Once for the batch: its replies are no round trips of their own.
            let Some(first) = replies.iter().find_map(|reply| reply.as_ref().ok()) else {
                return Ok(SaidAll { words: replies.into_iter().map(word).collect(), by: enlisted.by });
            };
            self.told(node, first.told_us, asked, heard).await?;
            if replies.iter().flatten().any(|parts| parts.word == "mark") {
                self.server(node)?.forget(&enlisted.mark);
                continue;
            }
            match replies.iter().flatten().find(|parts| parts.word == "quarantine") {
                Some(parts) => drop(self.quarantined(node, &parts.rest)),
                None => self.answered(node, enlisted.is_warm, heard.saturating_sub(asked)),
            }
            return Ok(SaidAll { words: replies.into_iter().map(word).collect(), by: enlisted.by });
        }
        Err(Error::declined("it began a new life while it was asked", Effect::None))
    }
}

fn batch(calls: &[ScriptCall]) -> Batch {
    let mut batch = Batch::with_capacity(calls.len());
    for call in calls {
        batch.push_script(call);
    }
    batch
}

fn word(reply: Result<Parts>) -> Result<String> {
    let Parts { word, rest, .. } = reply?;
    if word == "quarantine" { Err(quarantined(left_ms(&rest))) } else { Ok(word) }
}

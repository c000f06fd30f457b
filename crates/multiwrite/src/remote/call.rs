//! The script of a round: how it gets to the remote, and what comes back.

use std::sync::LazyLock;

use redfleet_core::{Backend, Batch, Error, Result, Script, mutant};
use redis::{Cmd, Value};

use super::watermark::{Mark, Watermarks};
use super::{pack, vouched};
use crate::entry::Entry;

/// What every round's script goes on with, behind the functions that somebody vouched for.
static BODY: LazyLock<String> = LazyLock::new(|| {
    let body = include_str!("../scripts/ship.lua");
    let is_wrong = mutant::is_on("watermark_is_ignored");
    if is_wrong {
        body.replace("local marked = call('GET', KEYS[1]) or '0'", "local marked = ARGV[4]")
    } else {
        body.into()
    }
});
pub(super) static TEXT: LazyLock<String> = LazyLock::new(|| format!("{}{}", vouched::NONE, *BODY));
static SCRIPT: LazyLock<Script> = LazyLock::new(|| Script::new(&TEXT));

/// Entries of one lane that go into one script, by their index in the round.
#[derive(Debug)]
pub(super) struct Call<'a> {
    pub(super) lane: u16,
    pub(super) entries: Vec<(usize, &'a Entry)>,
}

impl Call<'_> {
    /// By the script's hash, or with the whole text where the server does not know it.
    fn command(&self, mark: &Mark, is_known: bool) -> Cmd {
        let entries: Vec<&Entry> = self.entries.iter().map(|(_, entry)| *entry).collect();
        let vouched = entries.first().filter(|entry| vouched::is_in(entry));
        match vouched.and_then(|entry| vouched::functions(entry).ok()) {
            Some(functions) => pack::pack("EVAL", &format!("{functions}{}", *BODY), mark, &entries),
            None if is_known => pack::pack("EVALSHA", SCRIPT.hash(), mark, &entries),
            None => pack::pack("EVAL", &TEXT, mark, &entries),
        }
    }
}

/// One reply a call.
///
/// # Cost
///
/// One round trip, and one more if the server does not know the script.
pub(super) async fn exchange(
    calls: &[Call<'_>],
    remote: &dyn Backend,
    marks: &mut Watermarks,
    source: &str,
) -> Vec<Result<Value>> {
    let is_sharded = remote.is_sharded();
    let mut command =
        |call: &Call<'_>, is_known| call.command(marks.of(call.lane, is_sharded, source), is_known);
    let mut replies = deliver(remote, calls.iter().map(|call| command(call, true)).collect()).await;
    let is_missing = |reply: &Result<Value>| matches!(reply, Err(error) if error.code() == Some("NOSCRIPT"));
    let missing: Vec<_> = calls.iter().zip(&mut replies).filter(|(_, reply)| is_missing(reply)).collect();
    if !missing.is_empty() {
        let in_full = missing.iter().map(|(call, _)| command(call, false)).collect();
        for ((_, slot), reply) in missing.into_iter().zip(deliver(remote, in_full).await) {
            *slot = reply;
        }
    }
    replies
}

/// One reply a command.
async fn deliver(remote: &dyn Backend, mut commands: Vec<Cmd>) -> Vec<Result<Value>> {
    let count = commands.len();
    if count == 1
        && let Some(command) = commands.pop()
    {
        return vec![remote.call(&command).await];
    }
    let batch: Batch = commands.into_iter().collect();
    let mut replies = remote.call_batch(&batch).await.unwrap_or_else(|error| vec![Err(error); count]);
    replies.resize_with(count, || Err(Error::Unanswered));
    replies
}

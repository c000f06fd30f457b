//! Lua scripts: named by their hash, sent in full only where the server does not know them.

use std::fmt;
use std::sync::{Arc, Mutex};

use redis::{Cmd, FromRedisValue, ToRedisArgs};

use super::{Backend, BackendExt, Batch, Incarnation};
use crate::error::{Error, Result};
use crate::lock::lock;

/// A Lua script, to be kept for the life of the program (in a `static`, say).
///
/// # Cost
///
/// One round trip a call: EVALSHA. Where the server does not know the script (NOSCRIPT: the first call, a
/// restart, SCRIPT FLUSH) one more, EVAL with the whole text, which also loads it. Inside a [`Batch`] that is
/// sent by [`BackendExt::send_batch`], the first use on each incarnation of a server goes as EVAL within the same round
/// trip, so the order of the batch holds; an atomic batch, or block of one, always sends the text, because a
/// transaction cannot be mended afterwards.
///
/// # Example
///
/// ```
/// use redfleet_core::{Script, test_util::Scripted};
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> redfleet_core::Result<()> {
/// let add = Script::new("return redis.call('INCRBY', KEYS[1], ARGV[1])");
/// let node = Scripted::new().on("EVALSHA", ":5\r\n");
/// let sum: i64 = add.key("total").arg(5).run(&node).await?;
/// assert_eq!(sum, 5);
/// # Ok(())
/// # }
/// ```
#[derive(Clone)]
pub struct Script {
    source: Source,
}

/// A script's text and its hash.
#[derive(Clone)]
pub(crate) struct Source(Arc<Inner>);

struct Inner {
    text: Box<str>,
    hash: Box<str>,
}

/// Which scripts one server is known to have. It belongs to the connection and not to the script, because a script lives
/// as long as the process: what one user of it has loaded must not decide what another one sends.
#[derive(Debug, Default)]
pub(crate) struct Loaded {
    /// Their hashes, the newest last.
    hashes: Mutex<Vec<Box<str>>>,
}

/// How many scripts are remembered of a server; more only cost bytes, never correctness.
const MAX_LOADED: usize = 256;

impl Script {
    /// A script with this text.
    #[must_use]
    pub fn new(text: &str) -> Self {
        let hash = redis::Script::new(text).get_hash().into();
        Self { source: Source(Arc::new(Inner { text: text.into(), hash })) }
    }

    /// The SHA1 of the text, as EVALSHA takes it.
    #[must_use]
    pub fn hash(&self) -> &str {
        &self.source.0.hash
    }

    /// A call with no key and no argument yet.
    #[must_use]
    pub fn call(&self) -> ScriptCall {
        // As many words, and as long ones, as most calls have: what is more makes them grow.
        let words = || Cmd::with_capacity(8, 256);
        ScriptCall { source: self.source.clone(), keys: words(), args: words() }
    }

    /// A call with one key; more may follow.
    #[must_use]
    pub fn key(&self, key: impl ToRedisArgs) -> ScriptCall {
        self.call().key(key)
    }

    /// A call with one argument; more may follow.
    #[must_use]
    pub fn arg(&self, arg: impl ToRedisArgs) -> ScriptCall {
        self.call().arg(arg)
    }
}

impl fmt::Debug for Script {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Script").field("hash", &self.hash()).finish_non_exhaustive()
    }
}

/// One call of a [`Script`]: its KEYS and its ARGV.
#[derive(Clone)]
pub struct ScriptCall {
    source: Source,
    /// The keys, as commands hold their words: all in one piece.
    keys: Cmd,
    args: Cmd,
}

impl ScriptCall {
    /// Adds to KEYS.
    #[must_use]
    pub fn key(mut self, key: impl ToRedisArgs) -> Self {
        key.write_redis_args(&mut self.keys);
        self
    }

    /// Adds to ARGV.
    #[must_use]
    pub fn arg(mut self, arg: impl ToRedisArgs) -> Self {
        arg.write_redis_args(&mut self.args);
        self
    }

    /// Runs the script.
    ///
    /// # Errors
    ///
    /// What [`Backend::call`] answers; [`Error::Conversion`] if the reply is no `T`.
    pub async fn run<T: FromRedisValue>(&self, node: &(impl Backend + ?Sized)) -> Result<T> {
        let by_hash = self.by_hash();
        match node.query(&by_hash).await {
            Err(error) if error.code() == Some("NOSCRIPT") => node.query(self.source.in_full(&by_hash)).await,
            answer => answer,
        }
    }

    /// The call as a command, EVALSHA: for those who look at its keys before they send it.
    #[must_use]
    pub fn command(&self) -> Cmd {
        self.by_hash()
    }

    /// The call as EVALSHA.
    pub(crate) fn by_hash(&self) -> Cmd {
        // The name, the hash and the number of keys take at most 70 bytes.
        let (keys, args) = (words(&self.keys), words(&self.args));
        let (mut count, mut size) = (3, 70);
        for word in words(&self.keys).chain(words(&self.args)) {
            count += 1;
            size += word.len();
        }
        let mut command = Cmd::with_capacity(count, size);
        command.arg("EVALSHA").arg(&*self.source.0.hash).arg(words(&self.keys).count());
        for word in keys.chain(args) {
            command.arg(word);
        }
        command
    }

    pub(crate) fn source(&self) -> Source {
        self.source.clone()
    }
}

impl fmt::Debug for ScriptCall {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ScriptCall")
            .field("hash", &self.source.0.hash)
            .field("keys", &words(&self.keys).count())
            .field("args", &words(&self.args).count())
            .finish()
    }
}

/// The words of a command; where a cursor would be, there is none.
fn words(command: &Cmd) -> impl Iterator<Item = &[u8]> {
    command
        .args_iter()
        .filter_map(|word| if let redis::Arg::Simple(bytes) = word { Some(bytes) } else { None })
}

impl Source {
    /// The same call with the whole text: EVAL.
    pub(super) fn in_full(&self, by_hash: &Cmd) -> Cmd {
        let mut command = Cmd::new();
        command.arg("EVAL").arg(&*self.0.text);
        for word in words(by_hash).skip(2) {
            command.arg(word);
        }
        command
    }

    /// Without a run id nobody knows whether the server is still the same one.
    fn is_known_to(&self, server: Option<&Incarnation>) -> bool {
        let server = server.filter(|server| server.run_id().is_some());
        server.is_some_and(|server| lock(&server.loaded().hashes).contains(&self.0.hash))
    }

    fn set_known_to(&self, server: Option<&Incarnation>, is_known: bool) {
        let Some(server) = server else { return };
        let mut hashes = lock(&server.loaded().hashes);
        hashes.retain(|other| *other != self.0.hash);
        if is_known {
            if hashes.len() == MAX_LOADED {
                hashes.remove(0);
            }
            hashes.push(self.0.hash.clone());
        }
    }
}

/// Sends a batch whose script calls are served wherever they land.
pub(crate) async fn send_batch(
    node: &(impl Backend + ?Sized),
    batch: &Batch,
) -> Result<Vec<Result<redis::Value>>> {
    if batch.scripts().is_empty() {
        return node.call_batch(batch).await;
    }
    let mut entries = Vec::new();
    // Kept elsewhere, so that batches without scripts do not carry its future around.
    Box::pin(send_with_scripts(node, batch, &mut entries)).await?;
    Ok(entries)
}

/// The same into a list, which holds what was answered also if the future is dropped.
pub(crate) async fn send_batch_into(
    node: &(impl Backend + ?Sized),
    batch: &Batch,
    entries: &mut Vec<Result<redis::Value>>,
) -> Result<()> {
    if batch.scripts().is_empty() {
        *entries = node.call_batch(batch).await?;
        return Ok(());
    }
    Box::pin(send_with_scripts(node, batch, entries)).await
}

async fn send_with_scripts(
    node: &(impl Backend + ?Sized),
    batch: &Batch,
    replies: &mut Vec<Result<redis::Value>>,
) -> Result<()> {
    let server = node.incarnation();
    let in_full = batch.with_scripts(|index, by_hash, source| {
        if batch.is_in_transaction(index) || !source.is_known_to(server.as_ref()) {
            source.in_full(by_hash)
        } else {
            by_hash.clone()
        }
    });
    *replies = node.call_batch(&in_full).await?;
    let is_same_server = server.is_some() && server == node.incarnation();

    let mut missing = Vec::new();
    for (index, source) in batch.scripts() {
        let reply = replies.get(*index);
        let was_forgotten = matches!(reply, Some(Err(error)) if error.code() == Some("NOSCRIPT"));
        // Any other error may have come before the script was even looked at.
        if is_same_server && (was_forgotten || matches!(reply, Some(Ok(_)))) {
            source.set_known_to(server.as_ref(), !was_forgotten);
        }
        if was_forgotten && !batch.is_in_transaction(*index) {
            missing.push((*index, source));
        }
    }
    if missing.is_empty() {
        return Ok(());
    }

    // From here on they may have been carried out.
    for (index, _) in &missing {
        replies.iter_mut().skip(*index).take(1).for_each(|slot| *slot = Err(Error::Unanswered));
    }
    let again: Batch = missing
        .iter()
        .filter_map(|(index, source)| Some(source.in_full(batch.commands().nth(*index)?)))
        .collect();
    let late = node.call_batch(&again).await;
    for (position, (index, _)) in missing.iter().enumerate() {
        let reply = match &late {
            Ok(late) => late.get(position).cloned().unwrap_or(Err(Error::Unanswered)),
            Err(error) => Err(error.clone()),
        };
        if let Some(slot) = replies.get_mut(*index) {
            *slot = reply;
        }
    }
    Ok(())
}

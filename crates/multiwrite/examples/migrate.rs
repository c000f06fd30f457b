//! Moves a live keyspace from one server to another, and shows that nothing is lost.
//!
//! ```text
//! cargo run --example migrate                                                  embedded servers, and a load on them
//! cargo run --example migrate -- redis://old redis://new --only users:         copies what is there, and compares
//! cargo run --example migrate -- redis://old redis://new --only users: --load  the same under writes of its own
//! ```
//!
//! What others write to the old server past this process is not seen: a service that moves does what is here in its own process,
//! and writes `everywhere()`.

use std::error::Error;
use std::io::{self, Write};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use redfleet_core::test_util::Stage;
use redfleet_core::{Backend, BackendExt, connect};
use redfleet_multiwrite::{Everywhere, MultiWrite, RemoteHealth, RemoteOptions, Report};
use redis::{AsyncCommands, RedisResult, cmd};
use tokio::task::{JoinError, JoinSet};
use tokio::time::{Instant, sleep};

const USAGE: &str = "usage: migrate [OLD NEW] [--only PREFIX].. [--load] [--delete-there]";
const NEW: &str = "new";
const WRITERS: usize = 8;
/// How many keys of each kind a load of its own writes.
const KEYS: usize = 3989;
/// How long the load goes on before the move begins.
const HEAD_START: Duration = Duration::from_secs(1);
/// How long a step may take.
const PATIENCE: Duration = Duration::from_secs(3600);
/// How often it is told how far the copy is.
const TICK: Duration = Duration::from_millis(250);
/// How many keys that differ are told by name.
const TOLD: usize = 10;

#[derive(Debug, Default)]
struct Options {
    urls: Vec<String>,
    prefixes: Vec<String>,
    has_load: bool,
    may_delete: bool,
    is_embedded: bool,
}

impl Options {
    fn parse(mut words: impl Iterator<Item = String>) -> Result<Self, String> {
        let mut options = Self::default();
        while let Some(word) = words.next() {
            match word.as_str() {
                "--only" => options.prefixes.push(words.next().ok_or(USAGE)?),
                "--load" => options.has_load = true,
                "--delete-there" => options.may_delete = true,
                flag if flag.starts_with('-') => return Err(format!("unknown option {flag}\n{USAGE}")),
                url => options.urls.push(url.to_owned()),
            }
        }
        Ok(options)
    }

    /// What has to be said of the times that are told.
    const fn aside(&self) -> &'static str {
        if self.is_embedded { " (both servers and all writers share one thread here)" } else { "" }
    }
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Box<dyn Error>> {
    let mut out = io::stdout();
    let mut options = Options::parse(std::env::args().skip(1))?;
    let stage = Stage::embedded(2)?;
    if options.urls.is_empty() {
        options.urls = stage.urls();
        (options.has_load, options.is_embedded) = (true, true);
    }
    let [old, new] = <[_; 2]>::try_from(options.urls.clone()).map_err(|_| USAGE)?;
    let (old, new) = (connect(&old)?, connect(&new)?);
    let (keys, there) = (size(&*old).await?, size(&*new).await?);
    writeln!(out, "The old server has {keys} keys, the new one {there}.")?;
    if there > 0 && !options.may_delete {
        let why = "the new server is not empty: what the old one does not have is deleted there, within --only; \
                   if that is meant, say --delete-there";
        return Err(why.into());
    }
    migrate(&mut out, old, new, &options).await
}

async fn migrate(
    out: &mut impl Write,
    old: Arc<dyn Backend>,
    new: Arc<dyn Backend>,
    options: &Options,
) -> Result<(), Box<dyn Error>> {
    // The old server is the one whose word counts, until the very end.
    let builder = MultiWrite::builder(old);
    let store = options.prefixes.iter().fold(builder, |builder, prefix| builder.only(prefix)).build()?;
    let load = options.has_load.then(|| Load::begin(&store, options));
    if load.is_some() {
        writeln!(out, "{WRITERS} writers write to the old one, by `everywhere()`.")?;
        sleep(HEAD_START).await;
    }

    writeln!(out, "\n1. The new one becomes a remote: each write goes there too, and everything is copied.")?;
    let started = Instant::now();
    store.add_remote(NEW, new, RemoteOptions::new())?;
    follow(out, &store).await?;
    writeln!(out, "   all of it is there after {} ms", started.elapsed().as_millis())?;

    writeln!(out, "\n2. Both are compared, while they are written.")?;
    let mut report = store.verify(NEW).await?;
    tell(out, &report)?;

    if let Some(load) = load {
        writeln!(out, "\n3. The writers stop.")?;
        let written = load.end().await?;
        let stopped = Instant::now();
        store.flush(PATIENCE).await?;
        let waits = (written.typical(started, false), written.typical(started, true));
        writeln!(
            out,
            "   {} writes, none failed; the last is there {} us later",
            written.len(),
            stopped.elapsed().as_micros()
        )?;
        writeln!(
            out,
            "   half of them took less than {} us before the move, {} us during it{}",
            waits.0,
            waits.1,
            options.aside()
        )?;
        report = store.verify(NEW).await?;
        tell(out, &report)?;
    }
    store.shutdown(PATIENCE).await?;
    if !report.is_equal() {
        return Err("the servers differ: who else writes to them?".into());
    }
    writeln!(
        out,
        "\nNow readers may go to the new server, then writers. Keep the old one until nobody asks it any more."
    )?;
    Ok(())
}

/// How many keys a server has.
async fn size(server: &dyn Backend) -> redfleet_core::Result<u64> {
    server.query(cmd("DBSIZE")).await
}

/// Tells how far the copy is, until all is there.
async fn follow(out: &mut impl Write, store: &MultiWrite) -> Result<(), Box<dyn Error>> {
    while store.flush(TICK).await.is_err() {
        for remote in store.health() {
            progress(out, &remote)?;
            if let Some(why) = remote.halted {
                return Err(why.into());
            }
        }
    }
    store.health().iter().try_for_each(|remote| progress(out, remote))?;
    Ok(())
}

fn progress(out: &mut impl Write, remote: &RemoteHealth) -> io::Result<()> {
    let followed = remote.acked.saturating_sub(remote.copies);
    let error = remote.last_error.as_ref().map(|error| format!("; {error}")).unwrap_or_default();
    writeln!(
        out,
        "   {:>8} keys copied, {followed:>6} writes followed, {:>4} on their way{error}",
        remote.copies, remote.entries
    )
}

/// Tells what a comparison found, with the names of some keys.
fn tell(out: &mut impl Write, report: &Report) -> io::Result<()> {
    writeln!(out, "   {report}")?;
    for difference in report.differences.iter().take(TOLD) {
        writeln!(out, "     {:?}: {}", difference.kind, difference.key.escape_ascii())?;
    }
    Ok(())
}

/// Writers that go on while the keyspace moves.
struct Load {
    writers: JoinSet<RedisResult<Written>>,
    is_over: Arc<AtomicBool>,
}

/// When each write began, and how long it took.
#[derive(Default)]
struct Written(Vec<(Instant, Duration)>);

impl Written {
    fn len(&self) -> usize {
        self.0.len()
    }

    /// The median time of the writes before this moment, or after it, in microseconds.
    fn typical(&self, moment: Instant, is_after: bool) -> u128 {
        let mut waits: Vec<_> = self
            .0
            .iter()
            .filter(|(began, _)| (*began >= moment) == is_after)
            .map(|(_, wait)| *wait)
            .collect();
        waits.sort_unstable();
        waits.get(waits.len() / 2).map_or(0, Duration::as_micros)
    }
}

impl Load {
    fn begin(store: &MultiWrite, options: &Options) -> Self {
        let prefix = format!("{}redfleet:migrate:", options.prefixes.first().map_or("", String::as_str));
        let is_over = Arc::new(AtomicBool::new(false));
        let mut writers = JoinSet::new();
        for writer in 0..WRITERS {
            writers.spawn(write(store.everywhere(), prefix.clone(), writer, Arc::clone(&is_over)));
        }
        Self { writers, is_over }
    }

    /// Ends it. None of the writes may have failed.
    async fn end(mut self) -> Result<Written, Box<dyn Error>> {
        self.is_over.store(true, Ordering::Relaxed);
        let mut all = Written::default();
        while let Some(ended) = self.writers.join_next().await {
            all.0.extend(ended.map_err(|error: JoinError| error.to_string())??.0);
        }
        Ok(all)
    }
}

/// Writes all kinds of values everywhere until it is over.
async fn write(
    mut everywhere: Everywhere,
    prefix: String,
    writer: usize,
    is_over: Arc<AtomicBool>,
) -> RedisResult<Written> {
    let mut written = Written::default();
    while !is_over.load(Ordering::Relaxed) {
        let number = written.len() * WRITERS + writer;
        let key = |kind: &str| format!("{prefix}{kind}:{}", number * 31 % KEYS);
        let began = Instant::now();
        let () = match written.len() % 5 {
            0 => everywhere.incr(key("counter"), 1).await?,
            1 => everywhere.rpush(key("list"), number).await?,
            2 => everywhere.set_ex(key("session"), number, 600).await?,
            3 => everywhere.zadd(key("board"), "player", number).await?,
            _ => everywhere.del(key("session")).await?,
        };
        written.0.push((began, began.elapsed()));
    }
    Ok(written)
}

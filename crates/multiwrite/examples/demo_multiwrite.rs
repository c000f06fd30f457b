//! Scene `multiwrite`: one store and two copies of it, written all the time, while one copy dies and comes back.

use std::error::Error;
use std::io::{self, Write};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use redfleet_core::connect;
use redfleet_core::test_util::Stage;
use redfleet_multiwrite::{Everywhere, MultiWrite, RemoteHealth, RemoteOptions};
use redis::{AsyncCommands, RedisResult};
use tokio::task::JoinSet;
use tokio::time::{Instant, sleep};

const WRITERS: usize = 4;
/// How many keys of each kind are written.
const KEYS: usize = 300;
/// How many writes a remote's queue takes here, so that it overflows before one's eyes.
const MAX_ENTRIES: usize = 1000;
/// How many are sent in one round here, so that it is seen how the lag shrinks.
const ROUND_ENTRIES: usize = 100;
/// How often it is drawn what remotes lack.
const TICK: Duration = Duration::from_millis(150);
/// The same while it shrinks.
const SHORT_TICK: Duration = Duration::from_millis(10);
/// How much lag one `#` is.
const MARK: usize = 50;
/// Longer than anything here takes.
const LONG: Duration = Duration::from_secs(60);

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Box<dyn Error>> {
    let mut out = io::stdout();
    let stage = Stage::from_args(3).await?;
    let [here, eu, us] = <[_; 3]>::try_from(stage.urls()).map_err(|_| "the scene needs three servers")?;
    let prefix = format!("redfleet:demo:{}:", std::process::id());
    let options = || {
        let pauses = (Duration::from_millis(10), Duration::from_millis(200));
        RemoteOptions::new().max_entries(MAX_ENTRIES).round_entries(ROUND_ENTRIES).retries(pauses.0, pauses.1)
    };
    let store = MultiWrite::builder(connect(&here)?)
        .remote_with("eu", connect(&eu)?, options())
        .remote_with("us", connect(&us)?, options())
        .only(&prefix)
        .build()?;
    writeln!(
        out,
        "A store and its copies `eu` and `us`. {WRITERS} writers write everywhere, and do not stop.\n"
    )?;

    let is_over = Arc::new(AtomicBool::new(false));
    let mut writers = JoinSet::new();
    for writer in 0..WRITERS {
        writers.spawn(write(store.everywhere(), prefix.clone(), writer, Arc::clone(&is_over)));
    }
    let mut screen = Screen { started: Instant::now(), out: &mut out };
    screen.watch(&store, 3).await?;

    stage.kill(1).await;
    screen.say("`eu` is killed. Of what its queue has no room for, the keys are kept.")?;
    screen.watch(&store, 12).await?;

    stage.restart(1).await;
    screen.say("`eu` is started again. What is queued arrives, each write once, and keys are copied.")?;
    screen.watch_until_there(&store, "eu").await?;
    screen.watch(&store, 3).await?;

    is_over.store(true, Ordering::Relaxed);
    let mut writes = 0;
    while let Some(written) = writers.join_next().await {
        writes += written??;
    }
    store.flush(LONG).await?;
    writeln!(out, "\nAfter {writes} writes, of which none failed or waited for `eu`:")?;
    for name in ["eu", "us"] {
        writeln!(out, "  {name}: {}", store.verify(name).await?)?;
    }
    clear(&store, &prefix).await?;
    Ok(store.shutdown(LONG).await?)
}

/// Writes all kinds of values everywhere until it is over: how many. None of it may fail.
async fn write(
    mut everywhere: Everywhere,
    prefix: String,
    writer: usize,
    is_over: Arc<AtomicBool>,
) -> RedisResult<usize> {
    let mut writes = 0;
    while !is_over.load(Ordering::Relaxed) {
        let key = |kind: &str| format!("{prefix}{kind}:{}", (writes * 7 + writer) % KEYS);
        let () = match writes % 4 {
            0 => everywhere.incr(key("visits"), 1).await?,
            1 => everywhere.rpush(key("log"), writes).await?,
            2 => everywhere.set_ex(key("session"), writes, 3600).await?,
            _ => everywhere.hset(key("user"), "seen", writes).await?,
        };
        writes += 1;
        sleep(Duration::from_millis(2)).await;
    }
    Ok(writes)
}

/// Draws what each remote lacks.
struct Screen<'a, W> {
    started: Instant,
    out: &'a mut W,
}

impl<W: Write> Screen<'_, W> {
    fn say(&mut self, text: &str) -> io::Result<()> {
        writeln!(self.out, "\n{text}")
    }

    /// A line a tick.
    async fn watch(&mut self, store: &MultiWrite, ticks: usize) -> io::Result<()> {
        for _ in 0..ticks {
            sleep(TICK).await;
            self.draw(&store.health())?;
        }
        Ok(())
    }

    /// A line whenever this remote lacks a mark more or less, until it lacks hardly anything.
    async fn watch_until_there(&mut self, store: &MultiWrite, name: &str) -> Result<(), Box<dyn Error>> {
        let mut drawn = usize::MAX;
        let until = Instant::now() + LONG;
        while Instant::now() < until {
            let health = store.health();
            let remote = health.iter().find(|remote| &*remote.name == name).ok_or("it was removed")?;
            let marks = lag(remote).div_ceil(MARK);
            if marks != drawn {
                self.draw(&health)?;
                drawn = marks;
            }
            if marks <= 1 {
                return Ok(());
            }
            sleep(SHORT_TICK).await;
        }
        Err(format!("`{name}` did not come back").into())
    }

    fn draw(&mut self, health: &[RemoteHealth]) -> io::Result<()> {
        write!(self.out, "  {:>5} ms", self.started.elapsed().as_millis())?;
        for remote in health.iter().rev() {
            write!(self.out, "   {} {:>4} writes", remote.name, remote.entries)?;
            if &*remote.name == "eu" {
                let state = if remote.is_down { "down" } else { "" };
                let bar = "#".repeat(lag(remote).div_ceil(MARK));
                write!(self.out, " {:>4} keys {state:<4} {bar}", remote.dirty_keys)?;
            }
        }
        writeln!(self.out)?;
        self.out.flush()
    }
}

/// What a remote lacks: writes on their way, and keys to be copied.
const fn lag(remote: &RemoteHealth) -> usize {
    remote.entries + remote.dirty_keys
}

/// Takes away what was written, everywhere.
async fn clear(store: &MultiWrite, prefix: &str) -> Result<(), Box<dyn Error>> {
    let mut local = store.clone();
    let mut keys = Vec::new();
    let mut scan = local.scan_match::<_, String>(format!("{prefix}*")).await?;
    while let Some(key) = scan.next_item().await {
        keys.push(key?);
    }
    drop(scan);
    let () = store.everywhere().del(keys).await?;
    Ok(())
}

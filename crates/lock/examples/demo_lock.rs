//! Scene `lock`: two workers want one lock on five servers, of which some are killed and come back. Never do two hold it.

use std::error::Error;
use std::io::{self, Write};
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use redfleet_core::test_util::Stage;
use redfleet_core::{Fleet, Policy};
use redfleet_lock::{Fence, Lease, Locks};
use redis::cmd;
use tokio::task::JoinSet;
use tokio::time::{Instant, sleep};

const LOCK: &str = "printer";
/// Short, so that one sees within seconds what a server does that may have forgotten a lease: nothing, until that is over.
const TTL: Duration = Duration::from_secs(1);
/// How long a worker works.
const WORK: Duration = Duration::from_millis(120);
/// How long it lets the other one.
const PAUSE: Duration = Duration::from_millis(25);
/// How long each act lasts.
const ACT: Duration = Duration::from_millis(1300);

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Box<dyn Error>> {
    let stage = Stage::from_args(5).await?;
    let namespace = format!("demo-{}", std::process::id());
    let urls = stage.urls();
    let scene = Arc::new(Scene::new());
    scene
        .say("Two workers, each with connections of its own to five servers, want one lock all the time.")?;

    let mut workers = JoinSet::new();
    for worker in ["a", "b"] {
        let fleet = Fleet::builder().connect(&urls)?.deadline(Duration::from_millis(500)).build()?;
        let locks = Locks::builder(fleet).namespace(&namespace).ttl(TTL).max_ttl(TTL).new_fleet().build()?;
        workers.spawn(work(worker, locks, Arc::clone(&scene)));
    }
    go_on(&mut workers, sleep(ACT)).await?;

    for server in [0, 1] {
        stage.kill(server).await;
    }
    scene.say("Servers n0 and n1 are killed. Three of five are a majority:")?;
    go_on(&mut workers, sleep(ACT)).await?;

    stage.kill(2).await;
    scene.say("n2 is killed too. Two of five are none, so nobody can have the lock:")?;
    go_on(&mut workers, sleep(ACT)).await?;

    for server in [0, 1, 2] {
        stage.restart(server).await;
    }
    scene.say(
        "All three are started again. They may have forgotten a lease, so they do not vote until its time is over:",
    )?;
    go_on(&mut workers, scene.until_held_again(5)).await??;

    scene.is_over.store(true, Ordering::Relaxed);
    let mut leases = 0;
    while let Some(worked) = workers.join_next().await {
        leases += worked??;
    }
    scene.say(&format!(
        "{leases} leases, each with a greater token than all before it, and never two at once."
    ))?;
    let fleet = Fleet::builder().connect(&urls)?.build()?;
    drop(fleet.query::<i64>(Policy::All, cmd("DEL").arg(format!("redfleet:lock:{namespace}:mark"))).await);
    Ok(())
}

/// Lets the workers work while this goes on. None of them stops by itself, unless what it checks was not so.
async fn go_on<T>(
    workers: &mut JoinSet<Result<usize, String>>,
    act: impl Future<Output = T>,
) -> Result<T, Box<dyn Error>> {
    tokio::select! {
        biased;
        Some(stopped) = workers.join_next() => {
            stopped??;
            Err("a worker stopped".into())
        }
        value = act => Ok(value),
    }
}

/// Takes the lock, works and gives it back, until it is over: how often.
async fn work(name: &'static str, locks: Locks, scene: Arc<Scene>) -> Result<usize, String> {
    let (mut leases, mut last) = (0, String::new());
    while !scene.is_over.load(Ordering::Relaxed) {
        // Asleep in line until it is woken; where no majority answers it asks again from time to time.
        let lease = match locks.lock(LOCK).wait(TTL / 2).acquire().await {
            Ok(lease) => lease,
            Err(redfleet_lock::Error::TimedOut { last, .. })
                if matches!(*last, redfleet_lock::Error::Held { .. }) =>
            {
                continue;
            }
            Err(error) => {
                let text = error.to_string();
                // Only what is new: of a server in quarantine it is also told how long that will be, which changes.
                if last.is_empty() {
                    scene.tell(&format!("{name}: {text}")).map_err(|error| error.to_string())?;
                }
                last = text;
                sleep(PAUSE).await;
                continue;
            }
        };
        last.clear();
        scene.enter(name, &lease)?;
        leases += 1;
        let lost = lease.lost();
        // Whoever works stops as soon as the lease is lost, and then is no holder any more.
        tokio::select! {
            biased;
            () = lost => scene.tell(&format!("{name}: lost it")).map_err(|error| error.to_string())?,
            () = sleep(WORK) => {}
        }
        scene.leave();
        // Lost meanwhile is no reason to stop: somebody else has it.
        drop(lease.release().await);
        sleep(PAUSE).await;
    }
    Ok(leases)
}

/// What is seen of it, and what is checked while it goes on.
struct Scene {
    started: Instant,
    is_over: AtomicBool,
    holders: AtomicUsize,
    held: AtomicUsize,
    /// The token of the last holder.
    last: Mutex<Fence>,
}

impl Scene {
    fn new() -> Self {
        Self {
            started: Instant::now(),
            is_over: AtomicBool::new(false),
            holders: AtomicUsize::new(0),
            held: AtomicUsize::new(0),
            last: Mutex::default(),
        }
    }

    fn say(&self, text: &str) -> io::Result<()> {
        writeln!(io::stdout(), "\n{text}")
    }

    fn tell(&self, text: &str) -> io::Result<()> {
        writeln!(io::stdout(), "  {:>5} ms  {text}", self.started.elapsed().as_millis())
    }

    /// Somebody holds it. It is an error if anybody else does, or if its token is not greater than that of the last one.
    fn enter(&self, name: &str, lease: &Lease) -> Result<(), String> {
        if self.holders.fetch_add(1, Ordering::SeqCst) > 0 {
            return Err(format!("{name} holds it, and so does the other"));
        }
        let last =
            std::mem::replace(&mut *self.last.lock().map_err(|error| error.to_string())?, lease.fence());
        if lease.fence() <= last {
            return Err(format!("{name} has token {}, and the holder before it had {last}", lease.fence()));
        }
        self.held.fetch_add(1, Ordering::SeqCst);
        self.tell(&format!("{name} holds it, token {}", lease.fence())).map_err(|error| error.to_string())
    }

    fn leave(&self) {
        self.holders.fetch_sub(1, Ordering::SeqCst);
    }

    /// Waits until it was taken so often from now on.
    async fn until_held_again(&self, times: usize) -> Result<(), String> {
        let wanted = self.held.load(Ordering::SeqCst) + times;
        let until = Instant::now() + TTL * 20;
        while self.held.load(Ordering::SeqCst) < wanted {
            if Instant::now() > until {
                return Err("the lock was not taken again".to_owned());
            }
            sleep(PAUSE).await;
        }
        Ok(())
    }
}

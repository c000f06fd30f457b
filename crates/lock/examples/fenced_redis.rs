//! A holder that sleeps past the end of its lease, and a store in Redis that refuses what it writes then.

use std::error::Error;
use std::io::{self, Write};
use std::time::Duration;

use redfleet_core::{Embedded, Fleet};
use redfleet_lock::{FencedError, FencedWrite, Locks};
use redis::cmd;
use tokio::time::sleep;

/// Under which key the store keeps the greatest token: in the slot of what it protects.
const TOKEN_KEY: &str = "{invoice:7}:fence";

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Box<dyn Error>> {
    let mut out = io::stdout();
    let servers: Vec<_> = (0..3).map(|_| Embedded::new()).collect();
    let process = || -> Result<Locks, Box<dyn Error>> {
        let named = servers.iter().enumerate();
        let fleet = named.fold(Fleet::builder(), |fleet, (place, server)| {
            fleet.node(format!("n{place}"), server.shared())
        });
        Ok(Locks::builder(fleet.build()?).new_fleet().build()?)
    };
    let store = Embedded::new().shared();
    let set = |state: &str| cmd("SET").arg("{invoice:7}").arg(state).to_owned();

    let (one, other) = (process()?, process()?);
    let ttl = Duration::from_millis(200);
    let lease = one.lock("invoice:7").ttl(ttl).unattended().try_acquire().await?;
    let sleeper = FencedWrite::new(TOKEN_KEY, lease.fence());
    writeln!(out, "the first holder has token {}, and falls asleep", lease.fence())?;
    sleep(ttl * 2).await;

    let later = other.lock("invoice:7").try_acquire().await?;
    writeln!(out, "its lease is over: the second has token {}", later.fence())?;
    let () = FencedWrite::new(TOKEN_KEY, later.fence()).run(&*store, &set("paid")).await?;
    writeln!(out, "the second writes `paid`")?;

    match sleeper.run::<()>(&*store, &set("open")).await {
        Err(FencedError::Stale(stale)) => writeln!(out, "the first wakes up and writes `open`: {stale}")?,
        other => return Err(format!("the first wrote: {other:?}").into()),
    }
    later.release().await?;
    Ok(())
}

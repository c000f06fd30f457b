//! What the tests of this binary have in common.

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use redfleet_core::Effect;
use redfleet_core::test_util::Server;
use redfleet_pipe::{Error, Pipes};
use redis::{FromRedisValue, cmd};
use tokio::time::{Instant, sleep};

/// Longer than a busy machine takes for a reply that comes.
pub(super) const DEADLINE: Duration = Duration::from_secs(5);

/// How long what must happen may take.
pub(super) const PATIENCE: Duration = Duration::from_secs(60);

static PREFIXES: AtomicU64 = AtomicU64::new(0);

/// A key that no other test of this binary uses.
pub(super) fn key(name: &str) -> String {
    format!("p{}:{name}", PREFIXES.fetch_add(1, Ordering::Relaxed))
}

/// Named connections to these servers, without breakers: each execution tries.
pub(super) fn pipes<'a>(servers: impl IntoIterator<Item = (&'a str, &'a Server)>) -> Pipes {
    let add = |pipes: redfleet_pipe::PipesBuilder, (name, server): (&str, &Server)| {
        pipes.connection(name, redfleet_core::connect(&server.url()).unwrap())
    };
    servers.into_iter().fold(Pipes::builder(), add).deadline(DEADLINE).repeats(8).build().unwrap()
}

/// What is on a server, asked past its proxy.
pub(super) async fn stored<T: FromRedisValue>(server: &Server, command: &str, key: &str) -> T {
    T::from_redis_value(server.direct(cmd(command).arg(key)).await.unwrap()).unwrap()
}

/// Waits until the servers answer again.
pub(super) async fn healed(pipes: &Pipes) {
    let started = Instant::now();
    while pipes.run(|pipe| pipe.add::<String>(cmd("PING"))).await.is_err() {
        assert!(started.elapsed() < PATIENCE, "still no answer");
        sleep(Duration::from_millis(5)).await;
    }
}

/// A counter, and what callers were told of it.
#[derive(Debug, Default)]
pub(super) struct Ledger {
    pub(super) sent: i64,
    pub(super) told: i64,
    pub(super) unknown: i64,
    pub(super) last: i64,
    /// Why the last that had no effect had none.
    pub(super) refusal: Option<Error>,
}

impl Ledger {
    /// One INCR that was sent on one connection, after all those before.
    pub(super) fn note(&mut self, said: Result<i64, Error>) {
        self.sent += 1;
        match said {
            Ok(count) => {
                self.told += 1;
                assert!(count > self.last, "{count} after {}: told twice, or out of order", self.last);
                assert!(count <= self.sent, "{count} of {}: somebody sent twice", self.sent);
                self.last = count;
            }
            Err(error) if error.effect() == Effect::Unknown => self.unknown += 1,
            Err(error) => self.refusal = Some(error),
        }
    }

    /// Holds the counter against what was told.
    pub(super) fn judge(&self, counter: i64) {
        let possible = self.told..=self.told + self.unknown;
        assert!(possible.contains(&counter), "the counter stands at {counter}, and {self:?}");
    }
}

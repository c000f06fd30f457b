//! Read-write locks, semaphores, rates and several locks at once, on embedded nodes, as their servers' keys tell.
#![expect(clippy::unwrap_used, reason = "set-up that fails is a failed test")]

mod limiter;
mod rate;
mod read_write;
mod several;

use std::fmt::Debug;

use redfleet_core::{Backend, BackendExt, Clock, Embedded, Fleet};
use redfleet_lock::redis::{FromRedisValue, cmd};
use redfleet_lock::{Error, Locks};
use std::sync::Arc;

/// Servers, and processes that use them.
struct World {
    stores: Vec<Embedded>,
}

impl World {
    fn new(servers: usize) -> Self {
        Self { stores: (0..servers).map(|_| Embedded::new()).collect() }
    }

    /// The locks of one more process.
    fn client(&self, seed: u64) -> Locks {
        self.client_behind(seed, |_, node| node)
    }

    /// The locks of one more process, which sees each server as `behind` makes it.
    fn client_behind(
        &self,
        seed: u64,
        behind: impl Fn(usize, Arc<dyn Backend>) -> Arc<dyn Backend>,
    ) -> Locks {
        let named = self.stores.iter().enumerate();
        let fleet = named.fold(Fleet::builder(), |fleet, (place, store)| {
            fleet.node(format!("n{place}"), behind(place, store.shared()))
        });
        let builder = Locks::builder(fleet.build().unwrap()).new_fleet().clock(Clock::tokio());
        builder.seed(seed).build().unwrap()
    }

    /// What one server answers.
    async fn say<T: FromRedisValue>(&self, server: usize, words: &[&str]) -> T {
        let (name, arguments) = words.split_first().unwrap();
        self.stores.get(server).unwrap().shared().query(cmd(name).arg(arguments)).await.unwrap()
    }
}

fn is_held<T: Debug>(result: &Result<T, Error>) -> bool {
    matches!(result, Err(Error::Held { .. }))
}

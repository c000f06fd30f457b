//! What the tests of this binary have in common.

use std::sync::Arc;
use std::time::Duration;

use redfleet_core::test_util::Server;
use redfleet_core::{Backend, connect};
use redfleet_multiwrite::{MultiWrite, RemoteOptions};
use redis::{Cmd, FromRedisValue, cmd};

/// Long enough for anything that is to happen at all.
pub(super) const LONG: Duration = Duration::from_secs(120);

/// Quick to try again.
pub(super) fn quick() -> RemoteOptions {
    let options = RemoteOptions::new().deadline(Duration::from_millis(500));
    options.retries(Duration::from_millis(5), Duration::from_millis(200))
}

pub(super) fn node(server: &Server) -> Arc<dyn Backend> {
    connect(&server.url()).unwrap()
}

/// A command as on a command line.
pub(super) fn words(line: &str) -> Cmd {
    let mut words = line.split(' ');
    let mut command = cmd(words.next().unwrap_or_default());
    words.for_each(|word| {
        command.arg(word);
    });
    command
}

/// Writes it everywhere.
pub(super) async fn write(store: &MultiWrite, line: &str) {
    store.everywhere().send(&words(line)).await.unwrap();
}

pub(super) async fn ask<T: FromRedisValue>(server: &Server, line: &str) -> T {
    T::from_redis_value(server.direct(&words(line)).await.unwrap()).unwrap()
}

/// One line a key.
pub(super) async fn held(server: &Server, prefix: &str) -> Vec<String> {
    let script = include_str!("../versions_store/held.lua");
    let lines = server.direct(cmd("EVAL").arg(script).arg(0).arg(prefix)).await.unwrap();
    let lines = Vec::<Vec<u8>>::from_redis_value(lines).unwrap();
    lines.into_iter().map(|line| line.escape_ascii().to_string()).collect()
}

pub(super) async fn flush(store: &MultiWrite) {
    if let Err(lack) = store.flush(LONG).await {
        panic!("{lack}: {:#?}", store.health());
    }
}

/// Waits until `is_so`.
pub(super) async fn until(what: &str, mut is_so: impl FnMut() -> bool) {
    for _ in 0..24_000 {
        if is_so() {
            return;
        }
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    panic!("still not so: {what}");
}

//! The one runtime that outlives every test: proxies and containers belong to it, never to a test's own.

use std::sync::LazyLock;

use tokio::runtime::{Builder, Handle, Runtime};

/// Never shut down: statics are not dropped, and the process takes it along.
#[expect(clippy::expect_used, reason = "a test process that cannot start a thread cannot test anything")]
static BACKGROUND: LazyLock<Runtime> = LazyLock::new(|| {
    let mut builder = Builder::new_multi_thread();
    builder.worker_threads(1).thread_name("redfleet-test-ground").enable_all();
    builder.build().expect("the runtime of the test ground starts")
});

/// A handle on the runtime, for whoever spawns on it or registers a socket with it.
pub(super) fn background() -> &'static Handle {
    BACKGROUND.handle()
}

//! The stores that are measured, what is written to them, and the clock.

use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use futures::{StreamExt, stream};
use redfleet_core::Backend;
use redfleet_multiwrite::{MultiWrite, RemoteOptions, SpoolOptions};
use redis::Cmd;
use rustix::time::{ClockId, clock_gettime};

/// What every write sets its key to.
pub(crate) const VALUE: [u8; 100] = [b'v'; 100];
/// How many keys there are.
const KEYS: u64 = 1 << 19;
/// How many writes are under way at once where nobody times them one by one.
const AT_ONCE: usize = 100;

/// A folder that is there while this is.
#[derive(Debug)]
pub(crate) struct Folder(PathBuf);

impl Folder {
    pub(crate) fn new() -> Self {
        static NEXT: AtomicU64 = AtomicU64::new(0);
        let name = format!("spool-{}-{}", std::process::id(), NEXT.fetch_add(1, Ordering::Relaxed));
        let path = redfleet_peers::folder().join(name);
        std::fs::create_dir_all(&path).unwrap();
        Self(path)
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        std::fs::remove_dir_all(&self.0).ok();
    }
}

/// A store with these remotes, with a spool if there is a folder for it.
pub(crate) fn store(
    local: Arc<dyn Backend>,
    remotes: impl IntoIterator<Item = Arc<dyn Backend>>,
    options: &RemoteOptions,
    spool: Option<&Folder>,
) -> MultiWrite {
    let builder = (0..).zip(remotes).fold(MultiWrite::builder(local), |builder, (index, remote)| {
        builder.remote_with(format!("r{index}"), remote, options.clone())
    });
    let builder = match spool {
        Some(folder) => builder.spool(&folder.0, SpoolOptions::new()),
        None => builder,
    };
    builder.build().unwrap()
}

/// The next key. So many come before one comes again that it never waits in any queue then; and the servers do not grow for ever.
pub(crate) fn key() -> String {
    static NEXT: AtomicU64 = AtomicU64::new(0);
    format!("bench:multiwrite:{:08}", NEXT.fetch_add(1, Ordering::Relaxed) % KEYS)
}

/// A SET of the next key.
pub(crate) fn command() -> Cmd {
    Cmd::set(key(), &VALUE)
}

/// So many SETs of the next keys everywhere, many at once.
pub(crate) async fn write_many(store: &MultiWrite, writes: usize) {
    let ours = store.everywhere();
    let write = |_| async { drop(ours.call(&command()).await.unwrap()) };
    stream::iter(0..writes).map(write).buffer_unordered(AT_ONCE).for_each(async |()| ()).await;
}

/// Nanoseconds by a clock that never goes back.
#[expect(clippy::cast_precision_loss, reason = "exact to a microsecond in a century")]
pub(crate) fn now_ns() -> f64 {
    let now = clock_gettime(ClockId::Monotonic);
    (now.tv_sec as f64).mul_add(1e9, now.tv_nsec as f64)
}

//! One authoritative Redis, written everywhere: copies on other servers that never silently diverge.

mod effect;
mod entry;
#[cfg_attr(not(test), expect(dead_code, reason = "used by the store, which is not here yet"))]
mod journal;
mod options;
#[cfg_attr(not(test), expect(dead_code, reason = "used by the store, which is not here yet"))]
mod outbox;
mod outcome;
mod receipt;
#[cfg_attr(not(test), expect(dead_code, reason = "used by the store, which is not here yet"))]
mod spool;
#[cfg(feature = "test-util")]
pub mod test_util;
mod wait;

pub use options::{DeadLetter, Guarantee, Order, Overflow, RemoteOptions};
pub use outcome::{DropReason, Outcome};
pub use spool::{Fsync, SpoolError, SpoolOptions};
pub use wait::Wait;

//! One authoritative Redis, written everywhere: copies on other servers that never silently diverge.

mod carried;
mod dirty;
mod effect;
mod entry;
mod error;
mod everywhere;
mod gate;
mod health;
mod journal;
mod lanes;
mod lock;
mod options;
mod outbox;
mod outcome;
mod receipt;
mod remote;
mod spool;
mod store;
#[cfg(feature = "test-util")]
pub mod test_util;
mod verify;
mod wait;

pub use error::{BuildError, Error, Result};
pub use everywhere::{Everywhere, Written};
pub use health::RemoteHealth;
pub use options::{DeadLetter, Guarantee, Order, Overflow, RemoteOptions};
pub use outcome::{DropReason, Outcome};
pub use receipt::{Receipt, Shortfall};
pub use spool::{Fsync, SpoolError, SpoolOptions};
pub use store::{Builder, MultiWrite, Undelivered};
pub use verify::{Difference, Differs, Report};
pub use wait::Wait;

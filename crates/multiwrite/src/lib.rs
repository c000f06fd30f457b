//! One authoritative Redis, written everywhere: copies on other servers that never silently diverge.

mod effect;
mod entry;
mod options;
mod outcome;
mod receipt;
#[expect(dead_code, reason = "used by the store, which is not here yet")]
mod remote;
mod wait;

pub use options::{DeadLetter, Guarantee, Order, Overflow, RemoteOptions};
pub use outcome::{DropReason, Outcome};
pub use wait::Wait;

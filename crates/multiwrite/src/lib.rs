//! One authoritative Redis, written everywhere: copies on other servers that never silently diverge.

mod effect;
mod entry;
mod options;
mod outcome;
mod receipt;
mod verify;
mod wait;

pub use options::{DeadLetter, Guarantee, Order, Overflow, RemoteOptions};
pub use outcome::{DropReason, Outcome};
pub use verify::{Difference, Differs, Report};
pub use wait::Wait;

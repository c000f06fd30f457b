//! One authoritative Redis, written everywhere: copies on other servers that never silently diverge.

mod effect;
mod entry;
mod options;
mod outcome;
mod receipt;
mod wait;

pub use options::{DeadLetter, Guarantee, Order, Overflow, RemoteOptions};
pub use outcome::{DropReason, Outcome};
pub use wait::Wait;

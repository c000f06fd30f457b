//! One authoritative Redis, written everywhere: copies on other servers that never silently diverge.

#[cfg_attr(not(test), expect(dead_code, reason = "used by the remotes, which are not here yet"))]
mod dirty;
#[cfg_attr(
    not(test),
    expect(dead_code, unused_imports, reason = "used by the remotes, which are not here yet")
)]
mod effect;
mod entry;
#[cfg_attr(not(test), expect(dead_code, reason = "used by the store, which is not here yet"))]
mod gate;
#[cfg_attr(
    not(test),
    expect(dead_code, unused_imports, reason = "used by the remotes, which are not here yet")
)]
mod lanes;
#[cfg_attr(not(test), expect(dead_code, reason = "used by the store, which is not here yet"))]
mod options;
mod outcome;
#[cfg_attr(not(test), expect(dead_code, reason = "used by the store, which is not here yet"))]
mod receipt;
mod wait;

pub use options::{DeadLetter, Guarantee, Order, Overflow, RemoteOptions};
pub use outcome::{DropReason, Outcome};
pub use receipt::{Receipt, Shortfall};
pub use wait::Wait;

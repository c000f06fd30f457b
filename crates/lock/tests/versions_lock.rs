//! Locks on real servers of every version: under load while servers fail, what they cost, and what servers may refuse.
//!
//! A clock that jumps is not among it: a container's clock is the machine's. The simulation does that.
#![cfg(feature = "test-servers")]
#![expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "set-up that fails is a failed test")]

mod versions_lock {
    mod counts;
    mod fail_over;
    mod faults;
    mod limiter;
    mod lives;
    mod load;
    mod network;
    mod refusals;
    mod rolling;
    mod world;
}

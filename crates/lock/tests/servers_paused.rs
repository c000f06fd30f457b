//! Several processes: one that is killed or stopped while it holds a lock, which others get after its ttl, and which can do no harm
//! when it wakes; one that is killed or stopped while it waits; and some that take turns.
#![cfg(feature = "test-servers")]
#![expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "set-up that fails is a failed test")]

mod servers_paused {
    mod child;
    mod other;
    mod paused;
    mod turns;
    mod world;
}

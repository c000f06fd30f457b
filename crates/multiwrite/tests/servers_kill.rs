//! A process that is killed while it writes everywhere, again and again: whoever comes after it loses no write and doubles none.
#![cfg(feature = "test-servers")]
#![expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "set-up that fails is a failed test")]

mod servers_kill {
    mod child;
    mod killed;
    mod world;
}

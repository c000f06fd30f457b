//! Stores whose servers are of different versions, permit less than everything, or are one and the same.
#![cfg(feature = "test-servers")]
#![expect(clippy::unwrap_used, reason = "set-up that fails is a failed test")]

mod servers_store {
    mod identity;
    mod permissions;
    mod two_versions;
    mod world;
}

//! Stores of real servers that are killed, hang, lose their data or are cut off while much is written: on every image.
#![cfg(feature = "test-servers")]
#![expect(clippy::unwrap_used, reason = "set-up that fails is a failed test")]

mod versions_store {
    mod cluster;
    mod commands;
    mod load;
    mod local;
    mod remotes;
    mod spool;
    mod world;
}

//! Pipes on real servers that lose replies, are cut off, hang, and whose slots move: on every image.
#![cfg(feature = "test-servers")]
#![expect(clippy::unwrap_used, reason = "set-up that fails is a failed test")]

mod versions_pipe {
    mod cluster;
    mod faults;
    mod redpipe;
    mod steps;
    mod world;
}

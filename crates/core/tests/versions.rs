//! What depends on the server's version: run on every image.
#![cfg(feature = "test-servers")]
#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    reason = "set-up that fails is a failed test"
)]

mod versions {
    mod cluster;
    mod commands;
    mod conformance;
    #[expect(clippy::wildcard_enum_match_arm, reason = "of a reply's many kinds, a rule is about one or two")]
    mod differential;
    mod faults;
    mod fences;
    mod incarnations;
    mod load;
    mod logins;
    mod messages;
    mod scripts;
    mod sentinel;
    mod sessions;
    #[cfg(feature = "tls")]
    mod tls;
    mod world;
}

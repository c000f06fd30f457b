//! Pipes in simulated worlds, in storms: what callers are told is held against what is on the nodes.
#![expect(clippy::unwrap_used, reason = "set-up that fails is a failed test")]

mod simulation {
    mod auto;
    mod pipes;
    #[cfg(feature = "derive")]
    mod records;
    mod scope;
    mod watch;
    mod world;
}

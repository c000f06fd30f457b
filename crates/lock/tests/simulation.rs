//! Locks in simulated worlds, in storms: whatever goes wrong, one holds a lock at a time, tokens rise, and in calm nobody waits long.
#![expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "set-up that fails is a failed test")]

mod simulation {
    mod book;
    mod clocks;
    mod leaving;
    mod limiter;
    mod outside;
    mod read_write;
    mod several;
    mod storms;
    mod waiting;
    mod watchdog;
    mod world;
}

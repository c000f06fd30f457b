//! Stores in simulated worlds, in storms: whatever goes wrong, in the end every remote is equal to local.
#![expect(clippy::unwrap_used, reason = "set-up that fails is a failed test")]

mod simulation {
    mod commands;
    mod controls;
    mod crashes;
    mod lives;
    mod process;
    mod storms;
    mod told;
    mod values;
    mod world;
}

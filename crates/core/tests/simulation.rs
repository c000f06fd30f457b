//! The executor, breakers and the store in simulated worlds: what a client is told is held against what really happened.
#![expect(clippy::unwrap_used, reason = "set-up that fails is a failed test")]

mod simulation {
    mod breakers;
    mod fences;
    mod lives;
    mod pace;
    mod quorum;
    mod register;
    mod shutdown;
    mod world;
}

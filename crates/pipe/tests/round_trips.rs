//! What an execution costs in round trips and commands, counted on the wire.
#![expect(clippy::unwrap_used, reason = "set-up that fails is a failed test")]

mod round_trips {
    mod costs;
    mod counting;
    mod million;
}

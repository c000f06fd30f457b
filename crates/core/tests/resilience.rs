//! What must not happen when connections, runtimes and callers end at the wrong moment: on servers in memory.
#![expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "set-up that fails is a failed test")]

mod resilience {
    mod breakers;
    mod callers;
    mod effects;
    mod links;
    mod memory;
    mod scripts;
}

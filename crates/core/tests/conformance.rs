//! The conformance suite of the backend's contract: on backends that keep it, and on some that do not.
#![expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "set-up that fails is a failed test")]

mod conformance {
    mod broken;
    mod embedded;
    mod kept;
    mod memory;
    mod store;
    mod violated;
}

//! Random pipelines against a sequential oracle: what every deferred says, and what is stored in the end.
#![expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "set-up that fails is a failed test")]

mod oracle {
    mod case;
    mod draw;
    mod drive;
    mod held;
    mod model;
    mod shrink;
    mod stores;
    mod suite;
}

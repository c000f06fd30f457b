//! The derive macros of `redfleet-pipe`, which re-exports and documents them.

//! A struct of deferreds that does not say what it becomes.

use redfleet_pipe::{Deferred, Resolve};

#[derive(Resolve)]
struct Page {
    visits: Deferred<i64>,
}

fn main() {}

//! A ttl of nothing.

use redfleet_pipe::Model;

#[derive(Model)]
#[model(ttl_ms = 0)]
struct User {
    #[model(key)]
    id: u64,
}

fn main() {}

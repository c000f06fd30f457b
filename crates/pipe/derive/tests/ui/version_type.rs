//! A version that is no u64.

use redfleet_pipe::Model;

#[derive(Model)]
struct User {
    #[model(key)]
    id: u64,
    #[model(version)]
    version: i64,
}

fn main() {}

//! A model with two keys.

use redfleet_pipe::Model;

#[derive(Model)]
struct User {
    #[model(key)]
    id: u64,
    #[model(key)]
    name: String,
}

fn main() {}

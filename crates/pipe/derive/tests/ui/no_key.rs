//! A model without a key.

use redfleet_pipe::Model;

#[derive(Model)]
struct User {
    name: String,
}

fn main() {}

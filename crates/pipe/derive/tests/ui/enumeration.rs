//! An enum.

use redfleet_pipe::Model;

#[derive(Model)]
enum User {
    Known { id: u64 },
    Unknown,
}

fn main() {}

//! The version is set by hand.

use redfleet_pipe::Model;

#[derive(Model)]
struct User {
    #[model(key)]
    id: u64,
    #[model(version)]
    version: u64,
}

fn main() {
    drop(User::patch(1).set(User::VERSION, 2));
}

//! Options that there are not.

use redfleet_pipe::Model;

#[derive(Model)]
#[model(table = "users")]
struct User {
    #[model(key)]
    id: u64,
}

#[derive(Model)]
struct Note {
    #[model(key, indexed)]
    id: u64,
}

fn main() {}

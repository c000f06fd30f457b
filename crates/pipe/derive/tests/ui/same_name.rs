//! Two fields with one name in the hash.

use redfleet_pipe::Model;

#[derive(Model)]
struct User {
    #[model(key)]
    id: u64,
    name: String,
    #[model(name = "name")]
    nickname: String,
}

fn main() {}

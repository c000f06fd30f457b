//! A field of a type that cannot be stored.

use redfleet_pipe::Model;

struct Picture;

#[derive(Model)]
struct User {
    #[model(key)]
    id: u64,
    picture: Picture,
}

fn main() {}

//! Fields that are to be two things at once.

use redfleet_pipe::Model;

#[derive(Model)]
struct User {
    #[model(key, version)]
    id: u64,
}

#[derive(Model)]
struct Note {
    #[model(key)]
    id: u64,
    #[model(default)]
    text: Option<String>,
}

fn main() {}

//! A required field is removed.

use redfleet_pipe::Model;

#[derive(Model)]
struct User {
    #[model(key)]
    id: u64,
    name: String,
    last_seen: Option<i64>,
}

fn main() {
    drop(User::patch(1).unset(User::LAST_SEEN));
    drop(User::patch(1).unset(User::NAME));
}

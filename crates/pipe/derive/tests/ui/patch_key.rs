//! The key is patched: it has no constant.

use redfleet_pipe::Model;

#[derive(Model)]
struct User {
    #[model(key)]
    id: u64,
}

fn main() {
    drop(User::patch(1).set(User::ID, 2));
}

//! A struct whose fields have no names.

use redfleet_pipe::Model;

#[derive(Model)]
struct User(u64, String);

fn main() {}

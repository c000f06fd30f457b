//! A struct with parameters.

use redfleet_pipe::Model;

#[derive(Model)]
struct User<T> {
    #[model(key)]
    id: T,
}

fn main() {}

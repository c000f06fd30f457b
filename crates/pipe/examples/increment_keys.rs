//! Results that are made of results: by a callback, and, shorter, by a deferred of deferreds.

use std::error::Error;
use std::io::{self, Write};

use redfleet_pipe::{Deferred, Pipe, Pipes, Promise};

/// The sum of all counts after each was incremented. The callback runs when the counts are there.
fn increment_keys(pipe: &mut Pipe, keys: &[String]) -> Deferred<i64> {
    let (promise, sum) = Promise::new();
    let counts: Vec<_> = keys.iter().map(|key| pipe.incr(key, 1)).collect();
    pipe.on_execute(move || promise.set(counts.iter().map(Deferred::get).sum()));
    sum
}

/// The same without a callback.
fn increment_keys_in_short(pipe: &mut Pipe, keys: &[String]) -> Deferred<i64> {
    Deferred::all(keys.iter().map(|key| pipe.incr(key, 1))).map(|counts| counts.iter().sum())
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Box<dyn Error>> {
    let pipes = Pipes::connect("embedded://increment-keys")?;
    let keys: Vec<_> = (0..200).map(|number| format!("key{number}")).collect();
    let (low, high) = keys.split_at(100);

    // By itself: 100 commands, one round trip.
    let alone = pipes.run(|pipe| increment_keys(pipe, low)).await?;
    writeln!(io::stdout(), "the first hundred: {alone}")?;

    // Inside a larger pipe: 200 commands, one round trip, and each function has its own sum.
    let (first, second) =
        pipes.run(|pipe| (increment_keys(pipe, low), increment_keys_in_short(pipe, high))).await?;
    writeln!(io::stdout(), "both at once: {first} and {second}")?;
    assert_eq!((alone, first, second), (100, 200, 100));
    Ok(())
}

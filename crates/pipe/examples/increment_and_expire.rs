//! A reusable function: it queues two commands, answers one, and works alone as well as inside any other.

use std::error::Error;
use std::io::{self, Write};

use redfleet_pipe::{Deferred, Pipe, Pipes};

/// Counts, and lets the counter live for another while.
fn increment_and_expire(pipe: &mut Pipe, key: &str, by: i64, seconds: i64) -> Deferred<i64> {
    let count = pipe.incr(key, by);
    pipe.expire(key, seconds);
    count
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Box<dyn Error>> {
    let pipes = Pipes::connect("embedded://increment-and-expire")?;

    // Two calls, four commands, one round trip. The results are where the calls are.
    let mut pipe = pipes.pipe();
    let first = increment_and_expire(&mut pipe, "key1", 1, 60);
    let second = increment_and_expire(&mut pipe, "key2", 5, 60);
    pipe.execute().await?.all()?;
    writeln!(io::stdout(), "key1 {}, key2 {}", first.get()?, second.get()?)?;

    // The same function by itself.
    let third = pipes.run(|pipe| increment_and_expire(pipe, "key3", 1, 60)).await?;
    writeln!(io::stdout(), "key3 {third}")?;

    // A hundred of them are one round trip too.
    let keys: Vec<_> = (0..100).map(|number| format!("key{number}")).collect();
    let counts = pipes
        .run(|pipe| keys.iter().map(|key| increment_and_expire(pipe, key, 1, 60)).collect::<Vec<_>>())
        .await?;
    let sum: i64 = counts.iter().sum();
    writeln!(io::stdout(), "{} counters, together {sum}", counts.len())?;
    assert_eq!((third, counts.len(), sum), (1, 100, 97 + 2 + 6 + 2));
    Ok(())
}

//! Followers as a sorted set for each user: a keyspace with types.

use std::error::Error;
use std::io::{self, Write};

use redfleet_pipe::{Pipes, SortedSets};

/// The keys `F{1}`, `F{2}`, ..: who follows that user, and since when.
const FOLLOWERS: SortedSets<u64, String> = SortedSets::new("F");

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Box<dyn Error>> {
    let pipes = Pipes::connect("embedded://followers")?;

    // Two writes and two reads: one round trip. The reads see the writes.
    let mut pipe = pipes.pipe();
    FOLLOWERS.add(&mut pipe, 1, "ann", 1.0);
    FOLLOWERS.add_all(&mut pipe, 2, [("ann", 2.0), ("bob", 3.0)]);
    let first = FOLLOWERS.range(&mut pipe, 1, 0, -1);
    let second = FOLLOWERS.range(&mut pipe, 2, 0, -1);
    pipe.execute().await?.all()?;

    let (first, second) = (first.get()?, second.get()?);
    writeln!(io::stdout(), "1 is followed by {first:?}, 2 by {second:?}")?;
    assert_eq!((first, second), (vec!["ann".to_owned()], vec!["ann".to_owned(), "bob".to_owned()]));
    Ok(())
}

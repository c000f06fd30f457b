//! Users as models: structs that are hashes, created, read and changed in few round trips.

use std::error::Error;
use std::io::{self, Write};
use std::time::{SystemTime, UNIX_EPOCH};

use redfleet_pipe::{Model, Pipes};

#[derive(Model, Clone, Debug, PartialEq)]
#[model(keyspace = "U")]
struct User {
    #[model(key)]
    id: u64,
    name: String,
    last_name: Option<String>,
    last_seen: Option<u64>,
    #[model(default)]
    admin: bool,
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Box<dyn Error>> {
    let pipes = Pipes::connect("embedded://users")?;
    let now = SystemTime::now().duration_since(UNIX_EPOCH)?.as_secs();

    // A few users are created: one round trip.
    let bob = User { id: 1, name: "Bob".into(), last_name: None, last_seen: Some(now), admin: false };
    let jill = User { id: 2, name: "Jill".into(), ..bob.clone() };
    let created = pipes.run(|pipe| (bob.create(pipe), jill.create(pipe))).await?;
    assert_eq!(created, (true, true));
    writeln!(io::stdout(), "first batch: {bob:?}, {jill:?}")?;

    // Both are read, and one is changed: one round trip. Only what changes is sent.
    let (users, changed) = pipes
        .run(|pipe| {
            let users = (User::load(pipe, 1), User::load(pipe, 2));
            let patch = User::patch(1).set(User::NAME, "Bobby").set(User::LAST_SEEN, now + 1);
            (users, patch.send(pipe))
        })
        .await?;
    assert_eq!(users, (Some(bob), Some(jill.clone())));
    writeln!(io::stdout(), "the name of user 1 has changed: {}", changed.has_changed(User::NAME))?;

    let (bobby, jill_again) = pipes.run(|pipe| (User::load(pipe, 1), User::load(pipe, 2))).await?;
    assert_eq!(bobby.as_ref().map(|user| user.name.as_str()), Some("Bobby"));
    assert_eq!(jill_again, Some(jill));
    writeln!(io::stdout(), "second batch: {bobby:?}, {jill_again:?}")?;
    Ok(())
}

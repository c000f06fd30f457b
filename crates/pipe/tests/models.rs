//! Models: stored as hashes, loaded, patched, counted, popped; each case that RedPipe tests of its Struct among them.
#![cfg(feature = "derive")]
#![expect(clippy::unwrap_used, reason = "what fails is a failed test")]

mod models {
    mod cost;
    mod derived;
    mod patches;
    mod random;
    mod records;
    mod redpipe;
    mod versions;
    mod writes;
}

mod patches;

use std::collections::BTreeMap;

use redfleet_pipe::{Model, Pipe, Pipes};

/// A model with everything.
#[derive(Model, Clone, Debug, PartialEq)]
#[model(keyspace = "U", connection = "users", ttl_ms = 30_000)]
struct User {
    #[model(key)]
    id: String,
    name: String,
    #[model(default)]
    admin: bool,
    last_seen: Option<i64>,
    #[model(name = "n")]
    visits: Option<i64>,
    #[model(version)]
    version: u64,
    #[model(extra)]
    others: BTreeMap<String, Vec<u8>>,
}

/// A model with nothing but fields that may be absent.
#[derive(Model, Clone, Debug, Default, PartialEq)]
struct Note {
    #[model(key)]
    id: u64,
    text: Option<String>,
    stars: Option<i64>,
    weight: Option<f64>,
    is_read: Option<bool>,
    #[model(extra)]
    others: BTreeMap<String, Vec<u8>>,
}

/// A node in this process, of the test that is called so.
fn pipes(test: &str) -> Pipes {
    let url = |name: &str| format!("embedded://models-{test}-{name}");
    let builder = Pipes::builder().connect("default", &url("default")).unwrap();
    builder.connect("users", &url("users")).unwrap().build().unwrap()
}

fn user(name: &str) -> User {
    User {
        id: "1".into(),
        name: name.into(),
        admin: false,
        last_seen: None,
        visits: None,
        version: 0,
        others: BTreeMap::new(),
    }
}

/// What stands in the hash, for people.
async fn stored(pipes: &Pipes, connection: &str, key: &str) -> BTreeMap<String, String> {
    pipes.run(|p| p.on(connection).hgetall(key)).await.unwrap()
}

fn map<const N: usize>(pairs: [(&str, &str); N]) -> BTreeMap<String, String> {
    pairs.into_iter().map(|(name, value)| (name.to_owned(), value.to_owned())).collect()
}

/// Executes; how many commands failed.
async fn execute(p: &mut Pipe) -> usize {
    p.execute().await.unwrap().failures()
}

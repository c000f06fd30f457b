//! Random writes of records, on any node, agree with what a map in this process says of them.

mod oracle;

use std::collections::BTreeMap;

use fastrand::Rng;
use redfleet_pipe::model::{Attribute, Optional, Patch, Required, Settable, Written};
use redfleet_pipe::{Deferred, Error, Model, Pipe, Pipes};

use oracle::{Change, Oracle, Step, Told};

/// With a required field, a version and a ttl: always a script.
#[derive(Model, Clone, Debug)]
#[model(keyspace = "item", ttl_ms = 60_000)]
struct Item {
    #[model(key)]
    id: String,
    text: String,
    count: Option<i64>,
    note: Option<String>,
    #[model(version)]
    version: u64,
}

/// With none of these: mostly plain commands.
#[derive(Model, Clone, Debug)]
#[model(keyspace = "loose")]
struct Loose {
    #[model(key)]
    id: String,
    text: Option<String>,
    count: Option<i64>,
    note: Option<String>,
}

/// What the two have in common.
struct Kit<M, K> {
    text: Attribute<M, String, K>,
    count: Attribute<M, i64, Optional>,
    note: Attribute<M, String, Optional>,
    make: fn(String, String, Option<i64>, u64) -> M,
}

const ITEMS: Kit<Item, Required> = Kit {
    text: Item::TEXT,
    count: Item::COUNT,
    note: Item::NOTE,
    make: |id, text, count, version| Item { id, text, count, note: None, version },
};

const LOOSE: Kit<Loose, Optional> = Kit {
    text: Loose::TEXT,
    count: Loose::COUNT,
    note: Loose::NOTE,
    make: |id, text, count, _| Loose { id, text: Some(text), count, note: None },
};

/// `pipes` pipes of random writes of three records, whose keys begin with `prefix`.
pub(crate) async fn agree(node: &Pipes, prefix: &str, pipes: u64, seed: u64) {
    for number in 0..pipes {
        let seed = seed + number;
        let mut rng = Rng::with_seed(seed);
        let prefix = format!("{prefix}-{number}");
        if number % 2 == 0 {
            run(node, &ITEMS, &prefix, &mut rng, seed).await;
        } else {
            run(node, &LOOSE, &prefix, &mut rng, seed).await;
        }
    }
}

/// Some pipes on the same three records.
async fn run<M: Model<Key = String>, K: Settable>(
    node: &Pipes,
    kit: &Kit<M, K>,
    prefix: &str,
    rng: &mut Rng,
    seed: u64,
) {
    let keys: Vec<_> = (0..3).map(|key| format!("{prefix}-{key}")).collect();
    let mut oracle = Oracle::of::<M>();
    for _ in 0..4 {
        let mut pipe = node.pipe();
        let mut told: Vec<(Deferred<Told>, Result<Told, &str>)> = Vec::new();
        for _ in 0..rng.usize(1..8) {
            let key = rng.choice(&keys).unwrap();
            told.push(write(&mut pipe, kit, &mut oracle, key, rng));
        }
        let hashes: Vec<Deferred<BTreeMap<String, String>>> =
            keys.iter().map(|key| pipe.hgetall(format!("{}{{{key}}}", M::KEYSPACE))).collect();
        let failed = told.iter().filter(|(_, expected)| expected.is_err()).count();
        assert_eq!(pipe.execute().await.unwrap().failures(), failed, "seed {seed}");
        for (found, expected) in told {
            assert_eq!(found.take().map_err(|error| kind(&error)), expected, "seed {seed}");
        }
        for (key, hash) in keys.iter().zip(hashes) {
            assert_eq!(hash.take().unwrap(), oracle.hash(key), "seed {seed}: {key}");
        }
    }
}

fn kind(error: &Error) -> &'static str {
    if matches!(error, Error::Absent { .. }) {
        "absent"
    } else if matches!(error, Error::Outdated { .. }) {
        "outdated"
    } else {
        assert!(matches!(error, Error::Command { .. }), "{error}");
        "refused"
    }
}

/// Queues one write, and asks the oracle what will become of it.
fn write<M: Model<Key = String>, K: Settable>(
    pipe: &mut Pipe,
    kit: &Kit<M, K>,
    oracle: &mut Oracle,
    key: &str,
    rng: &mut Rng,
) -> (Deferred<Told>, Result<Told, &'static str>) {
    let text = (*rng.choice(&["a", "b", ""]).unwrap()).to_owned();
    let count = rng.bool().then(|| rng.i64(-3..3));
    let record = (kit.make)(key.to_owned(), text.clone(), count, rng.u64(0..4));
    let told = |written: Deferred<Written>, attribute| {
        written.and_then(move |written: Written| Ok(Told::of(&written, written.value(attribute)?)))
    };
    let whole = |clears| Change::whole(&text, count, record.version(), clears);
    match rng.u8(..10) {
        0 => {
            let created = record.create(pipe).map(|created| Told { done: created, ..Told::default() });
            (created, oracle.create(key, whole(false)))
        }
        1 => (told(record.save(pipe), kit.count), oracle.change(key, &whole(true))),
        2 => {
            // A value that is no number, so that increments fail.
            let set = pipe.hset(format!("{}{{{key}}}", M::KEYSPACE), "count", "many");
            (set.map(|_| Told::default()), oracle.corrupt(key))
        }
        3 => {
            let deleted = M::delete(pipe, [key.to_owned()]);
            (deleted.map(|deleted| Told { removed: deleted, ..Told::default() }), oracle.delete(key))
        }
        _ => {
            let (patch, change) = draw(M::patch(key.to_owned()), kit, rng);
            (told(patch.send(pipe), kit.count), oracle.change(key, &change))
        }
    }
}

/// A patch, and the same for the oracle.
fn draw<M: Model<Key = String>, K: Settable>(
    mut patch: Patch<M>,
    kit: &Kit<M, K>,
    rng: &mut Rng,
) -> (Patch<M>, Change) {
    let mut change = Change::default();
    let value = *rng.choice(&["x", "y"]).unwrap();
    if rng.u8(..3) > 0 {
        let by = *rng.choice(&[1, -2, i64::MAX]).unwrap();
        patch = patch.increment(kit.count, by);
        change.steps.push(("count", Step::Increment(by)));
    } else if rng.bool() {
        patch = patch.unset(kit.count);
        change.steps.push(("count", Step::Remove));
    }
    match rng.u8(..4) {
        0 => {
            patch = patch.set(kit.note, value);
            change.steps.push(("note", Step::Set(value.to_owned())));
        }
        1 => {
            patch = patch.unset(kit.note);
            change.steps.push(("note", Step::Remove));
        }
        _ => {}
    }
    if rng.bool() {
        patch = patch.set_extra("extra", value.as_bytes());
        change.steps.push(("extra", Step::Set(value.to_owned())));
    }
    if rng.u8(..3) == 0 {
        patch = patch.keep().set(kit.text, value);
        change.steps.push(("text", Step::SetMissing(value.to_owned())));
    }
    if M::VERSION_NAME.is_some() && rng.u8(..3) == 0 {
        change.version = Some(rng.u64(0..4));
        patch = patch.if_version(change.version.unwrap_or_default());
    }
    (patch, change)
}

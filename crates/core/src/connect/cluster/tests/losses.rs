//! No effect is repeated, whatever is lost and wherever slots move: thousands of seeded runs.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use redis::Value;

use super::super::{Cluster, Slot};
use super::command;
use super::fake::{Fake, SERVERS};
use crate::backend::{Backend, Batch};
use crate::error::{Effect, Result};

const KEYS: [&str; 6] = ["a", "b", "{t}1", "{t}2", "{t}3", "foo"];

/// What a client was told of each key.
#[derive(Default)]
struct Told {
    acknowledged: BTreeMap<&'static str, Vec<i64>>,
    unknown: BTreeMap<&'static str, i64>,
    calls: usize,
}

impl Told {
    fn hear(&mut self, key: &'static str, reply: &Result<Value>) {
        self.calls += 1;
        match reply {
            Ok(Value::Int(value)) => self.acknowledged.entry(key).or_default().push(*value),
            Ok(other) => panic!("INCR answers {other:?}"),
            Err(error) if error.effect() == Effect::Unknown => *self.unknown.entry(key).or_default() += 1,
            Err(_) => {}
        }
    }
}

async fn client(cluster: Arc<Cluster>, mut random: fastrand::Rng) -> Told {
    let mut told = Told::default();
    for _ in 0..12 {
        let is_atomic = random.u8(..4) == 0;
        let count = random.usize(1..8);
        let keys: Vec<&'static str> = (0..count)
            .map(|_| if is_atomic { KEYS[random.usize(2..5)] } else { KEYS[random.usize(..KEYS.len())] })
            .collect();
        if count == 1 {
            let reply = cluster.call(&command(&format!("INCR {}", keys[0]))).await;
            told.hear(keys[0], &reply);
            continue;
        }
        let mut batch = if is_atomic { Batch::new().atomic() } else { Batch::new() };
        batch.extend(keys.iter().map(|key| command(&format!("INCR {key}"))));
        for _ in 0..random.usize(..3) {
            let start = random.usize(..count);
            // All of one slot, if they are as many.
            let is_like = |key: &&&str| Slot::of_key(key.as_bytes()) == Slot::of_key(keys[start].as_bytes());
            batch.make_atomic(start..start + keys.iter().skip(start).take_while(is_like).count());
        }
        match cluster.call_batch(&batch).await {
            Ok(replies) => {
                assert_eq!(replies.len(), keys.len());
                for block in batch.blocks() {
                    let refused =
                        |reply: &Result<Value>| matches!(reply, Err(error) if error.effect() == Effect::None);
                    let refused = replies[block.clone()].iter().filter(|reply| refused(reply)).count();
                    assert!(refused == 0 || refused == block.len(), "{block:?} in part: {replies:?}");
                }
                keys.iter().zip(&replies).for_each(|(key, reply)| told.hear(key, reply));
            }
            Err(error) => assert_eq!(error.effect(), Effect::None, "nothing was sent: {error}"),
        }
    }
    told
}

/// Moves slots to and fro, and takes servers down, until it is aborted.
async fn trouble(fake: Fake) {
    loop {
        {
            let mut world = fake.world();
            let key = KEYS[world.random.usize(..KEYS.len())];
            let port = world.random.u16(1..=SERVERS);
            match world.random.u8(..8) {
                0 | 1 => world.start_move(key, port),
                2..=4 => world.move_key(key),
                5 => world.end_move(key),
                6 => drop(world.down.insert(port)),
                _ => world.down.clear(),
            }
        }
        let wait = fake.world().random.u64(..20);
        if wait < 10 {
            tokio::task::yield_now().await;
        } else {
            tokio::time::sleep(Duration::from_millis(wait)).await;
        }
    }
}

/// One run; how many calls were answered, and how many ended with an unknown effect.
async fn run(seed: u64) -> (usize, i64) {
    let fake = Fake::new(seed);
    fake.world().lossy = 100;
    fake.world().outdated = 200;
    let cluster = Arc::new(fake.client());
    let trouble = tokio::spawn(trouble(fake.clone()));
    let clients: Vec<_> = (0..4)
        .map(|n| tokio::spawn(client(Arc::clone(&cluster), fastrand::Rng::with_seed(seed * 10 + n))))
        .collect();
    let mut told = Told::default();
    for client in clients {
        let one = client.await.unwrap();
        told.calls += one.calls;
        one.acknowledged
            .into_iter()
            .for_each(|(key, values)| told.acknowledged.entry(key).or_default().extend(values));
        one.unknown.into_iter().for_each(|(key, count)| *told.unknown.entry(key).or_default() += count);
    }
    trouble.abort();
    let mut answered = 0;
    for key in KEYS {
        let mut values = told.acknowledged.remove(key).unwrap_or_default();
        let acknowledged = i64::try_from(values.len()).unwrap();
        let unknown = told.unknown.get(key).copied().unwrap_or_default();
        let value = fake.world().value(key);
        assert!(
            (acknowledged..=acknowledged + unknown).contains(&value),
            "seed {seed}: {key} is {value} after {acknowledged} acknowledged and {unknown} unknown"
        );
        values.sort_unstable();
        values.dedup();
        assert_eq!(
            acknowledged,
            i64::try_from(values.len()).unwrap(),
            "seed {seed}: {key}: a reply came twice"
        );
        answered += values.len();
    }
    (answered, told.unknown.values().sum())
}

#[tokio::test(start_paused = true)]
async fn no_increment_is_applied_twice_under_lost_replies_and_moving_slots() {
    let (mut answered, mut unknown) = (0, 0);
    for seed in 0..2_000 {
        let (a, u) = run(seed).await;
        answered += a;
        unknown += u;
    }
    assert!(
        answered > 100_000 && unknown > 10_000,
        "{answered} answered, {unknown} unknown: too quiet to prove much"
    );
}

#[tokio::test(start_paused = true)]
async fn without_losses_every_increment_is_applied_and_answered_in_order() {
    for seed in 0..500 {
        let fake = Fake::new(seed);
        fake.world().outdated = 100;
        let cluster = fake.client();
        let mut random = fastrand::Rng::with_seed(seed);
        let mut expected: BTreeMap<&str, i64> = BTreeMap::new();
        for _ in 0..10 {
            let keys: Vec<_> = (0..random.usize(2..30)).map(|_| KEYS[random.usize(..KEYS.len())]).collect();
            let moved = KEYS[random.usize(..KEYS.len())];
            let step = random.u8(..4);
            {
                let mut world = fake.world();
                world.start_move(moved, random.u16(1..=SERVERS));
                match step {
                    0 => world.end_move(moved),
                    1 => world.move_key(moved),
                    _ => {}
                }
            }
            let mut batch: Batch = keys.iter().map(|key| command(&format!("INCR {key}"))).collect();
            for (start, pair) in keys.windows(2).enumerate().filter(|(_, pair)| pair[0] == pair[1]) {
                batch.make_atomic(start..start + pair.len());
            }
            for (key, reply) in keys.iter().zip(cluster.call_batch(&batch).await.unwrap()) {
                let value = expected.entry(key).or_default();
                *value += 1;
                assert_eq!(
                    reply.unwrap(),
                    Value::Int(*value),
                    "seed {seed}: {key} in {}",
                    Slot::of_key(key.as_bytes())
                );
            }
        }
    }
}

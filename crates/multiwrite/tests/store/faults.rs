//! Whatever is lost on the way, the remotes are equal in the end.

use std::time::Duration;

use redfleet_core::{Faults, Layer};
use redfleet_multiwrite::{Guarantee, MultiWrite, Order, Overflow, RemoteOptions};

use super::world::{World, held, words};

const AN_HOUR: Duration = Duration::from_secs(3600);

/// A command drawn from many, on few keys.
pub(crate) fn draw(random: &mut fastrand::Rng) -> String {
    let key = random.u8(0..6);
    let other = random.u8(0..6);
    let number = random.u16(0..100);
    match random.u8(0..23) {
        0 => format!("SET k{key} {number}"),
        1 | 2 => format!("INCRBY k{key} {number}"),
        3 => format!("DEL k{key} k{other}"),
        4 => format!("LPUSH l{key} {number}"),
        5 => format!("LPOP l{key}"),
        6 => format!("LMOVE l{key} l{other} LEFT RIGHT"),
        7 => format!("SADD s{key} {number}"),
        8 => format!("SPOP s{key}"),
        9 => format!("SUNIONSTORE s{key} s{other} s1"),
        10 => format!("HSET h{key} f{other} {number}"),
        11 => format!("HINCRBYFLOAT h{key} f{other} 0.5"),
        12 => format!("ZADD z{key} {number} m{other}"),
        13 => format!("ZPOPMIN z{key}"),
        14 => format!("APPEND k{key} {number}"),
        15 => format!("PEXPIRE k{key} {}", u32::from(number) * 300),
        16 => format!("SET k{key} {number} PX {}", u32::from(number) * 300 + 1),
        17 => format!("MSET k{key} {number} k{other} {number}"),
        18 => format!("EVAL redis.call('INCR',KEYS[1]) 1 k{key}"),
        19 => format!("RENAME k{key} k{other}"),
        20 => format!("GETDEL k{key}"),
        21 if number < 5 => "FLUSHALL".into(),
        _ => format!("PERSIST k{key}"),
    }
}

struct Trial {
    guarantee: Guarantee,
    order: Order,
    max_entries: usize,
    loses_on_local: f64,
}

async fn run(seed: u64, trial: &Trial) -> Result<(), String> {
    let world = World::new();
    let mut random = fastrand::Rng::with_seed(seed);
    let faulty = |seed: u64, share: f64| {
        Faults::seeded(seed)
            .delay(Duration::ZERO..Duration::from_millis(5))
            .lose_requests(share)
            .lose_replies(share)
    };
    let local = faulty(seed, trial.loses_on_local).layer(world.local.shared());
    let options = || {
        RemoteOptions::default()
            .guarantee(trial.guarantee)
            .max_entries(trial.max_entries)
            .overflow(Overflow::DropOldest)
            .round_entries(7)
            .retries(Duration::from_millis(1), Duration::from_millis(50))
    };
    let store = MultiWrite::builder(local)
        .clock(world.clock.clone())
        .seed(seed)
        .order(trial.order)
        .remote_with("eu", faulty(seed + 1, 0.2).layer(world.eu.shared()), options())
        .remote_with("us", faulty(seed + 2, 0.05).layer(world.us.shared()), options())
        .build()
        .map_err(|error| error.to_string())?;
    let mut tasks = tokio::task::JoinSet::new();
    for _ in 0..4 {
        let everywhere = store.everywhere();
        let mut random = random.fork();
        tasks.spawn(async move {
            for _ in 0..60 {
                // Whatever local says to it: what counts is what it did.
                drop(everywhere.send(&words(&draw(&mut random))).await);
                if random.u8(0..4) == 0 {
                    tokio::time::sleep(Duration::from_millis(random.u64(0..40))).await;
                }
            }
        });
    }
    tasks.join_all().await;
    store.flush(AN_HOUR).await.map_err(|error| format!("{error}; {:?}", store.health()))?;
    let says = |error: redfleet_core::Error| error.to_string();
    let local = held(&world.local).await.map_err(says)?;
    for (name, node) in [("eu", &world.eu), ("us", &world.us)] {
        let remote = held(node).await.map_err(says)?;
        let differs = local.keys().chain(remote.keys()).find(|key| local.get(*key) != remote.get(*key));
        if let Some(key) = differs {
            return Err(format!(
                "{name} differs in {}: {:?} and {:?}",
                String::from_utf8_lossy(key),
                local.get(key),
                remote.get(key)
            ));
        }
    }
    Ok(())
}

async fn run_many(trial: Trial) {
    for seed in 0..20 {
        run(seed, &trial).await.unwrap_or_else(|error| panic!("seed {seed}: {error}"));
    }
}

#[tokio::test(start_paused = true)]
async fn lost_requests_and_replies_leave_the_remotes_equal() {
    run_many(Trial {
        guarantee: Guarantee::ExactlyOnce,
        order: Order::LocalFirst,
        max_entries: 10_000,
        loses_on_local: 0.0,
    })
    .await;
}

#[tokio::test(start_paused = true)]
async fn a_queue_that_overflows_all_the_time_leaves_the_remotes_equal() {
    run_many(Trial {
        guarantee: Guarantee::ExactlyOnce,
        order: Order::LocalFirst,
        max_entries: 5,
        loses_on_local: 0.0,
    })
    .await;
}

#[tokio::test(start_paused = true)]
async fn a_local_that_loses_replies_leaves_the_remotes_equal() {
    for order in [Order::LocalFirst, Order::Parallel] {
        run_many(Trial { guarantee: Guarantee::ExactlyOnce, order, max_entries: 20, loses_on_local: 0.05 })
            .await;
    }
}

#[tokio::test(start_paused = true)]
async fn at_least_once_leaves_the_remotes_equal_too() {
    run_many(Trial {
        guarantee: Guarantee::AtLeastOnce,
        order: Order::LocalFirst,
        max_entries: 20,
        loses_on_local: 0.02,
    })
    .await;
}

//! Mixed writes, going on until they are stopped.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicI64, Ordering};
use std::time::Duration;

use redfleet_core::Effect;
use redfleet_multiwrite::{Everywhere, MultiWrite};
use redis::{Cmd, cmd};
use tokio::task::JoinSet;
use tokio::time::sleep;

use super::world::{World, ask};

const WRITERS: u64 = 3;

/// Writers, and what they were told of the counter that all of them count.
pub(super) struct Load {
    tasks: JoinSet<()>,
    shared: Arc<Shared>,
}

struct Shared {
    is_over: AtomicBool,
    writes: AtomicI64,
    told: AtomicI64,
    unknown: AtomicI64,
    prefix: String,
}

impl Load {
    /// Begins to write.
    pub(super) fn start(store: &MultiWrite, prefix: &str, seed: u64) -> Self {
        let shared = Arc::new(Shared {
            is_over: AtomicBool::new(false),
            writes: AtomicI64::new(0),
            told: AtomicI64::new(0),
            unknown: AtomicI64::new(0),
            prefix: prefix.into(),
        });
        let mut tasks = JoinSet::new();
        for writer in 0..WRITERS {
            let random = fastrand::Rng::with_seed(seed * 1000 + writer);
            tasks.spawn(write(store.everywhere(), Arc::clone(&shared), random));
        }
        Self { tasks, shared }
    }

    /// Waits until so many more writes were answered.
    pub(super) async fn goes_on(&self, writes: i64) {
        let until = self.shared.writes.load(Ordering::Relaxed) + writes;
        super::world::until("the load goes on", || self.shared.writes.load(Ordering::Relaxed) >= until).await;
    }

    /// Ends it, and sees that each increment that local answered was counted once.
    pub(super) async fn stop(self, world: &World) {
        self.shared.is_over.store(true, Ordering::Relaxed);
        self.tasks.join_all().await;
        let counted: i64 =
            ask::<Option<i64>>(&world.local, cmd("GET").arg(world.key("n"))).await.unwrap_or(0);
        let (told, unknown) =
            (self.shared.told.load(Ordering::Relaxed), self.shared.unknown.load(Ordering::Relaxed));
        assert!(told > 0 && (told..=told + unknown).contains(&counted), "{told} + {unknown}: {counted}");
    }
}

async fn write(everywhere: Everywhere, shared: Arc<Shared>, mut random: fastrand::Rng) {
    while !shared.is_over.load(Ordering::Relaxed) {
        let command = draw(&mut random, &shared.prefix);
        // Whatever local says to it: what counts is what it did.
        drop(everywhere.send(&command).await);
        let counted = everywhere.send(cmd("INCR").arg(format!("{}n", shared.prefix))).await;
        match counted {
            Ok(_) => shared.told.fetch_add(1, Ordering::Relaxed),
            Err(error) if error.effect() == Effect::Unknown => shared.unknown.fetch_add(1, Ordering::Relaxed),
            Err(_) => {
                sleep(Duration::from_millis(5)).await;
                0
            }
        };
        shared.writes.fetch_add(2, Ordering::Relaxed);
    }
}

/// One of many commands, on few keys.
pub(super) fn draw(random: &mut fastrand::Rng, prefix: &str) -> Cmd {
    let (key, other, number) = (random.u8(0..8), random.u8(0..8), random.u16(1..200));
    let ms = u32::from(number) * 20;
    let line = match random.u8(0..30) {
        0 => format!("SET #k{key} {number}"),
        1 | 2 => format!("INCRBY #k{key} {number}"),
        3 => format!("DEL #k{key} #h{other}"),
        4 => format!("LPUSH #l{key} {number}"),
        5 => format!("RPOP #l{key}"),
        6 => format!("LMOVE #l{key} #l{other} LEFT RIGHT"),
        7 => format!("SADD #s{key} {number}"),
        8 => format!("SPOP #s{key}"),
        9 => format!("SUNIONSTORE #s{key} #s{other} #s1"),
        10 => format!("HSET #h{key} f{other} {number}"),
        11 => format!("HINCRBYFLOAT #h{key} f{other} 0.5"),
        12 => format!("ZADD #z{key} {number} m{other}"),
        13 => format!("ZPOPMIN #z{key}"),
        14 => format!("APPEND #k{key} {number}"),
        15 => format!("PEXPIRE #k{key} {ms}"),
        16 => format!("SET #k{key} {number} PX {ms}"),
        17 => format!("MSET #k{key} {number} #k{other} {number}"),
        18 => format!("EVAL redis.call('INCR',KEYS[1]) 1 #k{key}"),
        19 => format!("RENAME #k{key} #k{other}"),
        20 => format!("GETDEL #k{key}"),
        21 => format!("XADD #x{key} MAXLEN 20 * f {number}"),
        22 => format!("ZINTERSTORE #z{key} 2 #z{other} #z1"),
        23 => format!("HDEL #h{key} f{other}"),
        24 => format!("PEXPIRE #l{key} {ms}"),
        25 => format!("COPY #k{key} #k{other} REPLACE"),
        26 => format!("PFADD #p{key} {number}"),
        27 => format!("GETEX #k{key} PX {ms}"),
        28 => format!("SETRANGE #k{key} 2 {number}"),
        _ => format!("PERSIST #k{key}"),
    };
    words(&line, prefix)
}

/// A command as on a command line, `#` standing for the prefix.
pub(super) fn words(line: &str, prefix: &str) -> Cmd {
    let mut words = line.split(' ');
    let mut command = cmd(words.next().unwrap_or_default());
    words.for_each(|word| {
        command.arg(word.replace('#', prefix));
    });
    command
}

//! Keys that are read by their type, and made anew elsewhere: each is the same there.

use std::sync::Arc;
use std::time::Duration;

use redfleet_core::test_util::{Scripted, SimulatedClock};
use redfleet_core::{Backend, BackendExt, Embedded};
use redis::cmd;
use tokio::time::advance;

use super::notation::command;
use super::script::Script;
use super::whole::whole;
use crate::effect::{Key, read_typed};
use crate::verify::Sides;

/// What becomes of streams, word by word; `#` is an id, `$` a group, `%` a consumer.
const STREAMS: &[&str] = &[
    "XADD x # f v",
    "XADD x # f v g w",
    "XADD x # f v",
    "XADD x MAXLEN = 6 # f v",
    "XDEL x # # #",
    "XTRIM x MINID = #",
    "XTRIM x MAXLEN = 3",
    "XSETID x # ENTRIESADDED 40 MAXDELETEDID 3-1",
    "XGROUP CREATE x $ # MKSTREAM",
    "XGROUP CREATE x $ 0 ENTRIESREAD 2",
    "XGROUP SETID x $ #",
    "XGROUP CREATECONSUMER x $ %",
    "XGROUP DELCONSUMER x $ %",
    "XREADGROUP GROUP $ % COUNT 3 STREAMS x >",
    "XREADGROUP GROUP $ % STREAMS x >",
    "XREADGROUP GROUP $ % STREAMS x #",
    "XCLAIM x $ % 0 # # IDLE 700 RETRYCOUNT 5",
    "XAUTOCLAIM x $ % 0 0 COUNT 2",
    "XACK x $ #",
    "PEXPIRE x 90000",
    "PERSIST x",
];

const DEADLINE: Duration = Duration::from_secs(5);

fn of_stream(dice: &mut fastrand::Rng, key: &str) -> String {
    let word = |word: &str, dice: &mut fastrand::Rng| match word {
        "x" => key.into(),
        "#" => format!("{}-{}", dice.u8(1..20), dice.u8(1..3)),
        "$" => format!("g{}", dice.u8(..3)),
        "%" => format!("c{}", dice.u8(..3)),
        word => word.into(),
    };
    let template = STREAMS[dice.usize(..STREAMS.len())];
    template.split(' ').map(|part| word(part, dice)).collect::<Vec<_>>().join(" ")
}

/// Makes the key on the other node as it is on this one, by its type.
async fn copy(local: &dyn Backend, remote: &dyn Backend, name: &str) {
    let effect = read_typed(local, &Key::from(name.as_bytes())).await.unwrap();
    for step in &effect.steps {
        remote
            .call(step)
            .await
            .unwrap_or_else(|error| panic!("{name}: {}: {error}", super::notation::text(step)));
    }
}

/// What commands tell of a stream, but for what depends on when it is asked and on its form in memory.
async fn told(node: &dyn Backend, key: &str) -> String {
    let about = node.call(&command(&format!("XINFO STREAM {key} FULL COUNT 0"))).await;
    let mut told = Vec::new();
    if let Ok(about) = about {
        tell(&about, &mut told);
    }
    told.concat()
}

fn tell(about: &redis::Value, told: &mut Vec<String>) {
    const PASSING: [&[u8]; 4] = [b"radix-tree-keys", b"radix-tree-nodes", b"seen-time", b"active-time"];
    let is_passing =
        |name: &redis::Value| matches!(name, redis::Value::BulkString(name) if PASSING.contains(&&**name));
    let mut skips = false;
    match about {
        redis::Value::Map(pairs) => {
            for (name, value) in pairs.iter().filter(|(name, _)| !is_passing(name)) {
                tell(name, told);
                tell(value, told);
            }
        }
        redis::Value::Array(items) => {
            told.push("[".into());
            for item in items {
                if !skips && !is_passing(item) {
                    tell(item, told);
                }
                skips = !skips && is_passing(item);
            }
            told.push("]".into());
        }
        redis::Value::SimpleString(word) => told.push(format!("{word} ")),
        redis::Value::BulkString(word) => told.push(format!("{} ", String::from_utf8_lossy(word))),
        other @ (redis::Value::Nil | _) => told.push(format!("{other:?} ")),
    }
}

fn nodes() -> (Arc<dyn Backend>, Arc<dyn Backend>) {
    let clock = SimulatedClock::new(Duration::from_secs(1_700_000_000));
    let node = |seed| Embedded::builder().clock(clock.clock()).seed(seed).build().shared();
    (node(1), node(2))
}

#[tokio::test(start_paused = true)]
async fn keys_of_every_type_are_the_same_elsewhere() {
    let mut kinds = std::collections::BTreeSet::new();
    for seed in 0..40 {
        let (local, remote) = nodes();
        let mut script = Script { dice: fastrand::Rng::with_seed(seed), prefix: "", more: &[] };
        for _ in 0..300 {
            let line = script.command(1_700_000_000_000);
            // Some are refused; what is there is what counts.
            drop(local.call(&command(&line)).await);
            advance(Duration::from_millis(script.dice.u64(..20))).await;
        }
        for name in Script::keys("") {
            kinds.insert(local.query::<String>(cmd("TYPE").arg(&name)).await.unwrap());
            // What was there goes.
            remote.call(cmd("SET").arg(&name).arg("old").arg("PX").arg(5)).await.unwrap();
            copy(&*local, &*remote, &name).await;
            assert_eq!(whole(&*local, &name).await, whole(&*remote, &name).await, "seed {seed}: {name}");
        }
        let sides = Sides::new((&*local, DEADLINE), (&*remote, DEADLINE));
        let report = sides.compare(|_| true, |_| async {}).await.unwrap();
        assert!(report.is_equal(), "seed {seed}: {report:?}");
    }
    assert_eq!(Vec::from_iter(kinds), ["hash", "list", "none", "set", "stream", "string", "zset"]);
}

/// Random streams, copied again and again as they change. How many entries were pending that were gone already.
async fn streams(local: &dyn Backend, remote: &dyn Backend, key: &str, seeds: std::ops::Range<u64>) -> usize {
    let mut ghosts = 0;
    for seed in seeds {
        let mut dice = fastrand::Rng::with_seed(seed);
        local.call(cmd("DEL").arg(key)).await.unwrap();
        let mut lines = Vec::new();
        for _ in 0..8 {
            for _ in 0..10 {
                let line = of_stream(&mut dice, key);
                // Some are refused; what is there is what counts.
                drop(local.call(&command(&line)).await);
                lines.push(line);
            }
            copy(local, remote, key).await;
            let (here, there) = (told(local, key).await, told(remote, key).await);
            assert_eq!(here, there, "seed {seed}: {lines:#?}");
            let read = read_typed(local, &Key::from(key.as_bytes())).await.unwrap();
            ghosts +=
                read.steps.iter().filter(|step| super::notation::text(step).starts_with("XTRIM")).count();
        }
    }
    ghosts
}

#[tokio::test(start_paused = true)]
async fn a_stream_is_the_same_elsewhere_with_its_groups_and_what_is_pending() {
    let (local, remote) = nodes();
    let ghosts = streams(&*local, &*remote, "x", 0..300).await;
    assert!(ghosts > 100, "{ghosts} had entries pending that are gone");
}

#[cfg(feature = "test-servers")]
#[tokio::test]
async fn on_real_servers_a_stream_is_the_same_elsewhere() {
    let servers = redfleet_core::test_util::servers(2).await;
    let [local, remote] = [0, 1].map(|at: usize| redfleet_core::connect(&servers[at].url()).unwrap());
    let ghosts = streams(&*local, &*remote, "typed:x", 0..40).await;
    assert!(ghosts > 10, "{ghosts} had entries pending that are gone");
}

#[tokio::test(start_paused = true)]
async fn what_is_large_is_read_and_put_in_portions() {
    let (local, remote) = nodes();
    for (name, line) in [
        ("l", "RPUSH l $"),
        ("t", "SADD t $"),
        ("h", "HSET h $ v"),
        ("z", "ZADD z 1 $"),
        ("x", "XADD x $-1 f v"),
    ] {
        for at in 1..=4500 {
            local.call(&command(&line.replace('$', &at.to_string()))).await.unwrap();
        }
        copy(&*local, &*remote, name).await;
        assert_eq!(whole(&*local, name).await, whole(&*remote, name).await, "{name}");
    }
    local.call(&command("XGROUP CREATE x g 0")).await.unwrap();
    local.call(&command("XREADGROUP GROUP g c STREAMS x >")).await.unwrap();
    copy(&*local, &*remote, "x").await;
    assert_eq!(told(&*local, "x").await, told(&*remote, "x").await);
    for size in [0, 1, (1 << 20) - 1, 1 << 20, (1 << 20) + 1, (2 << 20) + 7] {
        let value: Vec<u8> = (0..size).map(|at| u8::try_from(at % 251).unwrap()).collect();
        local.call(cmd("SET").arg("s").arg(&value)).await.unwrap();
        copy(&*local, &*remote, "s").await;
        assert_eq!(remote.query::<Vec<u8>>(cmd("GET").arg("s")).await.unwrap(), value, "{size} bytes");
    }
}

#[tokio::test(start_paused = true)]
async fn the_ends_of_fields_and_of_the_key_are_copied_too() {
    let (local, remote) = nodes();
    for line in ["HSET h f v g w", "PEXPIRE h 9000", "HPEXPIRE h 5000 FIELDS 1 f"] {
        local.call(&command(line)).await.unwrap();
    }
    copy(&*local, &*remote, "h").await;
    for line in ["PEXPIRETIME h", "HPEXPIRETIME h FIELDS 2 f g"] {
        let (here, there) = (local.call(&command(line)).await, remote.call(&command(line)).await);
        assert_eq!(here.unwrap(), there.unwrap(), "{line}");
    }
}

/// A hash of a field that is there, one that ends, and one that has come to its end when its end is asked.
fn hash(ends: &str) -> Scripted {
    let page = "*2\r\n$1\r\n0\r\n*6\r\n$1\r\nf\r\n$1\r\n1\r\n$1\r\ng\r\n$1\r\n2\r\n$1\r\nh\r\n$1\r\n3\r\n";
    Scripted::new()
        .on("TYPE", "+hash\r\n")
        .on("PEXPIRETIME", ":-1\r\n")
        .on("HSCAN", page)
        .on("HPEXPIRETIME", ends)
}

async fn steps_of(node: &Scripted) -> redfleet_core::Result<Vec<String>> {
    let effect = read_typed(node, &Key::from(b"k".as_slice())).await?;
    Ok(effect.steps.iter().map(super::notation::text).collect())
}

#[tokio::test]
async fn a_field_that_ends_while_its_hash_is_read_is_not_copied() {
    let (start, end) = (["DEL k", "HSET k f 1 g 2 h 3"], "HPEXPIREAT k 99 FIELDS 1 g");
    let steps = steps_of(&hash("*3\r\n:-1\r\n:99\r\n:-2\r\n")).await.unwrap();
    assert_eq!(steps, [start[0], start[1], end, "HDEL k h"]);
    // The key itself is gone.
    let steps = steps_of(&hash("*0\r\n")).await.unwrap();
    assert_eq!(steps, [start[0], start[1], "HDEL k f", "HDEL k g", "HDEL k h"]);
    let steps = steps_of(&hash("-ERR unknown command 'HPEXPIRETIME', with args\r\n")).await.unwrap();
    assert_eq!(steps, start);
}

#[tokio::test]
async fn a_hash_whose_fields_ends_are_not_told_is_not_copied() {
    for refusal in ["BUSY a script runs", "LOADING wait", "NOPERM no permissions"] {
        let error = steps_of(&hash(&format!("-{refusal}\r\n"))).await.unwrap_err();
        assert_eq!(error.code(), refusal.split(' ').next());
    }
}

#[tokio::test]
async fn what_cannot_be_read_by_its_type_says_what_to_do() {
    let node = Scripted::new().on("TYPE", "+ReJSON-RL\r\n").on("PEXPIRETIME", ":-1\r\n");
    let error = read_typed(&node, &Key::from(b"k".as_slice())).await.unwrap_err();
    assert_eq!(
        error.to_string(),
        "a copy of a key of type ReJSON-RL is not supported here: use a remote that takes local's payloads, one of its \
         version or newer with the same modules; or keep such keys out of the store's scope"
    );
}

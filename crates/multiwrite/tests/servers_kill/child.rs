//! The process that is killed: it writes as fast as it can, and says what local has answered.

use std::io::Write;

use redfleet_multiwrite::Everywhere;
use redis::cmd;
use tokio::task::JoinSet;

use super::world::{Place, WRITERS};

/// Writes until it is killed.
pub(super) async fn run(place: &Place) {
    let store = place.store();
    let mut writers = JoinSet::new();
    for writer in 0..WRITERS {
        writers.spawn(write(store.everywhere(), place.clone(), writer));
    }
    writers.join_all().await;
}

async fn write(everywhere: Everywhere, place: Place, writer: usize) {
    let (prefix, life) = (&place.prefix, place.life);
    let mut random = fastrand::Rng::with_seed(life * 100 + writer as u64);
    for number in 0_u64.. {
        let (key, other) = (random.u8(0..6), random.u8(0..6));
        let mixed = match random.u8(0..8) {
            0 => cmd("SET").arg(format!("{prefix}k{key}")).arg(number).arg("EX").arg(1000).take(),
            1 => cmd("RENAME").arg(format!("{prefix}k{key}")).arg(format!("{prefix}k{other}")).take(),
            2 => cmd("SPOP").arg(format!("{prefix}s{key}")).take(),
            3 => cmd("SADD").arg(format!("{prefix}s{key}")).arg(number).take(),
            4 => cmd("HINCRBYFLOAT").arg(format!("{prefix}h{key}")).arg(other).arg(0.5).take(),
            5 => cmd("DEL").arg(format!("{prefix}k{key}")).arg(format!("{prefix}h{other}")).take(),
            6 => cmd("APPEND").arg(format!("{prefix}k{key}")).arg("x").take(),
            _ => cmd("LMOVE")
                .arg(format!("{prefix}m{key}"))
                .arg(format!("{prefix}m{other}"))
                .arg("LEFT")
                .arg("RIGHT")
                .take(),
        };
        // Local may refuse it.
        drop(everywhere.send(&mixed).await);
        let pushed = everywhere
            .send(cmd("RPUSH").arg(format!("{prefix}l{writer}")).arg(format!("{life}:{number}")))
            .await;
        pushed.unwrap();
        say(&format!("pushed {writer} {number}"));
        everywhere.send(cmd("INCR").arg(format!("{prefix}n{writer}"))).await.unwrap();
        say(&format!("counted {writer} {number}"));
    }
}

/// One line, at once.
fn say(line: &str) {
    let mut out = std::io::stdout().lock();
    out.write_all(format!("{line}\n").as_bytes()).and_then(|()| out.flush()).unwrap();
}

//! The process that kills, and sees what is left.

use std::process::Stdio;
use std::time::Duration;

use redfleet_core::test_util::{Server, servers};
use redfleet_multiwrite::{MultiWrite, Report};
use redis::{FromRedisValue, cmd};
use tokio::io::{AsyncBufReadExt, BufReader, Lines};
use tokio::process::{Child, ChildStdout, Command};
use tokio::time::{Instant, sleep};

use super::child;
use super::world::{Journal, Place, WRITERS};

/// By this variable a process knows that it is to be killed, and where to write.
const PLACE: &str = "REDFLEET_KILLED";

const KILLS: u64 = 22;

/// Long enough for anything that is to happen at all.
const LONG: Duration = Duration::from_secs(120);

/// What the processes said that local had answered.
#[derive(Debug, Default)]
struct Told {
    /// Of each writer, what it pushed, in order.
    pushed: [Vec<String>; WRITERS],
    /// Of each writer, how often it counted.
    counted: [i64; WRITERS],
}

/// Starts a process that writes there: what it says.
fn start(place: &Place, test: &str) -> (Child, Lines<BufReader<ChildStdout>>) {
    let mut process = Command::new(std::env::current_exe().unwrap())
        .args(["--exact", test, "--nocapture", "--test-threads", "1"])
        .env(PLACE, place.text())
        .stdout(Stdio::piped())
        .kill_on_drop(true)
        .spawn()
        .unwrap();
    let lines = BufReader::new(process.stdout.take().unwrap()).lines();
    (process, lines)
}

/// Whether this is a process that is to be killed: then it writes until it is.
async fn is_killed() -> bool {
    let Ok(text) = std::env::var(PLACE) else { return false };
    child::run(&Place::of(&text)).await;
    true
}

/// Runs one process until it is killed: at once, or after some writes.
async fn live(place: &Place, test: &str, random: &mut fastrand::Rng, told: &mut Told) {
    let (mut process, mut lines) = start(place, test);
    let writes = if random.u8(0..4) == 0 { 0 } else { random.usize(1..400) };
    let grace = Duration::from_millis(random.u64(0..60));
    let mut seen = 0;
    while seen < writes {
        let Some(line) = lines.next_line().await.unwrap() else { break };
        seen += usize::from(note(&line, place.life, told));
    }
    sleep(grace).await;
    process.kill().await.unwrap();
    while let Ok(Some(line)) = lines.next_line().await {
        note(&line, place.life, told);
    }
    assert!(seen >= writes, "it ended by itself after {seen} answers");
}

/// Takes note of a line, if it is an answer.
fn note(line: &str, life: u64, told: &mut Told) -> bool {
    let words: Vec<&str> = line.split(' ').collect();
    match words[..] {
        ["pushed", writer, number] => {
            told.pushed[writer.parse::<usize>().unwrap()].push(format!("{life}:{number}"));
        }
        ["counted", writer, _] => told.counted[writer.parse::<usize>().unwrap()] += 1,
        _ => return false,
    }
    true
}

async fn ask<T: FromRedisValue>(server: &Server, command: &redis::Cmd) -> T {
    T::from_redis_value(server.direct(command).await.unwrap()).unwrap()
}

/// One line a key.
async fn held(server: &Server, prefix: &str) -> Vec<String> {
    let script = include_str!("../versions_store/held.lua");
    let lines: Vec<Vec<u8>> = ask(server, cmd("EVAL").arg(script).arg(0).arg(prefix)).await;
    lines.into_iter().map(|line| line.escape_ascii().to_string()).collect()
}

/// Fails unless what was told is there once, and what was not told at most once.
async fn check(local: &Server, place: &Place, told: &Told) {
    for (writer, expected) in told.pushed.iter().enumerate() {
        let list = format!("{}l{writer}", place.prefix);
        let there: Vec<String> = ask(local, cmd("LRANGE").arg(list).arg(0).arg(-1)).await;
        let answered: Vec<_> = there.iter().filter(|word| expected.contains(word)).cloned().collect();
        assert_eq!(&answered, expected, "what was pushed, once and in order");
        assert!(there.len() as u64 <= expected.len() as u64 + KILLS, "{there:?}");
        let counted: i64 = ask(local, cmd("GET").arg(format!("{}n{writer}", place.prefix))).await;
        let (least, lives) = (told.counted[writer], i64::try_from(KILLS).unwrap());
        assert!((least..=least + lives).contains(&counted), "{least}: {counted}");
    }
}

/// Waits until the remotes have everything, and fails unless they hold what local holds.
async fn compare(store: &MultiWrite, trio: &[Server], place: &Place) {
    if let Err(lack) = store.flush(LONG).await {
        panic!("{lack}: {:#?}", store.health());
    }
    let local = held(&trio[0], &place.prefix).await;
    for (name, remote) in [("eu", &trio[1]), ("us", &trio[2])] {
        let remote = held(remote, &place.prefix).await;
        let differs = local.iter().zip(&remote).find(|(here, there)| here != there);
        assert!(local == remote, "{name} differs: {differs:?}");
        let report = verified(store, name).await;
        assert!(report.is_equal(), "{name}: {report}");
    }
}

/// Waits until it is so.
async fn until(what: &str, is_so: impl AsyncFn() -> bool) {
    let started = Instant::now();
    while !is_so().await {
        assert!(started.elapsed() < LONG, "still not so: {what}");
        sleep(Duration::from_millis(5)).await;
    }
}

/// A report of a comparison, as soon as both sides answer in time.
async fn verified(store: &MultiWrite, name: &str) -> Report {
    let started = Instant::now();
    loop {
        match store.verify(name).await {
            Ok(report) => return report,
            Err(error) => assert!(started.elapsed() < LONG, "{name}: {error}"),
        }
    }
}

fn place(trio: &[Server], journal: Journal, name: &str) -> Place {
    let directory = std::env::temp_dir().join(format!("redfleet-killed-{}-{name}", std::process::id()));
    // Of an earlier process with this number, which did not come to its end.
    drop(std::fs::remove_dir_all(&directory));
    Place {
        directory,
        journal,
        urls: [0, 1, 2].map(|index: usize| trio[index].url()),
        prefix: format!("killed-{name}:"),
        life: 0,
    }
}

async fn kill_many(journal: Journal, test: &str) {
    if is_killed().await {
        return;
    }
    let trio = servers(3).await;
    let name = if journal == Journal::Spool { "spool" } else { "outbox" };
    let mut place = place(&trio, journal, name);
    let mut random = fastrand::Rng::with_seed(9);
    let mut told = Told::default();
    for life in 1..=KILLS {
        place.life = life;
        match random.u8(0..4) {
            0 => trio[1].proxy().cut(),
            1 => trio[2].proxy().cut(),
            _ => {}
        }
        live(&place, test, &mut random, &mut told).await;
        trio[1].proxy().heal();
        trio[2].proxy().heal();
    }
    place.life += 1;
    let store = place.store();
    check(&trio[0], &place, &told).await;
    compare(&store, &trio, &place).await;
    store.shutdown(LONG).await.unwrap();
    if journal == Journal::Spool {
        std::fs::remove_dir_all(&place.directory).unwrap();
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_process_with_a_spool_that_is_killed_many_times_loses_no_write_and_doubles_none() {
    let test = "servers_kill::killed::a_process_with_a_spool_that_is_killed_many_times_loses_no_write_and_doubles_none";
    kill_many(Journal::Spool, test).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_process_with_an_outbox_that_is_killed_many_times_loses_no_write_and_doubles_none() {
    let test = "servers_kill::killed::a_process_with_an_outbox_that_is_killed_many_times_loses_no_write_and_doubles_none";
    kill_many(Journal::Outbox, test).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_arrives_at_local_after_the_process_that_sent_it_was_killed_is_copied_too() {
    if is_killed().await {
        return;
    }
    let test =
        "servers_kill::killed::what_arrives_at_local_after_the_process_that_sent_it_was_killed_is_copied_too";
    let trio = servers(3).await;
    let mut place = place(&trio, Journal::Spool, "late");
    place.life = 1;
    let (mut process, mut lines) = start(&place, test);
    let mut seen = 0;
    while seen < 200 {
        seen += usize::from(note(&lines.next_line().await.unwrap().unwrap(), 1, &mut Told::default()));
    }
    let proxy = trio[0].proxy();
    proxy.strand();
    let sent = proxy.traffic().request_bytes;
    // Each writer goes on until its next reply does not come.
    until("something is held up", async || proxy.traffic().request_bytes > sent).await;
    sleep(Duration::from_millis(100)).await;
    process.kill().await.unwrap();
    let store = place.store();
    sleep(Duration::from_millis(500)).await;
    let early = held(&trio[0], &place.prefix).await;
    proxy.heal();
    until("what was held up has arrived", async || held(&trio[0], &place.prefix).await != early).await;
    compare(&store, &trio, &place).await;
    store.shutdown(LONG).await.unwrap();
    std::fs::remove_dir_all(&place.directory).unwrap();
}

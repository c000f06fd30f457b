//! Eight processes that all want one lock: how long it lies idle between two of them, and whether each gets its turn.
//!
//! Each contender has locks and connections of its own, as another process would, and holds for about a millisecond. The gap is
//! counted from just before the release is asked for until the next contender has its lease, so what the hold itself takes is not in
//! it. Rows are of rounds: one round's median (or worst), then the median of the rounds.

use std::cell::RefCell;
use std::rc::Rc;
use std::time::Duration;

use futures::future::join_all;
use redfleet_core::test_util::Server;
use redfleet_lock::Locks;
use redfleet_peers::{Interval, Row, raw};
use rslock::LockManager;
use tokio::time::{Instant, sleep};

use crate::Bench;
use crate::fleet::{clear, fleet, locks};

const CONTENDERS: usize = 8;
const ROUNDS: usize = 20;
const ROUND: Duration = Duration::from_millis(700);
const HOLD: Duration = Duration::from_millis(1);
const TTL: Duration = Duration::from_secs(30);
/// A release and a wake, a question and a grant: two round trips, and one to spare.
const GAP_BUDGET: f64 = 3.0;
const SERVED_BUDGET: f64 = 1.2;
/// Of the time that all others need for their turns.
const WAIT_BUDGET: f64 = 3.0;

pub(crate) async fn rows(bench: &mut Bench, servers: &[Server]) {
    let servers = servers.get(..3).unwrap();
    clear(servers).await;
    let all: Vec<&Server> = servers.iter().collect();
    let ours: Vec<Locks> = (0..CONTENDERS).map(|_| locks(&fleet(&all))).collect();
    let urls: Vec<String> = servers.iter().map(Server::direct_url).collect();
    let theirs: Vec<LockManager> = (0..CONTENDERS).map(|_| LockManager::new(urls.clone())).collect();
    let (mut of_ours, mut of_theirs) = (Vec::new(), Vec::new());
    for round in 0..=ROUNDS {
        let (one, other) = (contend_ours(&ours).await, contend_theirs(&theirs).await);
        // The first round makes connections and is forgotten.
        if round > 0 {
            of_ours.push(Figures::of(&one, ping(servers).await));
            of_theirs.push(Figures::of(&other, f64::NAN));
        }
    }
    type Figure = fn(&Figures) -> f64;
    let rows: [(&str, Figure, f64, &str); 3] = [
        ("8 contend on 3: release to next grant, in PINGs", |told| told.gap_pings, GAP_BUDGET, "PINGs"),
        ("8 contend on 3: most served / least served", |told| told.served, SERVED_BUDGET, "times"),
        ("8 contend on 3: p99 of waits, in turns of all", |told| told.wait_turns, WAIT_BUDGET, "turns"),
    ];
    for (name, figure, budget, unit) in rows {
        bench.put(row(name, unit, Some(budget), of_ours.iter().map(figure), None));
    }
    let (gap, wait): (Figure, Figure) = (|told| told.gap_us, |told| told.wait_us);
    for (name, figure) in [("gap p50", gap), ("wait p99", wait)] {
        let name = format!("8 contend on 3: {name}, beside rslock");
        let theirs = Interval::of(of_theirs.iter().map(figure)).median;
        bench.put(row(&name, "us", None, of_ours.iter().map(figure), Some(theirs)));
    }
    let name = "8 contend on 3: turns a round, beside rslock";
    let theirs = Interval::of(of_theirs.iter().map(|told| told.turns)).median;
    bench.put(row(name, "turns", None, of_ours.iter().map(|told| told.turns), Some(theirs)));
    idle(bench, servers, &ours).await;
}

/// What waiters send while somebody holds the lock for long.
async fn idle(bench: &mut Bench, servers: &[Server], ours: &[Locks]) {
    let [holder, waiters @ ..] = ours else { return };
    let lease = holder.lock("idle").try_acquire().await.unwrap();
    let wait = async {
        let all = waiters
            .iter()
            .map(async |locks| locks.lock("idle").wait(TTL).acquire().await.unwrap().release().await);
        join_all(all).await;
    };
    let watch = async {
        sleep(Duration::from_secs(1)).await;
        let before = commands(servers).await;
        sleep(Duration::from_secs(3)).await;
        let after = commands(servers).await;
        lease.release().await.unwrap();
        after - before
    };
    let ((), sent) = futures::join!(wait, watch);
    let name = "commands that 7 waiters sent in 3 s, all servers together";
    bench.put(row(name, "commands", Some(0.0), std::iter::once(sent), None));
}

/// How many commands the servers have carried out, but for those that ask.
async fn commands(servers: &[Server]) -> f64 {
    let mut all = 0.0;
    for mut connection in raw::connect_all(servers).await {
        let text: String = redis::cmd("INFO").arg("commandstats").query_async(&mut connection).await.unwrap();
        let lines = text.lines().filter(|line| {
            ["evalsha:", "eval:", "publish", "subscribe"].iter().any(|name| line.contains(name))
        });
        let calls =
            lines.filter_map(|line| line.split_once("calls=")?.1.split(',').next()?.parse::<f64>().ok());
        all += calls.sum::<f64>();
    }
    all
}

fn row(
    name: &str,
    unit: &str,
    budget: Option<f64>,
    figures: impl Iterator<Item = f64>,
    theirs: Option<f64>,
) -> Row {
    let told = Interval::of(figures);
    eprintln!(
        "  {name} .. {:.3} ({:.3} .. {:.3}) {unit}, theirs {theirs:?}",
        told.median, told.low, told.high
    );
    Row {
        name: name.to_owned(),
        ours: Some(told.median),
        theirs,
        ratio: None,
        low: Some(told.low),
        high: Some(told.high),
        budget,
        unit: unit.to_owned(),
    }
}

/// What one round came to.
#[derive(Default)]
struct Round {
    released: Option<Instant>,
    gaps_us: Vec<f64>,
    holds_us: Vec<f64>,
    waits_us: Vec<f64>,
    served: [f64; CONTENDERS],
}

impl Round {
    fn granted(&mut self, who: usize, asked: Instant) {
        if let Some(released) = self.released.take() {
            self.gaps_us.push(us(released));
        }
        self.waits_us.push(us(asked));
        if let Some(served) = self.served.get_mut(who) {
            *served += 1.0;
        }
    }

    fn releases(&mut self, since: Instant) {
        self.holds_us.push(us(since));
        self.released = Some(Instant::now());
    }
}

fn us(since: Instant) -> f64 {
    since.elapsed().as_secs_f64() * 1e6
}

struct Figures {
    gap_us: f64,
    gap_pings: f64,
    served: f64,
    wait_us: f64,
    wait_turns: f64,
    turns: f64,
}

impl Figures {
    fn of(round: &Round, ping_us: f64) -> Self {
        let (gap_us, hold_us) = (at(&round.gaps_us, 0.5), at(&round.holds_us, 0.5));
        let wait_us = at(&round.waits_us, 0.99);
        let (most, least) = (at(&round.served, 1.0), at(&round.served, 0.0));
        let turn_us = (gap_us + hold_us) * f64::from(u8::try_from(CONTENDERS).unwrap());
        Self {
            gap_us,
            gap_pings: gap_us / ping_us,
            served: most / least,
            wait_us,
            wait_turns: wait_us / turn_us,
            turns: round.served.iter().sum(),
        }
    }
}

/// The figure at this part of all, the smallest first.
#[expect(
    clippy::cast_precision_loss,
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "thousands at most"
)]
fn at(figures: &[f64], part: f64) -> f64 {
    let mut sorted = figures.to_vec();
    sorted.sort_by(f64::total_cmp);
    let place = (sorted.len().saturating_sub(1) as f64 * part).round() as usize;
    sorted.get(place).copied().unwrap_or(f64::NAN)
}

/// The median of a PING to one server, in microseconds, while nobody contends.
async fn ping(servers: &[Server]) -> f64 {
    let mut connection = raw::connect(&servers.first().unwrap().direct_url()).await;
    let mut took = Vec::new();
    for _ in 0..500 {
        let start = Instant::now();
        redis::cmd("PING").query_async::<()>(&mut connection).await.unwrap();
        took.push(us(start));
    }
    at(&took, 0.5)
}

async fn contend_ours(all: &[Locks]) -> Round {
    let round = Rc::new(RefCell::new(Round::default()));
    let until = Instant::now() + ROUND;
    let contend = async |who: usize, locks: &Locks| {
        while Instant::now() < until {
            let asked = Instant::now();
            let lease = locks.lock("contended").wait(TTL).acquire().await.unwrap();
            round.borrow_mut().granted(who, asked);
            let since = Instant::now();
            sleep(HOLD).await;
            round.borrow_mut().releases(since);
            lease.release().await.unwrap();
        }
    };
    join_all(all.iter().enumerate().map(|(who, locks)| contend(who, locks))).await;
    round.take()
}

async fn contend_theirs(all: &[LockManager]) -> Round {
    let round = Rc::new(RefCell::new(Round::default()));
    let until = Instant::now() + ROUND;
    let contend = async |who: usize, locks: &LockManager| {
        while Instant::now() < until {
            let asked = Instant::now();
            let lease = locks.acquire("contended", TTL).await.unwrap();
            round.borrow_mut().granted(who, asked);
            let since = Instant::now();
            sleep(HOLD).await;
            round.borrow_mut().releases(since);
            lease.release().await;
        }
    };
    join_all(all.iter().enumerate().map(|(who, locks)| contend(who, locks))).await;
    round.take()
}

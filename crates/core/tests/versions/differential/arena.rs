//! Who plays, and how much: the server of these tests alone, the subject, and what the environment asks for.

use std::env;
use std::net::SocketAddr;

use redfleet_core::test_util::{Server, ServerOptions, TestImage};
use redfleet_core::{Door, Embedded};
use tokio::sync::{Mutex, MutexGuard, OnceCell};

use super::command::Sequence;
use super::duel::Duel;
use super::player::Player;
use super::report::Reports;
use super::shrink::shrink;

/// How many commands a run compares on one image, unless it is said: over 100,000 on all three.
const COMMANDS: usize = 80_000;

/// The variable that names another subject.
const SUBJECT: &str = "REDFLEET_DIFF_SUBJECT";

/// After so many different disagreements a family has enough to mend.
const MAX_REPORTS: usize = 8;

/// Families take turns: each sequence begins with an empty server.
static SERVER: OnceCell<Mutex<Server>> = OnceCell::const_new();

#[derive(Debug)]
pub(super) struct Arena {
    _turn: MutexGuard<'static, Server>,
    /// The subject's, if it is an embedded node: it listens as long as this is there.
    _door: Option<Door>,
    pub(super) duel: Duel,
    pub(super) max_reports: usize,
}

impl Arena {
    pub(super) async fn enter() -> Self {
        let start = || async { Mutex::new(ServerOptions::new().on_host_network().start().await) };
        let turn = SERVER.get_or_init(start).await.lock().await;
        let server = Player::new(turn.direct_addr());
        let (door, subject) = subject();
        let subject = Player::new(subject);
        Self {
            _turn: turn,
            _door: door,
            max_reports: MAX_REPORTS,
            duel: Duel { subject, server, image: TestImage::chosen(), doubted: None, compared: 0 },
        }
    }
}

impl Arena {
    /// Plays so many commands, one sequence a seed, and gathers what disagrees.
    pub(super) async fn play(
        &mut self,
        name: &str,
        make: impl Fn(u64) -> Sequence,
        commands: usize,
    ) -> Reports {
        let mut reports = Reports::default();
        for seed in seed().. {
            let sequence = make(seed);
            reports.played += sequence.commands().len();
            if let Some(found) = self.duel.run(&sequence).await
                && !reports.knows(&found)
            {
                let length = sequence.commands().len();
                let (sequence, found) = shrink(&mut self.duel, sequence, found).await;
                reports.add(name, sequence, length, found);
            }
            if reports.played >= commands || reports.all.len() >= self.max_reports {
                break;
            }
        }
        reports
    }
}

/// A fresh embedded node; or another server, for finding out how two of them differ.
fn subject() -> (Option<Door>, SocketAddr) {
    let parse = |addr: &str| addr.parse().unwrap_or_else(|_| panic!("{addr:?} is no 127.0.0.1:6379"));
    if let Ok(addr) = env::var(SUBJECT) {
        return (None, parse(&addr));
    }
    let door = Embedded::builder().seed(7).build().listen(0).expect("a free port of loopback");
    let addr = parse(door.url().trim_start_matches("redis://"));
    (Some(door), addr)
}

/// How many commands to compare on this image.
pub(super) fn commands() -> usize {
    number("REDFLEET_DIFF_COMMANDS").map_or(COMMANDS, |number| number.try_into().expect("fewer commands"))
}

/// The first sequence's seed; each one after it has the next number.
pub(super) fn seed() -> u64 {
    number("REDFLEET_DIFF_SEED").unwrap_or(1)
}

fn number(variable: &str) -> Option<u64> {
    let text = env::var(variable).ok()?;
    Some(text.parse().unwrap_or_else(|_| panic!("{variable} is {text:?}, and no number")))
}

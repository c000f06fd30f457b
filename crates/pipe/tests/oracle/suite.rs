//! Many programs, and the first that the pipe and the oracle do not agree about.

use std::fmt::Write as _;
use std::panic::AssertUnwindSafe;

use futures::FutureExt;

use super::case::Case;
use super::draw;
use super::drive::drive;
use super::model::expect;
use super::shrink::smaller;
use super::stores::Stores;

/// How many pipelines are run; `REDFLEET_ORACLE_PIPELINES` says otherwise.
const PIPELINES: u64 = 100_000;
/// The first seed; `REDFLEET_ORACLE_SEED` says otherwise.
const SEED: u64 = 1;
/// How many smaller programs are tried when one fails.
const MAX_TRIES: usize = 5_000;

struct Suite {
    ours: Stores,
    oracle: Stores,
    commands: u64,
}

impl Suite {
    fn new() -> Self {
        Self { ours: Stores::new(), oracle: Stores::new(), commands: 0 }
    }

    /// What differs, if anything does.
    async fn differs(&mut self, case: &Case) -> Option<String> {
        let compared = AssertUnwindSafe(self.compare(case)).catch_unwind().await;
        compared.unwrap_or_else(|_| Some("it panics".into()))
    }

    async fn compare(&mut self, case: &Case) -> Option<String> {
        self.ours.clear().await;
        self.oracle.clear().await;
        let pipes = self.ours.pipes(case.batch, case.limit);
        let mut pipe = pipes.pipe();
        for (index, pipeline) in case.pipelines.iter().enumerate() {
            let seen = drive(&pipes, &mut pipe, pipeline).await;
            let expected = expect(pipeline, case.limit, &self.oracle).await;
            self.commands += seen.said.len() as u64;
            if seen != expected {
                return Some(format!("pipeline {index}:\n  seen     {seen:?}\n  expected {expected:?}"));
            }
        }
        let (ours, theirs) = (self.ours.contents().await, self.oracle.contents().await);
        (ours != theirs).then(|| format!("stored:\n  seen     {ours:?}\n  expected {theirs:?}"))
    }

    /// The smallest program found that still fails, and how.
    async fn shrunk(&mut self, case: Case, why: String) -> (Case, String) {
        let (mut case, mut why, mut tries) = (case, why, 0);
        'smaller: loop {
            for smaller in smaller(&case) {
                tries += 1;
                if tries > MAX_TRIES {
                    return (case, why);
                }
                if let Some(reason) = self.differs(&smaller).await {
                    (case, why) = (smaller, reason);
                    continue 'smaller;
                }
            }
            return (case, why);
        }
    }
}

fn number(variable: &str, otherwise: u64) -> u64 {
    std::env::var(variable).map_or(otherwise, |text| text.parse().unwrap())
}

#[tokio::test]
async fn random_pipelines_do_what_their_commands_do_one_after_another() {
    let (first, wanted) =
        (number("REDFLEET_ORACLE_SEED", SEED), number("REDFLEET_ORACLE_PIPELINES", PIPELINES));
    let (mut suite, mut pipelines, mut seed) = (Suite::new(), 0, first);
    while pipelines < wanted {
        let case = draw::case(seed);
        if let Some(why) = suite.differs(&case).await {
            let (small, why) = suite.shrunk(case, why).await;
            let mut program = format!("batches of {}, at most {} commands", small.batch, small.limit);
            for pipeline in &small.pipelines {
                write!(program, "\n  {pipeline:?}").unwrap();
            }
            panic!("seed {seed} (REDFLEET_ORACLE_SEED={seed}), shrunk:\n{program}\n{why}");
        }
        pipelines += case.pipelines.len() as u64;
        seed += 1;
    }
    println!("{pipelines} pipelines from seed {first} on, {} deferreds read", suite.commands);
}

//! Programs drawn from a seed.

use super::case::{CONNECTIONS, Case, End, Hold, KEYS, Pipeline, Refusal, Step, What};

/// How deep scopes go.
const DEPTH: u8 = 4;

pub(crate) fn case(seed: u64) -> Case {
    let mut dice = fastrand::Rng::with_seed(seed);
    let batch = if dice.bool() { dice.usize(1..6) } else { 10_000 };
    let pipelines = (0..dice.usize(1..=10)).map(|_| pipeline(&mut dice)).collect();
    let limit = if dice.u8(..8) == 0 { dice.usize(1..12) } else { 10_000 };
    Case { batch, limit, pipelines }
}

fn pipeline(dice: &mut fastrand::Rng) -> Pipeline {
    let end = match dice.u8(..20) {
        0 => End::Clear,
        1 => End::Drop,
        2..5 => End::ExecuteTwice,
        5..8 => End::Run,
        8..11 => End::Scope,
        _ => End::Execute,
    };
    let long = if dice.u8(..10) == 0 { 12 } else { 5 };
    // A refusal spoils a whole pipeline, so most have none.
    let refuses = dice.u8(..6) == 0;
    Pipeline { end, steps: steps(dice, long, 0, refuses) }
}

fn steps(dice: &mut fastrand::Rng, long: usize, depth: u8, refuses: bool) -> Vec<Step> {
    (0..dice.usize(..=long)).map(|_| step(dice, depth, refuses)).collect()
}

fn step(dice: &mut fastrand::Rng, depth: u8, refuses: bool) -> Step {
    if depth < DEPTH && dice.u8(..3) == 0 {
        let refuses = refuses || dice.u8(..40) == 0;
        let steps = steps(dice, 5, depth + 1, refuses);
        return match dice.u8(..10) {
            0..3 => Step::On(dice.usize(..CONNECTIONS.len()), steps),
            3..5 => Step::Atomic(steps),
            5 => Step::Idempotent(steps),
            _ => Step::Nest { fails: dice.u8(..3) == 0, steps },
        };
    }
    match dice.u8(..20) {
        0 => Step::Zip(what(dice), what(dice)),
        1 => Step::All((0..dice.usize(..4)).map(|_| what(dice)).collect()),
        2 | 3 => Step::Callback,
        4 if refuses => Step::Refused(match dice.u8(..3) {
            0 => Refusal::Nowhere,
            1 => Refusal::Invalid,
            _ => Refusal::Forbidden,
        }),
        _ => Step::One(what(dice), hold(dice)),
    }
}

fn hold(dice: &mut fastrand::Rng) -> Hold {
    match dice.u8(..12) {
        0 => Hold::Get,
        1 => Hold::Clone,
        2 => Hold::Map,
        3 => Hold::Number,
        4 | 5 => Hold::Outcome,
        6 => Hold::ZipSelf,
        7 => Hold::Fails,
        8 => Hold::Dropped,
        _ => Hold::Take,
    }
}

fn what(dice: &mut fastrand::Rng) -> What {
    let (key, value) = (dice.u8(..KEYS), dice.u8(..20));
    match dice.u8(..60) {
        0 => What::Unknown,
        1 => What::Malformed,
        2..6 => What::Script(key, value),
        6..10 => What::Del(key),
        10..16 => What::Set(key, value),
        16..20 => What::Get(key),
        20..23 => What::Append(key, value),
        23..33 => What::Incr(key, value),
        33..38 => What::Push(key, value),
        38..40 => What::Pop(key),
        40..42 => What::Range(key),
        42..46 => What::SetField(key, value),
        46..49 => What::AddField(key, value),
        49..53 => What::Add(key, value),
        53..55 => What::Rank(key, value),
        55..57 => What::Count(key),
        _ => What::Type(key),
    }
}

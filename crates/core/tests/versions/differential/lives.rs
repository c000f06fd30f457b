//! Lives that end while a sequence is played.

use redfleet_core::test_util::TestImage;

use super::arena::{self, Arena};
use super::command::{Command, Protocol, Sequence, Step};
use super::differences;
use super::families::{AFTER, BEFORE};
use super::generator::Generator;
use super::words::Source;

/// Longer than the short lives, which are of at most 20 ms.
const WAIT_MS: &str = "40";

/// Each sequence waits, so there are few.
const ONE_IN: usize = 40;

/// Whether what is behind the commands' names has a key in common.
fn share_a_key(one: &Command, other: &Command) -> bool {
    let keys = |command: &Command| -> Vec<Vec<u8>> {
        let pool = BEFORE.pools.iter().filter(|(name, _)| *name == "brief");
        let all: Vec<&[u8]> = pool.flat_map(|(_, words)| words.iter().copied()).collect();
        command.words[1..].iter().filter(|word| all.contains(&word.as_slice())).cloned().collect()
    };
    keys(one).iter().any(|key| keys(other).contains(key))
}

#[tokio::test]
async fn what_is_seen_after_lives_have_ended_agrees() {
    let mut arena = Arena::enter().await;
    let lacking = differences::lacking(TestImage::chosen());
    let before = Generator::new(&[&BEFORE], lacking.clone());
    let after = Generator::new(&[&AFTER], lacking);
    let make = |seed| {
        let mut source = Source::new(seed);
        let protocol = *source.pick(&[Protocol::Resp2, Protocol::Resp3]);
        let mut steps: Vec<Step> = Vec::new();
        for _ in 0..8 {
            let step = before.own_step(&mut source);
            // A key that is used again may or may not be over by then.
            let has_key = |other: &Command| step.iter().any(|command| share_a_key(command, other));
            if !steps.iter().flatten().any(has_key) {
                steps.push(step);
            }
        }
        steps.push(vec![Command::of(&["@WAIT", WAIT_MS])]);
        steps.extend((0..40).map(|_| after.own_step(&mut source)));
        Sequence { seed, protocol, steps }
    };
    arena.play("lives", make, arena::commands() / ONE_IN).await.assert_none();
}

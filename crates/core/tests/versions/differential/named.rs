//! What the table of differences says is so: each example makes one, and is excused.

use redfleet_core::test_util::TestImage;

use super::arena::Arena;
use super::command::{Command, Protocol, Sequence};
use super::differences;
use super::words::unquoted;

#[tokio::test]
async fn every_difference_that_is_named_shows_itself() {
    let mut arena = Arena::enter().await;
    let mut unneeded = Vec::new();
    for difference in differences::of(TestImage::chosen()) {
        let lines = difference.example.iter();
        let words = lines.map(|line| line.split(' ').map(unquoted).collect());
        let steps: Vec<_> = words.map(|words| vec![Command::new(words)]).collect();
        let (mut is_shown, mut is_excused) = (false, true);
        for protocol in [Protocol::Resp2, Protocol::Resp3] {
            let sequence = Sequence { seed: 0, protocol, steps: steps.clone() };
            arena.duel.doubted = Some(difference);
            is_shown |= arena.duel.run(&sequence).await.is_some();
            arena.duel.doubted = None;
            is_excused &= difference.is_lack() || arena.duel.run(&sequence).await.is_none();
        }
        if !is_shown || !is_excused {
            unneeded.push(difference.what);
        }
    }
    assert!(unneeded.is_empty(), "these differences are not there: {unneeded:#?}");
}

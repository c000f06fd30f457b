//! Random sequences of commands on the subject and on a real server: every reply agrees, and what is left.
//!
//! A family of commands is a file of `differential/families`, written in Redis's own way of describing syntax
//! (`grammar`). A seed makes a sequence of it (`generator`), which both play from an empty keyspace (`player`).
//! Replies are compared by rules (`rules`, `compare`); where versions differ, a table says so (`differences`).
//! A sequence that disagrees is shrunk and told with its seed (`shrink`, `report`).

mod arena;
mod command;
mod compare;
mod differences;
mod duel;
mod families;
mod generator;
mod grammar;
mod liar;
mod link;
mod lives;
mod named;
mod player;
mod reply;
mod report;
mod rules;
mod shrink;
mod words;

use redfleet_core::test_util::TestImage;

use arena::Arena;
use command::Sequence;
use families::{FAMILIES, Family, MIXED, SHARES};
use generator::Generator;
use report::Reports;

async fn plays(name: &str, families: &[&'static Family], share: usize) -> Reports {
    let mut arena = Arena::enter().await;
    let generator = Generator::new(families, differences::lacking(TestImage::chosen()));
    let make = |seed| generator.sequence(seed);
    arena.play(name, make, arena::commands() * share / SHARES).await
}

/// One after the other, as each begins with an empty server. A family that does not agree hides no other.
#[tokio::test]
async fn every_family_agrees() {
    let mut texts = Vec::new();
    for family in differences::played(TestImage::chosen()) {
        texts.extend(plays(family.name, &[family], family.share).await.texts());
    }
    assert!(texts.is_empty(), "{}", texts.join("\n\n"));
}

#[tokio::test]
async fn commands_of_all_families_agree_together() {
    // A transaction of another family could queue what a blocked command waits for.
    let together = differences::played(TestImage::chosen()).filter(|family| family.name != "blocking");
    let together: Vec<_> = together.collect();
    plays("all families", &together, MIXED).await.assert_none();
}

#[test]
fn the_shares_of_all_families_add_up() {
    let shares: usize = FAMILIES.iter().map(|family| family.share).sum();
    assert_eq!(shares + MIXED, SHARES);
}

#[test]
fn a_seed_makes_the_same_sequence_again_and_every_form_can_be_written_out() {
    for family in FAMILIES {
        let generator = Generator::new(&[family], Vec::new());
        for seed in 0..200 {
            let [one, other]: [Sequence; 2] = [generator.sequence(seed), generator.sequence(seed)];
            assert_eq!((one.protocol, one.steps), (other.protocol, other.steps), "{} {seed}", family.name);
        }
    }
}

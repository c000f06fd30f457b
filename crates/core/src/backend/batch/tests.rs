//! What a batch holds after it was shortened, chosen from, and cut into blocks.

use super::*;
use crate::Script;

#[test]
fn a_shortened_batch_forgets_the_commands_and_scripts_beyond() {
    let script = Script::new("return 1");
    let mut batch = Batch::new().atomic();
    batch.push(redis::cmd("GET"));
    batch.push_script(&script.call());
    batch.push(redis::cmd("SET"));
    batch.push_script(&script.call());
    batch.truncate(7);
    assert_eq!(batch.len(), 4);
    batch.truncate(2);
    assert_eq!(format!("{batch:?}"), r#"Batch { atomic: true, commands: ["GET", "EVALSHA"] }"#);
    assert_eq!(batch.scripts().iter().map(|(index, _)| *index).collect::<Vec<_>>(), [1]);
    assert_eq!(batch.push(redis::cmd("DEL")), 2, "and goes on from there");
}

#[test]
fn a_choice_keeps_the_scripts_of_what_was_chosen_and_the_blocks_that_are_whole() {
    let script = Script::new("return 1");
    let mut batch = Batch::new();
    batch.push(redis::cmd("GET"));
    batch.push_script(&script.call());
    batch.push(redis::cmd("SET"));
    batch.push_script(&script.call());
    for _ in 0..4 {
        batch.push(redis::cmd("INCR"));
    }
    batch.make_atomic(2..4);
    batch.make_atomic(5..7);
    let (chosen, indices) = batch.choose(|index| ![1, 5].contains(&index));
    assert_eq!(indices, [0, 2, 3, 4, 7], "of the second block one is missing, so both are");
    assert_eq!(chosen.blocks().iter().collect::<Vec<_>>(), [&(1..3)]);
    assert_eq!(chosen.scripts().iter().map(|(index, _)| *index).collect::<Vec<_>>(), [2]);
    assert_eq!(chosen.len(), 5);
}

#[test]
fn an_atomic_batch_is_chosen_whole_or_not_at_all() {
    let mut batch = Batch::new().atomic();
    batch.push(redis::cmd("GET"));
    batch.push(redis::cmd("SET"));
    assert!(batch.choose(|index| index == 0).0.is_empty());
    let (chosen, indices) = batch.choose(|_| true);
    assert_eq!((chosen.is_atomic(), indices), (true, vec![0, 1]));
}

#[test]
fn a_shortened_batch_forgets_the_blocks_beyond() {
    let mut batch: Batch = (0..6).map(|_| redis::cmd("GET")).collect();
    batch.make_atomic(0..2);
    batch.make_atomic(2..4);
    batch.make_atomic(5..usize::MAX);
    assert_eq!(batch.blocks(), [0..2, 2..4, 5..6]);
    batch.truncate(3);
    assert_eq!(batch.blocks(), [0..2, 2..3]);
    batch.push(redis::cmd("GET"));
    assert_eq!(batch.blocks(), [0..2, 2..3], "what comes later is no part of it");
    let portions = |batch: &Batch| batch.portions().collect::<Vec<_>>();
    assert_eq!(portions(&batch), [Portion::Block(2), Portion::Block(1), Portion::Command]);
    let mut batch = batch.atomic();
    batch.make_atomic(0..2);
    assert!(batch.blocks().is_empty(), "the whole is one already");
    assert_eq!(portions(&batch), [Portion::Block(4)]);
    assert_eq!(portions(&Batch::new().atomic()), []);
}

#[test]
fn an_appended_batch_keeps_its_scripts_and_blocks_and_what_is_known_of_its_commands() {
    let script = Script::new("return 1");
    let ours = |unchecked: bool| {
        let mut batch = Batch::new();
        batch.push_shared(redis::cmd("GET")).unwrap();
        batch.push_script(&script.call());
        if unchecked {
            batch.push(redis::cmd("SET"));
        }
        batch.make_atomic(0..2);
        batch
    };
    let mut batch = Batch::new();
    for unchecked in [false, false, true, false] {
        batch.append(ours(unchecked));
    }
    assert_eq!(batch.blocks(), [0..2, 2..4, 4..6, 7..9], "neighbours stay apart");
    assert_eq!(batch.scripts().iter().map(|(index, _)| *index).collect::<Vec<_>>(), [1, 3, 5, 8]);
    assert_eq!(batch.unchecked().count(), 3, "from the first that was not looked at");
    let mut batch = Batch::new().atomic();
    batch.append(ours(true));
    assert!(batch.is_atomic() && batch.blocks().is_empty() && batch.len() == 3);
}

#[test]
fn a_thinned_out_batch_is_as_if_the_rest_alone_had_been_pushed() {
    let script = Script::new("return 1");
    let mut dice = fastrand::Rng::with_seed(7);
    for seed in 0..2000 {
        let len = dice.usize(..12);
        let (mut whole, mut rest) = (Batch::new(), Batch::new());
        let (mut gone, mut blocks, mut block) = (Vec::<Range<usize>>::new(), Vec::new(), None);
        for at in 0..len {
            if dice.u8(..4) == 0 {
                blocks.extend(block.take().map(|(from, to)| (from..at, to..rest.len())));
                block = dice.bool().then_some((at, rest.len()));
            }
            let is_gone = dice.u8(..3) == 0;
            for batch in [Some(&mut whole), (!is_gone).then_some(&mut rest)].into_iter().flatten() {
                if at % 3 == 0 {
                    batch.push_script(&script.arg(at));
                } else {
                    batch.push_shared(redis::cmd("ECHO").arg(at).take()).unwrap();
                }
            }
            gone.extend(is_gone.then_some(at..at + 1));
        }
        for (of_whole, of_rest) in blocks {
            whole.make_atomic(of_whole);
            rest.make_atomic(of_rest);
        }
        whole.remove(&gone);
        let text = |batch: &Batch| -> Vec<_> { batch.commands().map(Cmd::get_packed_command).collect() };
        assert_eq!(text(&whole), text(&rest), "seed {seed}");
        assert_eq!(whole.blocks(), rest.blocks(), "seed {seed}");
        assert_eq!(whole.shared, rest.shared, "seed {seed}");
        let scripts = |batch: &Batch| batch.scripts().iter().map(|(at, _)| *at).collect::<Vec<_>>();
        assert_eq!(scripts(&whole), scripts(&rest), "seed {seed}");
    }
}

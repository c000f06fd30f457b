//! Without one of the rules there is a state that breaks a promise: the model can tell.

use stateright::{Checker, HasDiscoveries, Model};

use super::rules::{Flaw, ONE_HOLDER, Rules, TOKENS_RISE};

/// Two rules that no state within these bounds needs: what they keep out, others keep out too. They stay because each costs nothing
/// and makes it plain why what it is about is safe.
fn changes_nothing(rules: Rules) {
    let checker = rules.checker().threads(2).spawn_bfs().join();
    checker.assert_no_discovery(ONE_HOLDER);
    checker.assert_no_discovery(TOKENS_RISE);
}

fn breaks(promise: &'static str, rules: Rules) {
    let checker =
        rules.checker().threads(2).finish_when(HasDiscoveries::AllOf([promise].into())).spawn_bfs().join();
    let found = checker.discovery(promise);
    assert!(found.is_some(), "the model does not miss the rule");
}

#[test]
fn without_quarantine_two_hold_it() {
    breaks(
        ONE_HOLDER,
        Rules { flaws: &[Flaw::NoQuarantine], attempts: [1, 1], wipes: 1, steps: 0, ..Rules::default() },
    );
}

#[test]
fn with_votes_of_several_attempts_two_hold_it() {
    breaks(
        ONE_HOLDER,
        Rules { flaws: &[Flaw::VotesOfAllAttempts], attempts: [1, 1], steps: 3, ..Rules::default() },
    );
}

#[test]
fn with_extensions_of_several_rounds_two_hold_it() {
    let rules = Rules {
        flaws: &[Flaw::VotesOfAllRounds],
        is_held: true,
        attempts: [1, 1],
        rounds: [2, 0],
        steps: 3,
        ..Rules::default()
    };
    breaks(ONE_HOLDER, rules);
}

#[test]
fn with_a_validity_that_begins_with_the_reply_two_hold_it() {
    breaks(
        ONE_HOLDER,
        Rules { flaws: &[Flaw::ValidityFromReply], attempts: [1, 1], steps: 2, ..Rules::default() },
    );
}

#[test]
fn with_a_restore_that_overwrites_two_hold_it() {
    let rules = Rules {
        flaws: &[Flaw::RestoreOverwrites],
        is_held: true,
        attempts: [2, 1],
        rounds: [1, 0],
        steps: 0,
        ..Rules::default()
    };
    breaks(ONE_HOLDER, rules);
}

#[test]
fn without_write_back_a_token_is_given_twice() {
    breaks(
        TOKENS_RISE,
        Rules { flaws: &[Flaw::NoWriteBack], attempts: [2, 1], steps: 0, ..Rules::default() },
    );
}

#[test]
fn with_one_id_for_all_of_a_clients_acquisitions_two_hold_it() {
    breaks(
        ONE_HOLDER,
        Rules { flaws: &[Flaw::ReleaseByName], attempts: [2, 1], steps: 0, ..Rules::default() },
    );
}

/// A server that has forgotten everything has nothing to extend, so that nothing is found: the refusal is a second lock on that door.
#[test]
fn extending_on_a_server_that_does_not_vote_is_harmless_by_itself() {
    changes_nothing(Rules {
        flaws: &[Flaw::ExtendInQuarantine],
        is_held: true,
        attempts: [1, 1],
        rounds: [1, 0],
        wipes: 1,
        steps: 2,
    });
}

/// What an extension makes anew is its holder's as long as the lease before it is valid, and it counts for no longer, so that nothing
/// is found.
#[test]
fn making_anew_what_is_extended_is_harmless_by_itself() {
    changes_nothing(Rules {
        flaws: &[Flaw::ExtendRecreates],
        is_held: true,
        attempts: [1, 1],
        rounds: [1, 0],
        steps: 2,
        ..Rules::default()
    });
}

//! The suite can fail: each clause is violated by a backend with a flaw, and no other clause with it.

use std::collections::BTreeSet;
use std::sync::Arc;

use async_trait::async_trait;
use redfleet_core::test_util::conformance::{self, Ability, Subject, Verdict};
use redfleet_core::test_util::{Between, Scripted, around};
use redfleet_core::{Backend, Delivery, Error, Messages, Result, Topic};

use super::broken::Flaw as F;
use super::memory::Memory;

/// Each flaw, and the clauses that it violates.
const VIOLATED: &[(F, &[&str])] = &[
    (F::CrossesRepliesOfCallersAtOnce, &["each_call_gets_its_own_reply"]),
    (F::Panics, &["each_call_gets_its_own_reply"]),
    (F::SendsTwiceUnderLoad, &["each_call_is_carried_out_once"]),
    // What is sent again to a server that hangs does not end.
    (
        F::SendsAgainAfterALoss,
        &["a_lost_reply_is_not_made_up_for_by_sending_again", "disconnecting_ends_what_is_in_flight"],
    ),
    (F::ReversesLargeBatches, &["a_batch_is_answered_in_its_order"]),
    (
        F::LeavesOutRefusedEntries,
        &[
            "each_command_of_a_batch_has_an_entry_also_where_some_are_refused",
            "a_block_is_carried_out_whole_and_in_its_place",
            "a_block_is_not_carried_out_in_part",
        ],
    ),
    (F::TakesAnEmptyBatchForAnError, &["an_empty_batch_has_no_entries", "an_empty_batch_costs_nothing"]),
    (F::GoesToTheServerForAnEmptyBatch, &["an_empty_batch_costs_nothing"]),
    (F::TellsALostBatchAsOneError, &["a_batch_that_loses_its_replies_has_an_entry_for_each_command"]),
    (F::TellsAPartialTransactionAsOneError, &["an_atomic_batch_is_carried_out_whole"]),
    (F::SendsTransactionsWithoutMulti, &["an_atomic_batch_is_not_carried_out_in_part"]),
    (F::SplitsTransactions, &["nothing_comes_between_the_commands_of_an_atomic_batch"]),
    (F::SendsBlocksLast, &["a_block_is_carried_out_whole_and_in_its_place"]),
    (F::SendsBlocksWithoutMulti, &["a_block_is_not_carried_out_in_part"]),
    (F::SplitsBlocks, &["nothing_comes_between_the_commands_of_a_block"]),
    (F::HasADeadlineOfItsOwn, &["a_hung_server_is_waited_for"]),
    (F::GivesADroppedCallsReplyToTheNext, &["a_dropped_call_is_nobody_else_s_business"]),
    (F::IsStuckByACallDroppedInFlight, &["a_call_dropped_in_flight_is_nobody_else_s_business"]),
    (F::TellsARefusalAsUnknown, &["a_refusal_is_told_as_one_and_has_no_effect"]),
    (F::TellsALostReplyAsNone, &["a_lost_reply_has_effect_unknown", "disconnecting_ends_what_is_in_flight"]),
    (F::TellsWhatWasNeverSentAsUnknown, &["what_cannot_be_sent_has_no_effect"]),
    (F::TellsAFailedSessionAsUnknown, &["a_session_that_cannot_be_made_has_no_effect"]),
    (F::TakesMulti, &["what_changes_the_connection_is_refused"]),
    (F::TakesBlocking, &["what_blocks_the_connection_is_refused"]),
    (F::TakesSubscribe, &["what_ends_the_order_of_replies_is_refused"]),
    (F::TakesSubscribeOnSessions, &["what_ends_the_order_of_replies_is_refused_on_a_session_too"]),
    (F::SendsTheFirstPartOfARefusedBatch, &["a_batch_with_such_a_command_is_refused_whole"]),
    (
        F::ListensToEverybodysInvalidations,
        &["listening_to_invalidations_is_refused_where_all_share_a_connection"],
    ),
    (F::SharesSessions, &["a_session_keeps_its_state_to_itself"]),
    (F::TakesAConflictForDone, &["a_watched_key_that_changed_is_a_conflict"]),
    (F::GivesUpBlocking, &["a_blocking_command_waits_on_its_session_alone"]),
    (F::IsDeafOnSessions, &["tracking_tells_its_session_what_changed"]),
    (F::MakesLostSessionsAnew, &["a_lost_session_stays_lost"]),
    (F::AnswersExpiredKeys, &["an_expired_key_is_never_returned"]),
    (F::NeverTellsWhoAnswers, &["identify_tells_who_answers"]),
    (F::TellsNoRunId, &["identify_tells_the_run_id", "another_connection_is_told_from_the_one_before"]),
    (F::CountsNoConnections, &["another_connection_is_told_from_the_one_before"]),
    // What goes on being sent on the connection that was to be dropped is held up with it.
    (
        F::IgnoresDisconnect,
        &[
            "what_was_sent_on_a_lost_connection_is_not_carried_out_after_a_fence",
            "disconnecting_ends_what_is_in_flight",
        ],
    ),
    (F::FailsAfterDisconnect, &["a_backend_that_was_disconnected_comes_back"]),
    (F::FencesNothing, &["what_was_sent_on_a_lost_connection_is_not_carried_out_after_a_fence"]),
    (
        F::CannotFence,
        &[
            "a_fence_takes_nothing_from_a_connection_that_is_up",
            "what_was_sent_on_a_lost_connection_is_not_carried_out_after_a_fence",
        ],
    ),
    (F::LosesBytesOfMessages, &["a_listener_hears_its_channels"]),
    (F::TellsNoPattern, &["a_listener_hears_its_patterns"]),
    (F::HearsOnlyForTheLastListener, &["every_listener_of_a_channel_hears_each_message"]),
    (F::HidesGaps, &["a_lost_connection_is_told_as_a_gap_and_listening_goes_on"]),
];

const LACKING: &str = "what_is_lacking_is_told_by_the_backend_too";

#[tokio::test(start_paused = true)]
async fn each_flaw_violates_its_clause_and_no_other() {
    let mut wrong = Vec::new();
    for (flaw, expected) in VIOLATED {
        let server = Memory::new();
        let subject = Subject::new(flaw.around(server.backend()), "t").broken_by(server);
        let report = conformance::all(&subject).await;
        let violated: Vec<_> = report.violations().map(|violation| violation.name).collect();
        assert_eq!(report.is_conformant(), violated.is_empty());
        if violated != *expected {
            wrong.push(format!("{flaw:?}: {report}"));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n\n"));
}

#[tokio::test]
async fn every_clause_is_violated_by_some_flaw() {
    let subject = Subject::new(Scripted::new().shared(), "t");
    let clauses: BTreeSet<_> = conformance::CLAUSES.iter().map(|clause| clause(&subject).name()).collect();
    assert_eq!(clauses.len(), conformance::CLAUSES.len(), "each has a name of its own");
    let violated = VIOLATED.iter().flat_map(|(_, names)| names.iter().copied());
    assert_eq!(violated.chain([LACKING]).collect::<BTreeSet<_>>(), clauses);
}

#[tokio::test(start_paused = true)]
async fn a_violation_says_what_was_expected_and_what_was_seen() {
    let server = Memory::new();
    let subject = Subject::new(F::Panics.around(server.backend()), "t").broken_by(server);
    let violation = conformance::each_call_gets_its_own_reply(&subject).await.unwrap_err();
    let expected = "1. One call, one reply: each_call_gets_its_own_reply: expected no panic; \
                    seen: a panic: no 298, please";
    assert_eq!(violation.to_string(), expected);
    let reversed = F::ReversesLargeBatches.around(Memory::new().backend());
    let violation = conformance::a_batch_is_answered_in_its_order(&Subject::new(reversed, "t")).await;
    let expected = "2. One entry a command: a_batch_is_answered_in_its_order: expected entry 1 of 1000 INCR to \
                    be 1; seen: int(1000)";
    assert_eq!(violation.unwrap_err().to_string(), expected);
}

#[tokio::test(start_paused = true)]
async fn what_is_there_cannot_be_said_to_be_lacking() {
    let abilities = [
        Ability::AtMostOnce,
        Ability::Transactions,
        Ability::Sessions,
        Ability::Messages,
        Ability::Invalidations,
        Ability::RunId,
    ];
    for ability in abilities {
        let server = Memory::new();
        let subject = Subject::new(server.backend(), "t").broken_by(server).without(ability, "a lie");
        let report = conformance::all(&subject).await;
        let violated: Vec<_> = report.violations().map(|violation| violation.name).collect();
        assert_eq!(violated, [LACKING], "{ability:?}: {report}");
    }
}

#[tokio::test(start_paused = true)]
async fn what_is_lacking_is_left_out_for_a_reason_and_what_nobody_speaks_of_is_not_tried() {
    let lacking = around(Memory::new().backend(), &Arc::new(Lacking));
    let subject = Subject::new(lacking, "t")
        .without(Ability::Sessions, "it has no connections")
        .without(Ability::Messages, "nobody publishes");
    let report = conformance::all(&subject).await;
    assert_eq!(report.violations().count(), 0, "{report}");
    assert!(!report.is_conformant(), "nobody said how to break it, or why that cannot be");
    assert!(
        report
            .to_string()
            .contains("\nnot tried: 4. No time of its own: a_hung_server_is_waited_for: needs a disruption")
    );

    let report = conformance::all(&subject.without(Ability::Disruption, "it runs in this process")).await;
    assert!(report.is_conformant(), "{report}");
    let left_out = |name: &str| {
        let entry = report.entries().iter().find(|entry| entry.name == name).unwrap();
        matches!(&entry.verdict, Verdict::LeftOut { .. })
    };
    assert!(left_out("a_hung_server_is_waited_for"));
    assert!(left_out("a_lost_reply_is_not_made_up_for_by_sending_again"), "it delivers at least once");
    assert!(left_out("a_listener_hears_its_channels"));
    assert!(left_out("a_watched_key_that_changed_is_a_conflict"));
    assert!(report.to_string().contains("needs published messages: nobody publishes"), "{report}");
}

#[tokio::test(start_paused = true)]
async fn a_backend_that_never_answers_fails_and_does_not_hang_the_suite() {
    let server = Scripted::new();
    server.set(redfleet_core::test_util::Condition::Hung);
    let subject = Subject::new(server.shared(), "t").without(Ability::Disruption, "it never answers anyway");
    let report = conformance::all(&subject).await;
    assert!(report.violations().count() > 20, "{report}");
}

/// Without sessions and messages, and it delivers at least once.
#[derive(Debug)]
struct Lacking;

#[async_trait]
impl Between for Lacking {
    async fn session(&self, _: &dyn Backend, _key: Option<&[u8]>) -> Result<Arc<dyn Backend>> {
        Err(Error::unsupported("a session", "there are no connections"))
    }

    async fn subscribe(&self, _: &dyn Backend, _topics: &[Topic]) -> Result<Messages> {
        Err(Error::unsupported("SUBSCRIBE", "nobody publishes"))
    }

    fn delivery(&self, _: &dyn Backend) -> Delivery {
        Delivery::AtLeastOnce
    }
}

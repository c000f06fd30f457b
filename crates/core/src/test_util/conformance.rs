//! The contract of [`Backend`](crate::Backend), one function a clause, for every backend and every layer.
//!
//! Whoever writes a backend, or a layer, puts it to [`all`] of them in a test. A clause is a function that takes a
//! [`Subject`], the backend and its key prefix, and gives a [`Clause`]; awaited, it says what was expected and what
//! was seen where the backend does not keep it. Nothing here panics, and nothing waits longer than the subject allows.
//!
//! Some backends cannot do everything: RESP2 has no published messages, a cluster no run id. Their authors say
//! so with [`Subject::without`], and why. What was not said to be lacking must be there: nothing is left out silently.
//!
//! Some clauses are about what happens when the way to the server breaks. They need a hand that breaks it:
//! [`Disrupt`], which a [`Proxy`](super::Proxy) does, and a `Vec` of them for what consists of several servers.
//!
//! # Example
//!
//! ```
//! use redfleet_core::test_util::Scripted;
//! use redfleet_core::test_util::conformance::{self, Ability, Subject};
//!
//! # #[tokio::main(flavor = "current_thread", start_paused = true)]
//! # async fn main() {
//! let mine = Scripted::new().on("PING", "+PONG\r\n").shared(); // it stores nothing, so it cannot pass
//! let subject = Subject::new(mine, "my-tests").without(Ability::Disruption, "it has no network");
//! let report = conformance::all(&subject).await;
//! assert!(!report.is_conformant(), "{report}");
//! # }
//! ```
//!
//! # What it does not do
//!
//! It shows that clauses are broken, and cannot prove that they are kept: a reply that is swapped once in a million, it
//! will not see. Nor does it try every command: what they answer is the server's matter, and not the backend's.

mod batches;
mod calls;
mod cancelling;
mod clause;
mod disrupt;
mod fences;
mod ghosts;
mod incarnations;
mod lacks;
mod messages;
mod privacy;
mod refusals;
mod report;
mod sessions;
mod subject;
mod time;
mod transactions;
mod trial;

pub use batches::{
    a_batch_is_answered_in_its_order, a_batch_that_loses_its_replies_has_an_entry_for_each_command,
    an_empty_batch_costs_nothing, an_empty_batch_has_no_entries,
    each_command_of_a_batch_has_an_entry_also_where_some_are_refused,
};
pub use calls::{
    a_lost_reply_is_not_made_up_for_by_sending_again, each_call_gets_its_own_reply,
    each_call_is_carried_out_once,
};
pub use cancelling::{
    a_call_dropped_in_flight_is_nobody_else_s_business, a_dropped_call_is_nobody_else_s_business,
};
pub use clause::{Clause, Violation};
pub use disrupt::Disrupt;
pub use fences::{
    a_fence_takes_nothing_from_a_connection_that_is_up,
    what_was_sent_on_a_lost_connection_is_not_carried_out_after_a_fence,
};
pub use ghosts::an_expired_key_is_never_returned;
pub use incarnations::{
    a_backend_that_was_disconnected_comes_back, another_connection_is_told_from_the_one_before,
    disconnecting_ends_what_is_in_flight, identify_tells_the_run_id, identify_tells_who_answers,
};
pub use lacks::what_is_lacking_is_told_by_the_backend_too;
pub use messages::{
    a_listener_hears_its_channels, a_listener_hears_its_patterns,
    a_lost_connection_is_told_as_a_gap_and_listening_goes_on, every_listener_of_a_channel_hears_each_message,
};
pub use privacy::{
    a_batch_with_such_a_command_is_refused_whole,
    listening_to_invalidations_is_refused_where_all_share_a_connection,
    what_blocks_the_connection_is_refused, what_changes_the_connection_is_refused,
    what_ends_the_order_of_replies_is_refused, what_ends_the_order_of_replies_is_refused_on_a_session_too,
};
pub use refusals::{
    a_lost_reply_has_effect_unknown, a_refusal_is_told_as_one_and_has_no_effect,
    a_session_that_cannot_be_made_has_no_effect, what_cannot_be_sent_has_no_effect,
};
pub use report::{Entry, Report, Verdict};
pub use sessions::{
    a_blocking_command_waits_on_its_session_alone, a_lost_session_stays_lost,
    a_session_keeps_its_state_to_itself, a_watched_key_that_changed_is_a_conflict,
    tracking_tells_its_session_what_changed,
};
pub use subject::{Ability, Subject};
pub use time::a_hung_server_is_waited_for;
pub use transactions::{
    a_block_is_carried_out_whole_and_in_its_place, a_block_is_not_carried_out_in_part,
    an_atomic_batch_is_carried_out_whole, an_atomic_batch_is_not_carried_out_in_part,
    nothing_comes_between_the_commands_of_a_block, nothing_comes_between_the_commands_of_an_atomic_batch,
};

/// Every clause, in the order of the contract.
pub const CLAUSES: &[for<'a> fn(&'a Subject) -> Clause<'a>] = &[
    each_call_gets_its_own_reply,
    each_call_is_carried_out_once,
    a_lost_reply_is_not_made_up_for_by_sending_again,
    a_batch_is_answered_in_its_order,
    each_command_of_a_batch_has_an_entry_also_where_some_are_refused,
    an_empty_batch_has_no_entries,
    an_empty_batch_costs_nothing,
    a_batch_that_loses_its_replies_has_an_entry_for_each_command,
    an_atomic_batch_is_carried_out_whole,
    an_atomic_batch_is_not_carried_out_in_part,
    nothing_comes_between_the_commands_of_an_atomic_batch,
    a_block_is_carried_out_whole_and_in_its_place,
    a_block_is_not_carried_out_in_part,
    nothing_comes_between_the_commands_of_a_block,
    a_hung_server_is_waited_for,
    a_dropped_call_is_nobody_else_s_business,
    a_call_dropped_in_flight_is_nobody_else_s_business,
    a_refusal_is_told_as_one_and_has_no_effect,
    a_lost_reply_has_effect_unknown,
    what_cannot_be_sent_has_no_effect,
    a_session_that_cannot_be_made_has_no_effect,
    what_changes_the_connection_is_refused,
    what_blocks_the_connection_is_refused,
    what_ends_the_order_of_replies_is_refused,
    what_ends_the_order_of_replies_is_refused_on_a_session_too,
    a_batch_with_such_a_command_is_refused_whole,
    listening_to_invalidations_is_refused_where_all_share_a_connection,
    a_session_keeps_its_state_to_itself,
    a_watched_key_that_changed_is_a_conflict,
    a_blocking_command_waits_on_its_session_alone,
    tracking_tells_its_session_what_changed,
    a_lost_session_stays_lost,
    an_expired_key_is_never_returned,
    a_fence_takes_nothing_from_a_connection_that_is_up,
    what_was_sent_on_a_lost_connection_is_not_carried_out_after_a_fence,
    identify_tells_who_answers,
    identify_tells_the_run_id,
    another_connection_is_told_from_the_one_before,
    a_backend_that_was_disconnected_comes_back,
    disconnecting_ends_what_is_in_flight,
    a_listener_hears_its_channels,
    a_listener_hears_its_patterns,
    every_listener_of_a_channel_hears_each_message,
    a_lost_connection_is_told_as_a_gap_and_listening_goes_on,
    what_is_lacking_is_told_by_the_backend_too,
];

/// Tries every clause on the subject, one after the other.
///
/// # Cost
///
/// Two or three times the subject's [patience](Subject::patience), and some hundred round trips.
///
/// # Cancel safety
///
/// A disruption that is under way is not healed if the future is dropped.
pub async fn all(subject: &Subject) -> Report {
    let mut entries = Vec::with_capacity(CLAUSES.len());
    for clause in CLAUSES {
        let clause = clause(subject);
        let (part, name) = (clause.part(), clause.name());
        entries.push(Entry { part, name, verdict: clause.verdict().await });
    }
    Report::new(entries)
}

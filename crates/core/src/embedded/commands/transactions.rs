//! MULTI, EXEC, DISCARD, WATCH and UNWATCH.

use redis::Value;

use crate::embedded::call::Call;
use crate::embedded::client::{Client, Transaction};
use crate::embedded::data::Data;
use crate::embedded::refusal::Refusal;
use crate::embedded::spec::{Keys, Spec};
use crate::embedded::state::run_inside;
use crate::embedded::table;
use crate::mutant;

pub(super) const COMMANDS: &[Spec] = &[
    Spec::other("multi", 1, multi).never_queued().not_in_scripts(),
    Spec::other("exec", 1, exec).never_queued().not_in_scripts(),
    Spec::other("discard", 1, discard).never_queued().not_in_scripts(),
    Spec { keys: Keys::ALL, ..Spec::other("watch", -2, watch).never_queued().not_in_scripts() },
    Spec::other("unwatch", 1, unwatch).not_in_scripts(),
];

fn multi(call: &mut Call<'_>) -> Result<Value, Refusal> {
    if call.client.transaction.is_some() {
        return Err(Refusal::fixed("ERR MULTI calls can not be nested"));
    }
    call.client.transaction = Some(Transaction::default());
    Ok(Value::Okay)
}

fn exec(call: &mut Call<'_>) -> Result<Value, Refusal> {
    let Some(transaction) = call.client.transaction.take() else {
        return Err(Refusal::fixed("ERR EXEC without MULTI"));
    };
    let is_undisturbed = unwatched(call);
    if transaction.is_aborted {
        return Err(Refusal::fixed("EXECABORT Transaction discarded because of previous errors."));
    }
    if !is_undisturbed && !mutant::is_on("exec_ignores_watch") {
        return Ok(Value::Nil);
    }
    let mut replies = Vec::with_capacity(transaction.commands.len());
    for command in &transaction.commands {
        let words: Vec<&[u8]> = command.iter().map(Vec::as_slice).collect();
        let reply = table::find(&words)
            .and_then(|spec| run_inside(spec, &mut Call::new(call.data, call.client, &words)));
        // What SUBSCRIBE tells in place of a reply is an entry here, or else it would take the place of them all.
        match std::mem::take(&mut call.client.confirmations) {
            none if none.is_empty() => replies.push(reply.unwrap_or_else(Refusal::into_value)),
            confirmations => replies.extend(confirmations),
        }
    }
    Ok(Value::Array(replies))
}

/// What a command that cannot even be looked at does to the transaction that it is sent in: EXEC will refuse all of it,
/// or, if it is EXEC itself, this is its end.
pub(crate) fn refused(data: &mut Data, client: &mut Client, words: &[&[u8]], refusal: Refusal) -> Refusal {
    if words.first().is_some_and(|name| name.eq_ignore_ascii_case(b"EXEC")) {
        client.transaction = None;
        data.watches.unwatch(client.id);
        return refusal.of_exec();
    }
    if let Some(transaction) = &mut client.transaction {
        transaction.is_aborted = true;
    }
    refusal
}

fn discard(call: &mut Call<'_>) -> Result<Value, Refusal> {
    if call.client.transaction.take().is_none() {
        return Err(Refusal::fixed("ERR DISCARD without MULTI"));
    }
    unwatched(call);
    Ok(Value::Okay)
}

fn watch(call: &mut Call<'_>) -> Result<Value, Refusal> {
    if call.client.transaction.is_some() {
        return Err(Refusal::fixed("ERR WATCH inside MULTI is not allowed"));
    }
    for key in call.rest(1) {
        call.data.watches.watch(call.client.id, (*key).into());
    }
    Ok(Value::Okay)
}

fn unwatch(call: &mut Call<'_>) -> Result<Value, Refusal> {
    unwatched(call);
    Ok(Value::Okay)
}

/// Forgets what the connection watches. Whether none of it changed.
fn unwatched(call: &mut Call<'_>) -> bool {
    // What expired just now, or what an earlier command changed, is known already: time stands still.
    call.data.watches.unwatch(call.client.id)
}

#[cfg(test)]
mod tests {
    use crate::embedded::testing::Console;

    #[test]
    fn an_exec_with_too_many_words_is_the_end_of_its_transaction() {
        Console::new().expect(
            "EXEC 3 => EXECABORT Transaction discarded because of: wrong number of arguments for 'exec' command
             MULTI => OK
             SET a 1 => QUEUED
             EXEC 3 => EXECABORT Transaction discarded because of: wrong number of arguments for 'exec' command
             EXEC => ERR EXEC without MULTI
             GET a => nil
             MULTI => OK
             DISCARD 3 => ERR wrong number of arguments for 'discard' command
             EXEC => EXECABORT Transaction discarded because of previous errors.",
        );
    }
}

//! The scripts with one of the known bugs in them, for the tests that catch it.

use std::borrow::Cow;

use redfleet_core::mutant;

/// The text of a script, with the bug in it that is switched on.
pub(super) fn flawed(text: &'static str) -> Cow<'static, str> {
    let (right, wrong) = if mutant::is_on("restore_overwrites") {
        ("if seen[3] or KEYS[5] and", "if KEYS[5] and")
    } else if mutant::is_on("mark_is_ignored") {
        ("if mark ~= ARGV[1] then", "if false then")
    } else if mutant::is_on("tokens_do_not_follow_time") {
        ("math.max(last + 1, tonumber(ARGV[4]))", "last + 1")
    } else if mutant::is_on("reader_passes_writer") {
        ("  if owner then\n    wait_ms", "  if false then\n    wait_ms")
    } else if mutant::is_on("permit_is_given_twice") {
        ("if (owner or is_kept) and not is_mine then", "if false then")
    } else if mutant::is_on("reservation_never_ends") {
        ("waiter, 'PX', reserve_ms)", "waiter)")
    } else if mutant::is_on("nothing_is_reserved") {
        ("redis.call('SET', reservation, waiter, 'PX', reserve_ms)", "")
    } else if mutant::is_on("try_takes_what_is_kept") {
        ("reserved ~= waiter and mode ~= 'fast'", "reserved ~= waiter and mode == 'fair'")
    } else if mutant::is_on("fast_passes_the_holder") {
        ("local is_mine = owner == ARGV[2]", "local is_mine = false; owner = mode ~= 'fast' and owner")
    } else if mutant::is_on("fast_is_in_line_only") {
        ("reserved ~= waiter and mode ~= 'fast'", "reserved ~= waiter")
    } else if mutant::is_on("rate_gives_one_too_many") {
        ("if ahead > burst then", "if ahead > burst + earned then")
    } else if mutant::is_on("rate_is_as_of_the_last") {
        ("math.max(arrival, now)", "(arrival > 0 and arrival or now - burst)")
    } else if mutant::is_on("rate_takes_back_what_others_took") {
        ("redis.call('GET', KEYS[1]) ~= ARGV[1]", "false")
    } else {
        return Cow::Borrowed(text);
    };
    Cow::Owned(text.replace(right, wrong))
}

#[cfg(test)]
mod tests {
    use super::super::*;
    use redfleet_core::{BackendExt, Embedded};
    use redis::cmd;

    #[tokio::test]
    async fn a_restore_overwrites_nobody() {
        let store = Embedded::new();
        let backend = store.shared();
        let () = backend.query(cmd("SET").arg("mark").arg("m")).await.unwrap();
        let () = backend.query(cmd("SET").arg("owner").arg("theirs")).await.unwrap();
        let restore = RESTORE.key(&["mark", "quarantine", "owner", "token"]).arg("m").arg("ours");
        let reply: Vec<redis::Value> = restore.arg(1000).arg(7).arg(2000).run(&*backend).await.unwrap();
        assert_eq!(reply[0], redis::Value::BulkString(b"other".to_vec()));
        let owner: String = backend.query(cmd("GET").arg("owner")).await.unwrap();
        assert_eq!(owner, "theirs");
    }
}

//! Rounds that stop half-way, and servers that cannot do what a round needs.

use std::sync::Arc;

use redfleet_core::{BackendExt, Embedded, test_util::Scripted};
use redis::{Cmd, Value, cmd};

use super::world::{Remote, adds, effect, names, sets};
use crate::entry::Entry;
use crate::remote::call::TEXT;
use crate::remote::pack::pack;
use crate::remote::reply;
use crate::remote::ship::Verdict;

/// The round's script on a server that refuses every command on the key `shut`, while there is one named `closed`.
async fn half_way(remote: &mut Remote, round: &[Arc<Entry>]) -> Vec<Verdict> {
    const GUARD: &str = "local real = redis.call
    local function guarded(name, key, ...)
      if key == 'shut' and real('EXISTS', 'closed') == 1 then
        error({err = 'MISCONF the disk is full'})
      end
      return real(name, key, ...)
    end\n";
    let text = format!("{GUARD}{}", TEXT.replace("redis.call", "guarded"));
    let entries: Vec<&Entry> = round.iter().map(|entry| &**entry).collect();
    let mark = remote.marks.of(0, false, "source");
    let call: Cmd = pack("EVAL", &text, mark, &entries);
    let said: Value = remote.backend.query(call).await.unwrap();
    reply::verdicts(said, round.len(), mark)
}

#[tokio::test]
async fn a_round_that_stopped_half_way_goes_on_where_it_stopped() {
    let at = [
        (vec![sets("shut", "1")], "Again"),
        (
            vec![adds("n", 1, -1), sets("a", "1"), sets("shut", "1"), sets("b", "1")],
            "Applied Applied Again Again",
        ),
        (
            vec![adds("n", 1, -1), effect(&["SET shut 1", "SET c 1"], &[]), adds("n", 1, -1)],
            "Applied Again Again",
        ),
        (
            vec![adds("n", 1, -1), effect(&["SET shut 1"], &[("n", -1)]), adds("n", 1, -1)],
            "Applied Again Again",
        ),
        // What was begun is not begun again.
        (
            vec![adds("n", 1, -1), effect(&["INCR n", "SET shut 1"], &[]), adds("n", 1, -1)],
            "Applied Refused Again",
        ),
    ];
    for (number, (effects, expected)) in at.into_iter().enumerate() {
        let mut remote = Remote::new(Embedded::new());
        remote.query::<String>(cmd("SET").arg("closed").arg(1)).await;
        let round = remote.round(effects);
        assert_eq!(names(&half_way(&mut remote, &round).await), expected, "{number}");
        remote.query::<i64>(cmd("DEL").arg("closed")).await;
        let again = names(&half_way(&mut remote, &round).await);
        let expected = expected.replace("Applied", "AlreadyThere").replace("Again", "Applied");
        assert_eq!(again, expected, "{number}");
        let counted = round
            .iter()
            .flat_map(|entry| &entry.effect.steps)
            .filter(|step| step.args_iter().any(|word| word == redis::Arg::Simple(b"n")))
            .count();
        if counted > 0 {
            assert_eq!(remote.text("n").await, counted.to_string(), "{number}");
        }
    }
}

#[tokio::test]
async fn what_the_server_says_of_a_whole_round_decides_on_all_of_it() {
    for (said, expected) in [
        ("-LOADING wait", "Again"),
        ("-NOPERM User u has no permissions to run the 'evalsha' command", "Halted"),
        ("-ERR unknown command 'EVALSHA', with args beginning with: 'x'", "Halted"),
        ("-WRONGTYPE Operation against a key holding the wrong kind of value", "Halted"),
        ("-ERR upstream failure", "MayBeThere"),
        ("-ERR Error running script (call to f): Script killed by user with SCRIPT KILL.", "Again"),
        ("+what is this", "Again"),
        ("*1\r\n:1", "Again"),
    ] {
        let node = Scripted::new().on("EVALSHA", &format!("{said}\r\n"));
        let mut remote = Remote::of(node.shared());
        let round = remote.round(vec![adds("n", 1, -1), sets("a", "1")]);
        let told = remote.send(&round).await;
        assert_eq!(names(&told), format!("{expected} {expected}"), "{said}");
        if let Verdict::Halted(error) = &told[0] {
            assert!(!said.contains("EVALSHA") || error.to_string().contains("AtLeastOnce"), "{error}");
        }
        assert_eq!(node.round_trips(), 1);
    }
}

#[tokio::test]
async fn one_entry_costs_one_round_trip_and_an_empty_round_none() {
    let node = Scripted::new().on("EVALSHA", "*4\r\n$1\r\n1\r\n:0\r\n:1\r\n$0\r\n\r\n");
    let mut remote = Remote::of(node.shared());
    let round = remote.round(vec![adds("n", 1, -1)]);
    assert_eq!(names(&remote.send(&[]).await), "");
    assert_eq!(names(&remote.send(&round).await), "Applied");
    assert_eq!(node.round_trips(), 1);
    let sent = node.sent().remove(0);
    let words: Vec<_> = sent.split(' ').skip(2).collect();
    assert_eq!(words.join(" "), "2 redfleet:mw:source n 1 1  0 604800000 1 1 1 1 INCRBY 1 -1");
}

#[tokio::test]
async fn a_command_of_too_many_words_is_refused_and_the_others_are_not() {
    let mut remote = Remote::new(Embedded::new());
    let long = format!("RPUSH l{}", " x".repeat(7000));
    let most = format!("RPUSH m{}", " x".repeat(5000));
    let round =
        remote.round(vec![adds("n", 1, -1), effect(&[&long], &[]), effect(&[&most], &[]), adds("n", 1, -1)]);
    assert_eq!(names(&remote.send(&round).await), "Applied Refused Applied Applied");
    assert_eq!(remote.text("n").await, "2");
}

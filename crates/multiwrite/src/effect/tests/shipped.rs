//! What is asked about each command, and what is shipped for which reply.

use redis::Cmd;

use super::notation::{command, plan, questions, said, shipped};
use crate::effect::Plan;

/// Commands, what is asked behind them, replies, answers, and what is shipped.
type Row = (&'static str, &'static str, &'static str, &'static str, &'static str);

fn hold(rows: &[Row]) {
    for (commands, asked, replies, answers, expected) in rows {
        let plan = plan(commands);
        assert_eq!(questions(&plan), *asked, "{commands}");
        assert_eq!(shipped(&plan, replies, answers), *expected, "{commands} -> {replies} | {answers}");
    }
}

#[test]
fn strings_are_shipped_as_what_they_are_afterwards() {
    let life = "PEXPIRETIME k";
    hold(&[
        ("SET k v", "", "OK", "", "SET k v Overwrites"),
        ("set k v nx", "", "OK", "", "SET k v Overwrites"),
        ("SET k v NX", "", "nil", "", "nothing"),
        ("SET k v XX GET", "", "nil", "", "nothing"),
        ("SET k v XX GET", "", "old", "", "SET k v Overwrites"),
        ("SET k v NX GET", "", "old", "", "nothing"),
        ("SET k v NX GET", "", "nil", "", "SET k v Overwrites"),
        ("SET k v GET", "", "nil", "", "SET k v Overwrites"),
        ("SET k v IFEQ a GET", "", "a", "", "SET k v Overwrites"),
        ("SET k v IFEQ a GET", "", "b", "", "nothing"),
        ("SET k v IFNE a GET", "", "a", "", "nothing"),
        ("SET k v IFEQ a", "", "OK", "", "SET k v Overwrites"),
        ("SET k v EX 10", life, "OK", ":99", "SET k v PXAT 99 Overwrites"),
        ("SET k v px 10 nx", life, "nil", ":99", "nothing"),
        ("SET k v PX 10", life, "OK", ":-2", "DEL k Overwrites"),
        ("SET k v KEEPTTL", life, "OK", ":-1", "SET k v Overwrites"),
        ("SET k v KEEPTTL", life, "OK", "-NOPERM", "unclear"),
        ("SET k v EXAT 12", "", "OK", "", "SET k v PXAT 12000 Overwrites"),
        ("SET k v PXAT 12", "", "OK", "", "SET k v PXAT 12 Overwrites"),
        ("SET k v PXAT 12", "", "-OOM", "", "nothing"),
        ("SET k v", "", "?", "", "unclear"),
        (
            "SET k v SOMEHOW",
            "DUMP k; PEXPIRETIME k",
            "OK",
            "payload; :-1",
            "RESTORE k 0 payload REPLACE Overwrites",
        ),
        ("SETNX k v", "", ":0", "", "nothing"),
        ("SETNX k v", "", ":1", "", "SET k v Overwrites"),
        ("SETEX k 10 v", life, "OK", ":99", "SET k v PXAT 99 Overwrites"),
        ("PSETEX k 10 v", life, "OK", ":99", "SET k v PXAT 99 Overwrites"),
        ("GETSET k v", "", "old", "", "SET k v Overwrites"),
        ("GETDEL k", "", "old", "", "DEL k Overwrites"),
        ("MSET k 1 l 2", "", "OK", "", "SET k 1; SET l 2 Builds"),
        ("MSETNX k 1 l 2", "", ":0", "", "nothing"),
        ("MSETEX 1 k v EX 5", life, ":1", ":99", "SET k v PXAT 99 Overwrites"),
        ("GETEX k", "", "v", "", "GETEX k Reads"),
        ("GETEX k EX 5", life, "v", ":99", "PEXPIREAT k 99 [k until 99] SetsLife"),
        ("GETEX k EX 5", life, "nil", ":-2", "nothing"),
        ("INCR k", life, ":5", ":-1", "INCR k [k forever] Adds(1)"),
        ("DECRBY k 7", life, ":5", ":99", "DECRBY k 7 [k until 99] Adds(-7)"),
        ("INCR k", life, ":5", ":-2", "DEL k Overwrites"),
        ("INCR k", life, "-ERR", ":-1", "nothing"),
        ("INCR k", life, ":5", "", "unclear"),
        ("INCRBYFLOAT k 0.1", life, "10.6", ":99", "SET k 10.6 PXAT 99 Overwrites"),
        ("APPEND k x", life, ":5", ":-1", "APPEND k x [k forever] Builds"),
        ("SETRANGE k 0 _", life, ":0", ":-2", "nothing"),
        ("BITFIELD k GET u8 0", "", "[:0]", "", "BITFIELD k GET u8 0 Reads"),
        ("BITFIELD k INCRBY u8 0 1", life, "[:1]", ":-1", "BITFIELD k INCRBY u8 0 1 [k forever] Builds"),
        ("BITOP AND k a b", "DUMP k; PEXPIRETIME k", ":0", "nil; :-2", "DEL k Overwrites"),
    ]);
}

#[test]
fn lives_and_keys_as_such_are_shipped_with_the_end_that_local_has() {
    let (life, whole) = ("PEXPIRETIME k", "DUMP k; PEXPIRETIME k");
    hold(&[
        ("DEL k l", "", ":0", "", "DEL k; DEL l Builds"),
        ("UNLINK k", "", ":1", "", "UNLINK k Overwrites"),
        ("EXPIRE k 10 NX", life, ":0", ":5", "nothing"),
        ("EXPIRE k 10 GT", life, ":1", ":99", "PEXPIREAT k 99 [k until 99] SetsLife"),
        ("EXPIRE k -1", life, ":1", ":-2", "DEL k Overwrites"),
        ("PERSIST k", life, ":1", ":-1", "PERSIST k [k forever] SetsLife"),
        ("RESTORE k 0 p", "", "OK", "", "RESTORE k 0 p REPLACE Overwrites"),
        ("RESTORE k 0 p", "", "-BUSYKEY", "", "nothing"),
        ("RESTORE k 5 p REPLACE", life, "OK", ":99", "RESTORE k 99 p REPLACE ABSTTL Overwrites"),
        ("RESTORE k 99 p ABSTTL", "", "OK", "", "RESTORE k 99 p REPLACE ABSTTL Overwrites"),
        (
            "RENAME j k",
            "DUMP j; PEXPIRETIME j; DUMP k; PEXPIRETIME k",
            "OK",
            "nil; :-2; p; :99",
            "DEL j; RESTORE k 99 p REPLACE ABSTTL Builds",
        ),
        ("RENAMENX j k", "DUMP j; PEXPIRETIME j; DUMP k; PEXPIRETIME k", ":0", "nil; :-2; p; :99", "nothing"),
        ("COPY j k", whole, ":1", "p; :-1", "RESTORE k 0 p REPLACE Overwrites"),
        ("COPY j k", whole, ":0", "p; :-1", "nothing"),
        ("SORT j BY STORE STORE k", whole, ":3", "p; :-1", "RESTORE k 0 p REPLACE Overwrites"),
        ("GEORADIUS j 1 1 10 km STORE k", whole, ":3", "p; :-1", "RESTORE k 0 p REPLACE Overwrites"),
        (
            "GEORADIUS j 1 1 10 km STORE storedist",
            "DUMP storedist; PEXPIRETIME storedist",
            ":0",
            "nil; :-2",
            "DEL storedist Overwrites",
        ),
        (
            "GEORADIUSBYMEMBER j m 10 km COUNT 3 ANY STORE x STOREDIST k",
            whole,
            ":3",
            "p; :-1",
            "RESTORE k 0 p REPLACE Overwrites",
        ),
        ("GEORADIUS j 1 1 10 km ASC", "", "[]", "", "GEORADIUS j 1 1 10 km ASC Reads"),
        ("SORT j LIMIT 0 1", "", "[]", "", "SORT j LIMIT 0 1 Reads"),
        ("EVAL script 1 k", whole, "-ERR", "p; :-1", "RESTORE k 0 p REPLACE Overwrites"),
        // Nobody can tell whether the server said it, or the script after it wrote.
        ("EVALSHA hash 1 k", whole, "-NOSCRIPT", "p; :-1", "RESTORE k 0 p REPLACE Overwrites"),
        ("EVAL script 1 k", whole, "-NOSCRIPT", "p; :-1", "RESTORE k 0 p REPLACE Overwrites"),
        ("FCALL f 1 k", whole, "nil", "p", "unclear"),
        ("EVAL_RO script 0", "", "nil", "", "nothing"),
        ("JSON.SET k $ 1", whole, "OK", "p; :-1", "RESTORE k 0 p REPLACE Overwrites"),
        ("JSON.GET k", "", "1", "", "JSON.GET k Reads"),
        ("VENDOR.NEW k", whole, "OK", "nil; :-2", "DEL k Overwrites"),
        ("FLUSHALL", "", "OK", "", "everything"),
        ("FLUSHDB", "", "?", "", "everything"),
        ("SWAPDB 0 1", "", "-NOPERM", "", "nothing"),
        ("PUBLISH c m", "", ":0", "", "PUBLISH c m Builds"),
        ("MGET a b", "", "[nil nil]", "", "MGET a b Reads"),
        ("GET a", "", "?", "", "nothing"),
    ]);
}

#[test]
fn hashes_are_shipped_with_the_ends_of_their_fields() {
    let life = "PEXPIRETIME k";
    hold(&[
        ("HSET k f v", life, ":0", ":-1", "HSET k f v [k forever] Builds"),
        ("HDEL k f", life, ":0", ":-1", "nothing"),
        ("HDEL k f", life, ":1", ":-2", "DEL k Overwrites"),
        ("HSETNX k f v", life, ":0", ":-1", "nothing"),
        ("HSETNX k f v", life, ":1", ":-1", "HSET k f v [k forever] Builds"),
        (
            "HINCRBY k f 2",
            "PEXPIRETIME k; FIELDS k f",
            ":7",
            ":-1; [[7] [:-1]]",
            "HSET k f 7 [k forever] Builds",
        ),
        (
            "HINCRBYFLOAT k f 2",
            "PEXPIRETIME k; FIELDS k f",
            "7",
            ":5; [[7] [:99]]",
            "HSET k f 7; HPEXPIREAT k 99 FIELDS 1 f [k until 5] Builds",
        ),
        (
            "HEXPIRE k 10 FIELDS 2 f g",
            "PEXPIRETIME k; FIELDS k f g",
            "[:1 :-2]",
            ":-1; [[1 nil] [:99 :-2]]",
            "HSET k f 1; HPEXPIREAT k 99 FIELDS 1 f; HDEL k g [k forever] Builds",
        ),
        (
            "HPERSIST k FIELDS 1 f",
            "PEXPIRETIME k; FIELDS k f",
            "[:1]",
            ":-1; [[1] [:-1]]",
            "HSET k f 1 [k forever] Builds",
        ),
        ("HGETEX k FIELDS 1 f", "", "[1]", "", "HGETEX k FIELDS 1 f Reads"),
        ("HGETEX k PERSIST FIELDS 1 f", "PEXPIRETIME k; FIELDS k f", "[1]", ":-1; -NOPERM", "unclear"),
        ("HSETEX k FNX EX 9 FIELDS 1 f v", "PEXPIRETIME k; FIELDS k f", ":0", ":-1; [[1] [:9]]", "nothing"),
        (
            "HSETEX k KEEPTTL FIELDS 1 f v",
            "PEXPIRETIME k; FIELDS k f",
            ":1",
            ":-1; [[v] [:9]]",
            "HSET k f v; HPEXPIREAT k 9 FIELDS 1 f [k forever] Builds",
        ),
        ("HGETDEL k FIELDS 1 f", life, "[v]", ":-1", "HDEL k f [k forever] Builds"),
        ("HEXPIRE k 10", "DUMP k; PEXPIRETIME k", "-ERR", "nil; :-2", "nothing"),
    ]);
}

#[test]
fn what_a_server_chose_is_shipped_as_what_it_chose() {
    let (life, both) = ("PEXPIRETIME k", "PEXPIRETIME j; PEXPIRETIME k");
    hold(&[
        ("SADD k a", life, ":0", ":-1", "nothing"),
        ("SADD k a", life, ":1", ":9", "SADD k a [k until 9] Builds"),
        ("SPOP k", life, "b", ":-1", "SREM k b [k forever] Builds"),
        ("SPOP k 2", life, "[b c]", ":-2", "DEL k Overwrites"),
        ("SPOP k 2", life, "[]", ":-2", "nothing"),
        ("SPOP k", life, "nil", ":-2", "nothing"),
        ("ZPOPMIN k", life, "[a ,1.5]", ":-1", "ZREM k a [k forever] Builds"),
        ("ZPOPMAX k 2", life, "[a 1 b 2]", ":-1", "ZREM k a b [k forever] Builds"),
        ("ZPOPMAX k 2", life, "[[a ,1] [b ,2]]", ":-1", "ZREM k a b [k forever] Builds"),
        ("ZMPOP 2 j k MIN COUNT 2", both, "[k [[a ,1] [b ,2]]]", ":-2; :-1", "ZREM k a b [k forever] Builds"),
        ("ZMPOP 2 j k MIN", both, "nil", ":-2; :-2", "nothing"),
        ("LMPOP 2 j k LEFT COUNT 3", both, "[j [a b]]", ":5; :-1", "LPOP j 2 [j until 5] Builds"),
        ("LMOVE j k LEFT RIGHT", both, "a", ":-2; :-1", "RPUSH k a; DEL j [k forever] Builds"),
        ("RPOPLPUSH j k", both, "a", ":-1; :-1", "RPOP j; LPUSH k a [j forever] [k forever] Builds"),
        ("RPOPLPUSH k k", life, "a", ":-1", "RPOPLPUSH k k [k forever] Builds"),
        ("SMOVE j k m", both, ":1", ":-1; :7", "SREM j m; SADD k m [j forever] [k until 7] Builds"),
        ("SMOVE j k m", both, ":0", ":-1; :7", "nothing"),
        ("LPOP k", life, "nil", ":-2", "nothing"),
        ("SUNIONSTORE k a b", "DUMP k; PEXPIRETIME k", ":2", "p; :-1", "RESTORE k 0 p REPLACE Overwrites"),
        ("ZADD k INCR 1 m", life, "nil", ":-1", "ZADD k INCR 1 m [k forever] Builds"),
        (
            "GEORADIUS j 1 2 3 m STORE k",
            "DUMP k; PEXPIRETIME k",
            ":1",
            "p; :-1",
            "RESTORE k 0 p REPLACE Overwrites",
        ),
        ("GEORADIUSBYMEMBER j m 3 km", "", "[]", "", "GEORADIUSBYMEMBER j m 3 km Reads"),
        ("XADD k * f v", life, "7-1", ":-1", "XADD k 7-1 f v [k forever] Builds"),
        ("XADD k NOMKSTREAM * f v", life, "nil", ":-2", "nothing"),
        ("XADD k MAXLEN 5 7-* f v", life, "7-1", ":-1", "XADD k MAXLEN = 5 7-1 f v [k forever] Builds"),
        (
            "XADD k NOMKSTREAM MAXLEN ~ 5 LIMIT 9 * f v",
            "XLEN k; PEXPIRETIME k",
            "7-1",
            ":8; :-1",
            "XADD k 7-1 f v; XTRIM k MAXLEN = 8 [k forever] Builds",
        ),
        (
            "XADD k KEEPREF MAXLEN 5 * f v",
            "DUMP k; PEXPIRETIME k",
            "7-1",
            "p; :-1",
            "RESTORE k 0 p REPLACE Overwrites",
        ),
        ("XTRIM k MAXLEN ~ 5", "XLEN k; PEXPIRETIME k", ":0", ":8; :-1", "nothing"),
        (
            "XTRIM k MINID ~ 5",
            "XLEN k; PEXPIRETIME k",
            ":3",
            ":8; :-1",
            "XTRIM k MAXLEN = 8 [k forever] Builds",
        ),
        ("XTRIM k MAXLEN = 5", life, ":3", ":-1", "XTRIM k MAXLEN = 5 [k forever] Builds"),
        (
            "XGROUP CREATE k g $ MKSTREAM",
            life,
            "OK",
            ":-1",
            "XGROUP CREATE k g $ MKSTREAM [k forever] Builds",
        ),
        ("XGROUP DESTROY k g", life, ":0", ":-1", "nothing"),
        (
            "XREADGROUP GROUP g c STREAMS k >",
            "DUMP k; PEXPIRETIME k",
            "nil",
            "p; :-1",
            "RESTORE k 0 p REPLACE Overwrites",
        ),
    ]);
}

#[test]
fn of_a_block_only_what_is_known_at_its_end_is_shipped() {
    let (life, whole) = ("PEXPIRETIME k", "DUMP k; PEXPIRETIME k");
    hold(&[
        ("SET k v; SET k w", "", "OK; OK", "", "SET k v; SET k w Overwrites"),
        ("SET k v; EXPIRE k 9", life, "OK; :1", ":99", "SET k v; PEXPIREAT k 99 [k until 99] Builds"),
        ("EXPIRE k 9; INCR k", whole, ":1; :2", "p; :99", "RESTORE k 99 p REPLACE ABSTTL Overwrites"),
        ("INCR k; EXPIRE k 9", whole, ":1; :1", "p; :99", "RESTORE k 99 p REPLACE ABSTTL Overwrites"),
        ("SET k v EX 9; APPEND k x", whole, "OK; :2", "p; :99", "RESTORE k 99 p REPLACE ABSTTL Overwrites"),
        ("INCR k; SET k v EX 9", life, ":1; OK", ":99", "INCR k; SET k v PXAT 99 [k until 99] Builds"),
        ("INCR k; INCR k", life, ":1; :2", ":-1", "INCR k; INCR k [k forever] Builds"),
        ("INCR k; DEL k", life, ":1; :1", ":-2", "DEL k Overwrites"),
        ("GET k; INCR k", life, "1; :2", ":-1", "INCR k [k forever] Adds(1)"),
        ("GET k; GET l", "", "1; 2", "", "GET k; GET l Reads"),
        ("SPOP k; SADD k x", life, "a; :1", ":-1", "SREM k a; SADD k x [k forever] Builds"),
        (
            "SET k v; EVAL script 1 k; SET l w",
            whole,
            "OK; nil; OK",
            "p; :-1",
            "RESTORE k 0 p REPLACE; SET l w Builds",
        ),
        ("SETNX k v; SET l w", "", ":0; OK", "", "SET l w Overwrites"),
        (
            "XADD k MAXLEN ~ 5 * f v; XADD k * f v",
            whole,
            "1-1; 1-2",
            "p; :-1",
            "RESTORE k 0 p REPLACE Overwrites",
        ),
        (
            "HINCRBY k a 1; HINCRBY k b 1",
            "PEXPIRETIME k; FIELDS k a; FIELDS k b",
            ":1; :1",
            ":-1; [[1] [:-1]]; [[1] [:-1]]",
            "HSET k a 1; HSET k b 1 [k forever] Builds",
        ),
        ("SET k v; FLUSHALL; SET l w", "", "OK; OK; OK", "", "everything"),
    ]);
}

#[test]
fn a_script_that_is_vouched_for_is_shipped_as_its_text() {
    for (commands, answers, expected) in [
        ("EVAL script 1 k a", ":9", "EVAL script 1 k a [k until 9] Builds"),
        ("EVAL script 1 k a", ":-2", "DEL k Overwrites"),
        ("EVAL script 2 k l", ":-1; :-2", "EVAL script 2 k l [k forever] [l gone] Builds"),
        ("EVAL script 2 k l", ":-1; :9", "unclear"),
        ("EVAL script 1 k; INCR k", "p; :-1", "RESTORE k 0 p REPLACE Overwrites"),
        ("EVALSHA hash 1 k", "p; :-1", "RESTORE k 0 p REPLACE Overwrites"),
    ] {
        let commands: Vec<Cmd> = commands.split("; ").map(command).collect();
        let plan = Plan::deterministic(&commands.iter().collect::<Vec<_>>()).unwrap();
        let replies = vec!["OK"; commands.len()].join("; ");
        assert_eq!(shipped(&plan, &replies, answers), expected);
    }
}

#[test]
fn what_needs_no_reply_is_known_beforehand() {
    for (commands, expected) in [
        ("SET k v", Some("SET k v Overwrites")),
        ("SET k v PXAT 9; DEL l", Some("SET k v PXAT 9; DEL l Builds")),
        ("GET k", Some("GET k Reads")),
        ("SET k v NX", None),
        ("SET k v EX 9", None),
        ("INCR k", None),
        ("SPOP k", None),
        ("FLUSHALL", None),
        ("SET k v; FLUSHALL", None),
    ] {
        assert_eq!(plan(commands).known_beforehand().as_ref().map(said).as_deref(), expected, "{commands}");
    }
}

#[test]
fn a_plan_knows_the_keys_that_it_may_write() {
    for (commands, keys, is_read, is_everything) in [
        ("SET k v", "k", false, false),
        ("SUNIONSTORE k a b", "k", false, false),
        ("LMOVE b a LEFT LEFT; SET b c", "a b", false, false),
        ("MGET b a b", "a b", true, false),
        ("GET k; SET l v", "l", false, false),
        ("PUBLISH c m", "", false, false),
        ("FLUSHDB", "", false, true),
        ("ZMPOP 2 a b MIN", "a b", false, false),
    ] {
        let plan = plan(commands);
        let told: Vec<_> = plan.keys().iter().map(|key| String::from_utf8_lossy(key)).collect();
        assert_eq!(
            (told.join(" ").as_str(), plan.is_read(), plan.touches_everything()),
            (keys, is_read, is_everything)
        );
    }
}

#[test]
fn a_step_of_too_many_words_is_not_shipped() {
    let words = |count: usize| (0..count).map(|word| word.to_string()).collect::<Vec<_>>().join(" ");
    let long = plan(&format!("RPUSH k {}", words(3998)));
    assert!(shipped(&long, ":3998", ":-1").starts_with("RPUSH k 0 1 "));
    let longer = plan(&format!("RPUSH k {}", words(3999)));
    assert_eq!(shipped(&longer, ":3999", ":-1"), "unclear");
}

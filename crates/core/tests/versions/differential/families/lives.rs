//! Keys and fields with lives of milliseconds, and what is seen of them after these are over.

use super::Family;

/// Some field of each hash lives on: when a server removes a hash without any, it leaves to chance.
/// Each key is written once, so that nothing depends on how soon the next command comes.
pub(in super::super) const BEFORE: Family = Family {
    name: "lives, before",
    share: 0,
    forms: &[
        (2, "! SET {brief} v PX 20"),
        (1, "! SET {brief} v PX 100000000"),
        (1, "! SETEX {long} 100000 v"),
        (1, "! MULTI ; DEL {brief@1} ; RPUSH {brief@1} 1 2 3 ; PEXPIRE {brief@1} 15 ; EXEC"),
        (1, "! MULTI ; DEL {brief@1} ; SADD {brief@1} m n ; PEXPIRE {brief@1} 15 ; EXEC"),
        (1, "! MULTI ; DEL {brief@1} ; ZADD {brief@1} 1 m 2 n ; PEXPIRE {brief@1} 1 ; EXEC"),
        (1, "! MULTI ; DEL {brief@1} ; HSET {brief@1} f 1 g 2 ; PEXPIRE {brief@1} 1 ; EXEC"),
        (1, "! MULTI ; DEL {brief@1} ; XADD {brief@1} 1-1 f v ; PEXPIRE {brief@1} 15 ; EXEC"),
        (
            3,
            "! MULTI ; DEL {brief@1} ; HSET {brief@1} f 1 g 2 h 3 ; HPEXPIRE {brief@1} 15 FIELDS 2 f nof ; HPEXPIRE {brief@1} 90000000 FIELDS 1 g ; EXEC",
        ),
        (1, "! EVAL {script} 1 {brief}"),
    ],
    pools: &[
        ("brief", &[b"a", b"b", b"c", b"d", b"\xff\x00\r\n", b"{a}e"]),
        ("long", &[b"x", b"y"]),
        ("script", &[b"return redis.call('SET', KEYS[1], 'v', 'PX', 15)"]),
    ],
};

/// What comes when all short lives are over. HLEN and what
/// writes fields are not among it: they may still meet what a server did not clear away.
pub(in super::super) const AFTER: Family = Family {
    name: "lives, after",
    share: 0,
    forms: &[
        (2, "GET {key}"),
        (2, "EXISTS {key} {key}"),
        (1, "TYPE {key}"),
        (2, "PTTL {key}"),
        (2, "PEXPIRETIME {key}"),
        (2, "KEYS *"),
        (1, "@SCAN"),
        (1, "! KEYS * ; RANDOMKEY"),
        (1, "TOUCH {key}"),
        (1, "DEL {key}"),
        (1, "UNLINK {key}"),
        (1, "PERSIST {key}"),
        (1, "EXPIRE {key} {far} [NX|XX|GT|LT]"),
        (1, "RENAME {key} {key}"),
        (1, "RENAMENX {key} {key}"),
        (1, "COPY {key} {key}"),
        (1, "SET {key} w [NX|XX] [GET] [KEEPTTL]"),
        (1, "APPEND {key} x"),
        (1, "INCR {key}"),
        (1, "MSETNX {key} 1 {key} 2"),
        (1, "LLEN {key}"),
        (1, "RPUSHX {key} 5"),
        (1, "SADD {key} o"),
        (1, "SUNION {key} {key}"),
        (1, "SUNIONSTORE {key} {key} {key}"),
        (1, "ZADD {key} XX 3 m"),
        (1, "ZUNIONSTORE {key} 2 {key} {key}"),
        (2, "HGETALL {key}"),
        (2, "HGET {key} f"),
        (1, "HMGET {key} f g h"),
        (1, "HKEYS {key}"),
        (1, "@HSCAN {key}"),
        (1, "HEXISTS {key} f"),
        (1, "HPTTL {key} FIELDS 4 f g h nof"),
        (1, "XLEN {key}"),
        (1, "SORT {key} ALPHA"),
        (1, "@RESTORE {key} {key} 0 REPLACE"),
        (1, "EVAL {script} 1 {key}"),
        (1, "MULTI ; GET {key} ; EXISTS {key} ; EXEC"),
    ],
    pools: &[(
        "script",
        &[
            b"return {redis.call('EXISTS', KEYS[1]), redis.call('TYPE', KEYS[1])}",
            b"return redis.call('PTTL', KEYS[1]) < 0",
        ],
    )],
};

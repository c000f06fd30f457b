//! Commands that wait, and what another connection does to end that.

use super::Family;

pub(super) const FAMILY: Family = Family {
    name: "blocking",
    share: 1,
    forms: &[
        (2, "! DEL {key@1} ; A~ BLPOP {key@1} 0 ; B: (RPUSH|LPUSH) {key@1} {value}... ; LRANGE {key@1} 0 -1"),
        (2, "! DEL {key@1} ; A~ BRPOP nokey {key@1} 0 ; B: RPUSH {key@1} {value}... ; LRANGE {key@1} 0 -1"),
        (
            2,
            "! DEL {key@1} ; A~ BLMOVE {key@1} {key@2} (LEFT|RIGHT) (LEFT|RIGHT) 0 ; B: RPUSH {key@1} {value} {value} ; LRANGE {key@1} 0 -1",
        ),
        (
            1,
            "! DEL {key@1} ; A~ BRPOPLPUSH {key@1} {key@1} 0 ; B: RPUSH {key@1} {value} {value} ; LRANGE {key@1} 0 -1",
        ),
        (
            2,
            "! DEL {key@1} ; A~ BLMPOP 0 2 nokey {key@1} (LEFT|RIGHT) [COUNT 2] ; B: RPUSH {key@1} {value} {value} {value}",
        ),
        (1, "! DEL {key@1} ; A~ BZPOPMIN {key@1} 0 ; B: ZADD {key@1} 2 m 1 n"),
        (1, "! DEL {key@1} ; A~ BZPOPMAX nokey {key@1} 0 ; B: ZADD {key@1} 2 m 1 n"),
        (1, "! DEL {key@1} ; A~ BZMPOP 0 1 {key@1} (MIN|MAX) [COUNT 5] ; B: ZADD {key@1} 2 m 1 n"),
        (
            1,
            "! DEL {key@1} ; XADD {key@1} 1-1 f v ; A~ XREAD BLOCK 0 STREAMS {key@1} ($|1-1|5) ; B: XADD {key@1} 9-1 f w",
        ),
        (
            1,
            "! DEL {key@1} ; XGROUP CREATE {key@1} g $ MKSTREAM ; A~ XREADGROUP GROUP g c BLOCK 0 STREAMS {key@1} > ; B: XADD {key@1} 9-1 f w ; XPENDING {key@1} g",
        ),
        (
            1,
            "! DEL {key@1} ; XGROUP CREATE {key@1} g $ MKSTREAM ; A~ XREADGROUP GROUP g c BLOCK 0 STREAMS {key@1} > ; B: XGROUP DESTROY {key@1} g",
        ),
        (
            1,
            "! DEL {key@1} ; XGROUP CREATE {key@1} g $ MKSTREAM ; A~ XREADGROUP GROUP g c BLOCK 0 STREAMS {key@1} > ; B: DEL {key@1}",
        ),
        (1, "! DEL {key@1} list ; RPUSH list {value} ; A~ BLPOP {key@1} 0 ; B: RENAME list {key@1}"),
        (
            1,
            "! DEL {key@1} list ; RPUSH list {value} ; A~ BLPOP {key@1} 0 ; B: COPY list {key@1} ; EXISTS {key@1}",
        ),
        (
            1,
            "! DEL {key@1} ; A~ BLPOP {key@1} 0 ; B: SET {key@1} text ; B: DEL {key@1} ; B: LPUSH {key@1} {value}",
        ),
        (
            1,
            "! DEL {key@1} ; A~ BLPOP {key@1} 0 ; B: MULTI ; B: LPUSH {key@1} 1 ; B: DEL {key@1} ; B: LPUSH {key@1} 2 3 ; B: EXEC",
        ),
        (1, "! DEL {key@1} ; A~ BLPOP {key@1} 0 ; B: EVAL {pushes} 1 {key@1}"),
        (1, "! SET {key} {value}"),
        (1, "! BLPOP nokey 0.001"),
        (1, "! BZPOPMIN nokey 0.001"),
        (1, "! XREAD BLOCK 1 STREAMS nokey $"),
    ],
    pools: &[("pushes", &[b"redis.call('RPUSH', KEYS[1], 1, 2, 3); return redis.call('LPOP', KEYS[1])"])],
};

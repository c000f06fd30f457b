//! Lists, and the blocking commands where they find something or may not wait.

use super::Family;

pub(super) const FAMILY: Family = Family {
    name: "lists",
    share: 8,
    forms: &[
        (5, "RPUSH {key} {value} {value}..."),
        (4, "LPUSH {key} {value} {value}..."),
        (1, "RPUSHX {key} {value}..."),
        (1, "LPUSHX {key} {value}..."),
        (2, "LPOP {key} [{small}]"),
        (2, "RPOP {key} [{small}]"),
        (2, "LLEN {key}"),
        (4, "LRANGE {key} {index} {index}"),
        (2, "LINDEX {key} {index}"),
        (2, "LSET {key} {index} {value}"),
        (3, "LINSERT {key} (BEFORE|AFTER|before|INTO) {value} {value}"),
        (3, "LREM {key} {small} {value}"),
        (2, "LTRIM {key} {index} {index}"),
        (4, "LPOS {key} {value} [RANK {int}] [COUNT {int}] [MAXLEN {int}]"),
        (2, "RPOPLPUSH {key} {key}"),
        (3, "LMOVE {key} {key} (LEFT|RIGHT|left|UP) (LEFT|RIGHT)"),
        (3, "LMPOP {keys} (LEFT|RIGHT|UP) [COUNT {small}]"),
        (1, "! RPUSH {key@1} {value} ; BLPOP {key@1} 0"),
        (1, "! LPUSH {key@1} {value} ; BRPOP {key} {key@1} 0"),
        (1, "! LPUSH {key@1} {value} ; BLMOVE {key@1} {key} (LEFT|RIGHT) RIGHT 0"),
        (1, "! LPUSH {key@1} {value} ; BRPOPLPUSH {key@1} {key} 0"),
        (1, "! LPUSH {key@1} {value} ; BLMPOP 0 1 {key@1} LEFT [COUNT 2]"),
        (
            1,
            "! MULTI ; BLPOP {key} 0 ; BRPOPLPUSH {key} {key} 0 ; BLMPOP 0 1 {key} LEFT ; BZPOPMIN {key} 0 ; EXEC",
        ),
        (1, "! BLPOP {key} {wait}"),
        (1, "! BLMPOP {wait} 1 {key} LEFT"),
        (1, "! BLPOP {key} 0.003"),
        (1, "DEL {key}"),
        (1, "SORT {key} ALPHA LIMIT 0 5"),
        (1, "OBJECT ENCODING {key}"),
    ],
    pools: &[("wait", &[b"-1", b"abc", b"", b"nan", b"1e400", b"-0.5", b"inf"])],
};

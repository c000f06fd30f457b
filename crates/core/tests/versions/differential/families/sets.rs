//! Sets.

use super::Family;

pub(super) const FAMILY: Family = Family {
    name: "sets",
    share: 7,
    forms: &[
        (8, "SADD {key} {member} {member}..."),
        (4, "SREM {key} {member}..."),
        (3, "SMEMBERS {key}"),
        (2, "SCARD {key}"),
        (2, "SISMEMBER {key} {member}"),
        (2, "SMISMEMBER {key} {member}..."),
        (3, "SMOVE {key} {key} {member}"),
        (2, "SUNION {key}..."),
        (2, "SINTER {key}..."),
        (2, "SDIFF {key}..."),
        (2, "SUNIONSTORE {key} {key}..."),
        (2, "SINTERSTORE {key} {key}..."),
        (2, "SDIFFSTORE {key} {key}..."),
        (3, "SINTERCARD {keys} [LIMIT {small}]"),
        (1, "! SMEMBERS {key@1} ; SRANDMEMBER {key@1}"),
        (2, "! SMEMBERS {key@1} ; SRANDMEMBER {key@1} {draws}"),
        (1, "SRANDMEMBER {key} {wrong}"),
        (1, "! SPOP {key} 1000"),
        (1, "! SPOP {key} {wrong}"),
        (2, "! SMEMBERS {key@1} ; @SPOP {key@1} {pops} ; SCARD {key@1} ; DEL {key@1}"),
        (1, "! DEL {key@1} ; SADD {key@1} {member} ; SPOP {key@1} ; EXISTS {key@1} ; SPOP {key@1}"),
        (2, "@SSCAN {key} [MATCH {pattern}] [COUNT {scans}]"),
        (1, "SSCAN {key} {cursor}"),
        (2, "DEL {key}"),
        (1, "OBJECT ENCODING {key}"),
        (1, "SORT {key} ALPHA"),
    ],
    pools: &[
        ("scans", &[b"1", b"2", b"100", b"0", b"x"]),
        ("cursor", &[b"abc", b"-1", b"18446744073709551616", b""]),
        ("draws", &[b"0", b"1", b"2", b"100", b"-1", b"-3", b"-10"]),
        ("pops", &[b"0", b"1", b"2", b"5"]),
        (
            "wrong",
            &[
                b"abc",
                b"9223372036854775808",
                b"-9223372036854775808",
                b"",
                b"1.5",
                b"-1000000000000000000000",
            ],
        ),
    ],
};

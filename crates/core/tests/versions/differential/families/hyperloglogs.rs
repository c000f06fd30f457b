//! `HyperLogLog`s: their counts are estimates, and the estimates agree.

use super::Family;

pub(super) const FAMILY: Family = Family {
    name: "hyperloglogs",
    share: 3,
    forms: &[
        (10, "PFADD {key} {element}..."),
        (6, "PFADD {key} {element} {element} {element} {element} {element} {element} {value} {member}"),
        (1, "PFADD {key}"),
        (6, "PFCOUNT {key}..."),
        (4, "PFMERGE {key} {key}..."),
        (1, "PFMERGE {key}"),
        (1, "SET {key} {value}"),
        (1, "SET {key} {fake}"),
        (1, "DEL {key}"),
        (1, "TYPE {key}"),
        (1, "STRLEN nokey"),
        (1, "COPY {key} {key}"),
        (2, "EVAL {many} 1 {key} {start}"),
    ],
    pools: &[
        ("element", &[b"a", b"b", b"c", b"d", b"e", b"f", b"g", b"h", b"1", b"2", b"3", b"", b"\xff\x00", b"an element that is longer than a few words of the hash"]),
        ("fake", &[b"HYLL", b"HYLL\x00\x00\x00\x00", b"HYLL\x01\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x7f\xff", b"HYLL\x02\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00"]),
        ("many", &[b"for i = 1, 400 do redis.call('PFADD', KEYS[1], 'n' .. (ARGV[1] + i)) end; return redis.call('PFCOUNT', KEYS[1])"]),
        ("start", &[b"0", b"100", b"1000", b"2000"]),
    ],
};

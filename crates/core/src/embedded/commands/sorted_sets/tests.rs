//! Sorted sets, as one types at them.

use crate::embedded::client::Protocol;
use crate::embedded::testing::Console;

#[test]
fn scores_are_set_under_conditions_and_told() {
    Console::new().expect(
        "ZADD z 1 a 2 b 3 c => 3
         ZADD z NX 9 a 4 d => 1
         ZADD z XX CH 5 a 6 x => 1
         ZADD z GT CH 1 a 7 b => 1
         ZADD z INCR 2.5 c => 5.5
         ZADD z NX INCR 1 c => nil
         ZINCRBY z -1.5 c => 4
         ZSCORE z a => 5
         ZMSCORE z a none => [5, nil]
         ZADD z NX XX 1 a => ERR XX and NX options at the same time are not compatible
         ZADD z GT LT 1 a => ERR GT, LT, and/or NX options at the same time are not compatible
         ZADD z x a => ERR value is not a valid float
         ZADD z inf i => 1
         ZINCRBY z -inf i => ERR resulting score is not a number (NaN)",
    );
}

#[test]
fn ranges_go_by_rank_score_and_member_both_ways() {
    Console::new().expect(
        "ZADD z 1 a 2 b 3 c 4 d => 4
         ZRANGE z 0 -1 => [a, b, c, d]
         ZRANGE z 1 2 REV => [c, b]
         ZRANGE z (1 3 BYSCORE => [b, c]
         ZRANGE z 3 (1 BYSCORE REV LIMIT 1 5 => [b]
         ZRANGE z - + BYLEX => [a, b, c, d]
         ZRANGEBYSCORE z -inf +inf LIMIT 1 2 => [b, c]
         ZREVRANGE z 0 0 WITHSCORES => [[d, 4]]
         ZRANGE z 0 1 LIMIT 0 1 => ERR syntax error, LIMIT is only supported in combination with either BYSCORE or BYLEX
         ZRANGESTORE t z 1 2 => 2
         ZRANGE t 0 -1 WITHSCORES => [[b, 2], [c, 3]]
         ZCOUNT z (1 3 => 2
         ZLEXCOUNT z - [b => 2
         ZRANK z c WITHSCORE => [2, 3]
         ZREVRANK z c => 1",
    );
    let mut old = Console::with(Protocol::Resp2);
    old.run("ZADD z 1 a 2 b");
    assert_eq!(old.run("ZRANGE z 0 -1 WITHSCORES"), "[a, 1, b, 2]");
}

#[test]
fn members_are_removed_popped_and_combined() {
    Console::new().expect(
        "ZADD a 1 x 2 y 3 z => 3
         ZADD b 10 y 20 w => 2
         SADD s x w => 2
         ZUNION 2 a b WITHSCORES => [[x, 1], [z, 3], [y, 12], [w, 20]]
         ZINTER 2 a b WEIGHTS 2 1 AGGREGATE MAX WITHSCORES => [[y, 10]]
         ZINTER 2 a s WITHSCORES => [[x, 2]]
         ZDIFFSTORE d 2 a b => 2
         ZINTERCARD 2 a b => 1
         ZUNION 0 a => ERR at least 1 input key is needed for 'zunion' command
         ZPOPMIN d => [x, 1]
         ZPOPMAX a 2 => [[z, 3], [y, 2]]
         ZMPOP 1 b MAX COUNT -2 x => ERR count should be greater than 0
         ZMPOP 1 b MAX COUNT 1 COUNT 2 => ERR syntax error
         ZMPOP 2 none b MAX COUNT 5 => [b, [[w, 20], [y, 10]]]
         ZREMRANGEBYSCORE a 1 1 => 1
         ZCARD a => 0
         ZREM d z none => 1",
    );
}

#[test]
fn a_number_of_random_members_is_refused_before_the_words_behind_it() {
    Console::new().expect(
        "ZRANDMEMBER none -9223372036854775808 foo => ERR value is out of range, value must between -9223372036854775807 and 9223372036854775807
         ZRANDMEMBER none -4611686018427387905 foo => ERR syntax error
         ZRANDMEMBER none -4611686018427387905 WITHSCORES => ERR value is out of range
         ZRANDMEMBER none -9223372036854775807 => []",
    );
}

#[test]
fn what_a_range_is_of_is_said_once() {
    Console::new().expect(
        "ZRANGE a 1 2 BYSCORE BYLEX => ERR syntax error
         ZRANGE a 1 2 BYSCORE BYSCORE => ERR syntax error
         ZRANGE a 1 2 REV REV => ERR syntax error
         ZRANGE a 1 2 BYSCORE REV => []
         ZRANGE a 1 2 LIMIT -2 -1 => []
         ZRANGE a 1 x LIMIT -2 -1 => ERR value is not an integer or out of range",
    );
}

#[test]
fn numbers_of_random_members_are_refused_as_redis_does() {
    Console::new().expect(
        "ZRANDMEMBER a -9223372036854775808 FOO => ERR value is out of range, value must between -9223372036854775807 and 9223372036854775807
         ZRANDMEMBER a -9223372036854775807 WITHSCORES => ERR value is out of range
         ZRANDMEMBER a 9223372036854775807 => []",
    );
}

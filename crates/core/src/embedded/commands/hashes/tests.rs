//! Hashes, as one types at them.

use crate::embedded::client::Protocol;
use crate::embedded::testing::Console;

#[test]
fn fields_are_set_read_and_removed_and_an_empty_hash_is_no_key() {
    Console::new().expect(
        "HSET h a 1 b 2 => 2
         HSET h a => ERR wrong number of arguments for 'hset' command
         HSET h a 1 b => ERR wrong number of arguments for 'hset' command
         HMSET h a 1 b => ERR wrong number of arguments for 'hmset' command
         HMSET h a 10 => OK
         HMGET h a x b => [10, nil, 2]
         HMGET none a x => [nil, nil]
         HGETALL none => {}
         HKEYS none => []
         HSTRLEN h a => 2
         HSTRLEN h x => 0
         HDEL h b x b => 1
         HGETALL h => {a: 10}
         HKEYS h => [a]
         HVALS h => [10]
         HLEN h => 1
         HSETNX h a 2 => 0
         HSETNX h c 3 => 1
         HEXISTS h c => 1
         HDEL h a c => 2
         HEXISTS h c => 0
         EXISTS h => 0
         SET k v => OK
         HSETNX k a 1 => WRONGTYPE Operation against a key holding the wrong kind of value
         HDEL k a => WRONGTYPE Operation against a key holding the wrong kind of value
         HGETALL k => WRONGTYPE Operation against a key holding the wrong kind of value",
    );
}

#[test]
fn fields_are_counted_up_to_the_edges_and_keep_their_lives() {
    Console::new().expect(
        "HINCRBY h a 5 => 5
         HEXPIRE h 100 FIELDS 1 a => [1]
         HINCRBY h a 1 => 6
         HINCRBYFLOAT h a 0.5 => 6.5
         HTTL h FIELDS 1 a => [100]
         HSET h a 1 => 0
         HTTL h FIELDS 1 a => [-1]
         HINCRBY h a 9223372036854775807 => ERR increment or decrement would overflow
         HINCRBY h a x => ERR value is not an integer or out of range
         HSET h s foo => 1
         HINCRBY h s 1 => ERR hash value is not an integer
         HINCRBYFLOAT h s 1 => ERR hash value is not a float
         HINCRBYFLOAT h s x => ERR value is not a valid float
         HINCRBYFLOAT h s inf => ERR value is NaN or Infinity
         HSET h s inf => 0
         HINCRBYFLOAT h s 1 => ERR increment would produce NaN or Infinity
         HINCRBYFLOAT new g -0 => 0
         SET k v => OK
         HINCRBY k a 1 => WRONGTYPE Operation against a key holding the wrong kind of value
         HINCRBYFLOAT k a x => ERR value is not a valid float",
    );
}

#[test]
fn random_fields_come_alone_or_with_values_in_the_shape_of_the_protocol() {
    let lines = "HRANDFIELD none => nil
         HRANDFIELD none 3 WITHVALUES => []
         HSET h a 1 => 1
         HRANDFIELD h => a
         HRANDFIELD h 5 => [a]
         HRANDFIELD h -2 => [a, a]
         HRANDFIELD h x => ERR value is not an integer or out of range
         HRANDFIELD h 1 foo => ERR syntax error
         HRANDFIELD h -4611686018427387904 => ERR value is out of range
         HRANDFIELD h -4611686018427387905 WITHVALUES => ERR value is out of range";
    let mut console = Console::new();
    console.expect(lines);
    console.expect("HRANDFIELD h -2 WITHVALUES => [[a, 1], [a, 1]]");
    let mut console = Console::with(Protocol::Resp2);
    console.expect(lines);
    console.expect("HRANDFIELD h -2 WITHVALUES => [a, 1, a, 1]");
}

#[test]
fn a_walk_reads_its_options_only_if_there_is_something_to_walk_over() {
    Console::new().expect(
        "HSET h a 1 => 1
         HSCAN h 0 => [0, [a, 1]]
         HSCAN h 0 NOVALUES => [0, [a]]
         HSCAN h 0 MATCH z* => [0, []]
         HSCAN none 0 foo => [0, []]
         HSCAN none x => ERR invalid cursor
         HSCAN h 0 COUNT x => ERR value is not an integer or out of range
         HSCAN h 0 NOVALUES foo => ERR syntax error
         SET k v => OK
         HSCAN k 0 COUNT x => WRONGTYPE Operation against a key holding the wrong kind of value",
    );
}

#[test]
fn a_field_is_gone_when_its_time_has_come_and_the_last_takes_the_key_along() {
    let mut console = Console::new();
    console.expect(
        "HSET h a 1 b 2 c 3 => 3
         HPEXPIRE h 10400 FIELDS 2 a x => [1, -2]
         HTTL h FIELDS 3 a x b => [11, -2, -1]
         HPTTL h FIELDS 1 a => [10400]
         HEXPIRETIME h FIELDS 1 a => [1700000011]
         HPEXPIRETIME h FIELDS 1 a => [1700000010400]
         HEXPIRE h 20 FIELDS 1 b => [1]
         HPERSIST h FIELDS 3 b c x => [1, -1, -2]
         HPERSIST none FIELDS 1 b => [-2]
         HTTL none FIELDS 2 a b => [-2, -2]",
    );
    console.now_ms += 10_400;
    console.expect(
        "HGETALL h => {c: 3, b: 2}
         HEXPIRE h 0 FIELDS 2 b b => [2, -2]
         HPEXPIREAT h 1 FIELDS 1 c => [2]
         EXISTS h => 0",
    );
}

#[test]
fn conditions_compare_with_the_life_before_and_none_is_the_longest() {
    Console::new().expect(
        "HSET h a 1 b 2 => 2
         HEXPIRE h 100 NX FIELDS 1 a => [1]
         HEXPIRE h 100 NX FIELDS 2 a x => [0, -2]
         HEXPIRE h 200 XX FIELDS 2 a b => [1, 0]
         HEXPIRE h 200 GT FIELDS 2 a b => [0, 0]
         HEXPIRE h 300 gt FIELDS 2 a b => [1, 0]
         HEXPIRE h 300 LT FIELDS 2 a b => [0, 1]
         HPEXPIREAT h 0 GT FIELDS 1 a => [0]
         HPEXPIREAT h 0 LT FIELDS 1 a => [2]",
    );
}

#[test]
fn what_is_wrong_with_a_life_is_told_in_order() {
    Console::new().expect(
        "HSET h a 1 => 1
         HEXPIRE h x FIELDS 0 a => ERR value is not an integer or out of range
         HEXPIRE h -1 FOO 1 a => ERR invalid expire time, must be >= 0
         HEXPIRE h 70368744177663 FOO 1 a => ERR invalid expire time in 'hexpire' command
         HPEXPIREAT h 70368744177664 FIELDS 1 a => ERR invalid expire time in 'hpexpireat' command
         HPEXPIREAT h 70368744177663 FIELDS 1 a => [1]
         HEXPIRE h 10 FOO BAR 0 a => ERR Mandatory argument FIELDS is missing or not at the right position
         HEXPIRE h 10 NX XX FIELDS 1 a => ERR Mandatory argument FIELDS is missing or not at the right position
         HEXPIRE h 10 FIELDS +1 a => ERR Parameter `numFields` should be greater than 0
         HEXPIRE h 10 GT FIELDS 5 a => ERR The `numfields` parameter must match the number of arguments
         HEXPIRE h 10 FIELDS 1 a NX => ERR The `numfields` parameter must match the number of arguments
         HEXPIRE h 10 NX FIELDS 1 => ERR The `numfields` parameter must match the number of arguments
         HTTL h FIELDS 0 a => ERR Number of fields must be a positive integer
         HTTL h FOO 1 a => ERR Mandatory argument FIELDS is missing or not at the right position
         SET k v => OK
         HEXPIRE k x FIELDS 1 a => WRONGTYPE Operation against a key holding the wrong kind of value
         HPERSIST k FIELDS 0 a => WRONGTYPE Operation against a key holding the wrong kind of value",
    );
}

#[test]
fn fields_are_read_and_removed_or_given_a_life_at_once() {
    Console::new().expect(
        "HSET g a 1 b 2 c 3 => 3
         HGETEX g EX 10 FIELDS 2 a x => [1, nil]
         HTTL g FIELDS 1 a => [10]
         HGETEX g FIELDS 1 a => [1]
         HGETEX g PERSIST FIELDS 2 a x => [1, nil]
         HTTL g FIELDS 1 a => [-1]
         HGETEX g PXAT 1 FIELDS 2 b b => [2, nil]
         HGETEX g EX 0 FIELDS 1 a => [1]
         HGETALL g => {c: 3}
         HGETEX g PERSIST EX 10 FIELDS 1 a => ERR Mandatory argument FIELDS is missing or not at the right position
         HGETEX g EX x FIELDS 0 b => ERR value is not an integer or out of range
         HGETEX g EX -5 FOO 1 b => ERR invalid expire time, must be >= 0
         HGETEX g EXAT 9223372036854775807 FIELDS 2 a => ERR invalid expire time in 'hgetex' command
         HGETEX g PX 10 FIELDS => ERR Number of fields must be a positive integer
         HGETEX none FIELDS 3 a => ERR The `numfields` parameter must match the number of arguments
         HGETDEL none FIELDS 2 a b => [nil, nil]
         HGETDEL g FIELDS 3 c x c => [3, nil, nil]
         EXISTS g => 0
         SET k v => OK
         HGETEX k EX -1 FOO 1 a => WRONGTYPE Operation against a key holding the wrong kind of value
         HGETDEL k FIELDS 0 c => WRONGTYPE Operation against a key holding the wrong kind of value",
    );
}

#[test]
fn fields_are_set_with_a_life_if_all_or_none_are_there() {
    Console::new().expect(
        "HSETEX h FXX FIELDS 1 a 1 => 0
         EXISTS h => 0
         HSETEX h FNX EX 10 FIELDS 2 a 1 b 1 => 1
         HTTL h FIELDS 2 a b => [10, 10]
         HSETEX h KEEPTTL FIELDS 2 a 2 c 3 => 1
         HTTL h FIELDS 3 a b c => [10, 10, -1]
         HSETEX h FNX FIELDS 2 a 3 d 1 => 0
         HSETEX h FXX FIELDS 2 a 3 d 1 => 0
         HSETEX h fxx fields 1 a 3 => 1
         HTTL h FIELDS 1 a => [-1]
         HGET h a => 3
         HSETEX h PX 0 FIELDS 3 a 1 b 1 c 1 => 1
         EXISTS h => 0",
    );
}

#[test]
fn what_is_wrong_with_setting_and_living_at_once_is_told_in_order() {
    Console::new().expect(
        "HSETEX h FIELDS 2 a 1 => ERR wrong number of arguments for 'hsetex' command
         HSETEX h FIELDS 1 a 1 EX 10 => ERR wrong number of arguments for 'hsetex' command
         HSETEX h FIELDS 1 a => ERR wrong number of arguments for 'hsetex' command
         HSETEX h FIELDS x a 1 => ERR invalid number of fields
         HSETEX h FIELDS 2147483648 a 1 => ERR invalid number of fields
         HSETEX h EX FIELDS 1 a 1 => ERR value is not an integer or out of range
         HSETEX h EX -1 FOO FIELDS 1 a 1 => ERR invalid expire time, must be >= 0
         HSETEX h EX 9223372036854775807 FOO FIELDS 1 a 1 => ERR invalid expire time in 'hsetex' command
         HSETEX h PERSIST FIELDS 1 a 1 => ERR unknown argument: PERSIST
         HSETEX h FNX KEEPTTL EX FOO => ERR Only one of EX, PX, EXAT, PXAT or KEEPTTL arguments can be specified
         HSETEX h FNX KEEPTTL KEEPTTL EX => ERR Only one of EX, PX, EXAT, PXAT or KEEPTTL arguments can be specified
         HSETEX h FNX FNX FNX EX => ERR Only one of FXX or FNX arguments can be specified
         HSETEX h FNX EX 1 FIELDS => ERR wrong number of arguments for 'hsetex' command
         SET k v => OK
         HSETEX k FIELDS 0 a 1 => ERR invalid number of fields
         HSETEX k EX 0 FIELDS 1 a 1 => WRONGTYPE Operation against a key holding the wrong kind of value",
    );
}

#[test]
fn a_transaction_that_watches_is_undone_only_by_a_change() {
    Console::new().expect(
        "HSET h a 1 => 1
         WATCH h => OK
         HDEL h x => 0
         HSETNX h a 2 => 0
         HEXPIRE h 10 XX FIELDS 1 a => [0]
         HPERSIST h FIELDS 1 a => [-1]
         HGETEX h PERSIST FIELDS 1 a => [1]
         HGETDEL h FIELDS 1 x => [nil]
         MULTI => OK
         EXEC => []
         WATCH h => OK
         HEXPIRE h 10 FIELDS 1 a => [1]
         MULTI => OK
         EXEC => nil",
    );
}

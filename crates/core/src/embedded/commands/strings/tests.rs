//! What strings commands answer, as one types them.

use crate::embedded::testing::Console;

#[test]
fn set_knows_all_its_options_and_refuses_what_contradicts() {
    Console::new().expect(
        "SET k v EX 10 KEEPTTL => ERR syntax error
         SET k v NX XX => ERR syntax error
         SET k v EX => ERR syntax error
         SET k v EX x => ERR value is not an integer or out of range
         SET k v PX 0 => ERR invalid expire time in 'set' command
         SET k v EX 9223372036854775807 => ERR invalid expire time in 'set' command
         SET k v PX 9223372036854775807 => ERR invalid expire time in 'set' command
         SET k v XX => nil
         SET k 1 EX 10 EX 20 => OK
         SET k 2 NX => nil
         SET k 2 nx get => 1
         SET k 2 GET KEEPTTL => 1
         GETEX k PERSIST => 2
         SETEX k 0 v => ERR invalid expire time in 'setex' command
         SETNX k 3 => 0
         GETSET k 4 => 2
         GETDEL k => 4
         GETDEL k => nil
         SETNX k 3 => 1",
    );
}

#[test]
fn a_life_ends_at_its_time_unless_a_new_value_has_none() {
    let mut console = Console::new();
    console.expect(
        "SET a 1 PX 100 => OK
         SET b 1 PXAT 1700000000100 => OK
         SET c 1 EX 1 => OK
         GETEX c PX 100 => 1
         SET d 1 PX 100 => OK
         SET d 2 KEEPTTL => OK
         SET e 1 PX 100 => OK
         APPEND e 1 => 2
         INCR e => 12
         SET f 1 PX 100 => OK
         SET f 2 => OK
         SET g 1 PX 100 => OK
         GETEX g PERSIST => 1
         SET h 1 => OK
         SET h 2 EXAT 1 => OK
         GET h => nil",
    );
    console.now_ms += 99;
    console.expect("MGET a b c d e f g => [1, 1, 1, 2, 12, 2, 1]");
    console.now_ms += 1;
    console.expect("MGET a b c d e f g => [nil, nil, nil, nil, nil, 2, 1]");
}

#[test]
fn numbers_are_counted_up_to_the_edges_and_no_further() {
    Console::new().expect(
        "INCR n => 1
         INCRBY n 9223372036854775806 => 9223372036854775807
         INCR n => ERR increment or decrement would overflow
         DECRBY n -9223372036854775808 => ERR decrement would overflow
         INCRBY n 1.5 => ERR value is not an integer or out of range
         SET n +1 => OK
         DECR n => ERR value is not an integer or out of range
         SET x 10.5 => OK
         INCRBYFLOAT x 0.1 => 10.6
         INCRBYFLOAT x 5.0e3 => 5010.60000000000000009
         INCRBYFLOAT x inf => ERR increment would produce NaN or Infinity
         INCRBYFLOAT x x => ERR value is not a valid float
         INCRBYFLOAT new -2 => -2",
    );
}

#[test]
fn parts_of_a_string_are_read_and_written() {
    Console::new().expect(
        "SETRANGE k 3 abc => 6
         GET k => \\x00\\x00\\x00abc
         GETRANGE k -3 -1 => abc
         GETRANGE k 4 100 => bc
         SUBSTR k 3 3 => a
         GETRANGE k -100 -4 => \\x00\\x00\\x00
         SETRANGE k 1 xyz => 6
         GET k => \\x00xyzbc
         SETRANGE k -1 x => ERR offset is out of range
         SETRANGE none 5 \"\" => 0
         STRLEN none => 0",
    );
}

#[test]
fn no_string_becomes_longer_than_a_server_allows() {
    Console::new().expect(
        "SETRANGE k 536870912 x => ERR string exceeds maximum allowed size (proto-max-bulk-len)
         SETRANGE k 9223372036854775807 x => ERR string exceeds maximum allowed size (proto-max-bulk-len)
         STRLEN k => 0",
    );
    assert!(super::check_len(super::STRING_MAX_BYTES, 0).is_ok());
    assert!(super::check_len(super::STRING_MAX_BYTES, 1).is_err());
}

#[test]
fn several_keys_are_set_at_once_or_not_at_all() {
    Console::new().expect(
        "MSET a 1 b => ERR wrong number of arguments for 'mset' command
         MSET a 1 b 2 a 3 => OK
         MSETNX c 1 b 2 => 0
         MSETNX c 1 d 2 => 1
         MGET a b c d e => [3, 2, 1, 2, nil]",
    );
}

#[test]
fn the_longest_common_sequence_is_told_in_every_way() {
    Console::new().expect(
        "MSET a ohmytext b mynewtext => OK
         LCS a b => mytext
         LCS a b LEN => 6
         LCS a b IDX => {matches: [[[4, 7], [5, 8]], [[2, 3], [0, 1]]], len: 6}
         LCS a b IDX MINMATCHLEN 4 WITHMATCHLEN => {matches: [[[4, 7], [5, 8], 4]], len: 6}
         LCS a b IDX LEN => ERR If you want both the length and indexes, please just use IDX.",
    );
}

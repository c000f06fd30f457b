//! Bits, as one types at them.

use crate::embedded::testing::Console;

#[test]
fn bits_are_set_and_read_and_a_string_grows_for_them() {
    Console::new().expect(
        r"SETBIT k 7 1 => 0
         GET k => \x01
         SETBIT k 7 0 => 1
         SETBIT k 100 0 => 0
         STRLEN k => 13
         GETBIT k 4294967295 => 0
         GETBIT none 0 => 0
         SETBIT k x x => ERR bit offset is not an integer or out of range
         SETBIT k -1 1 => ERR bit offset is not an integer or out of range
         SETBIT k 4294967296 1 => ERR bit offset is not an integer or out of range
         SETBIT k 4294967295 x => ERR bit is not an integer or out of range
         SETBIT k 7 2 => ERR bit is not an integer or out of range
         SET n 12345 => OK
         GETBIT n 3 => 1
         HSET h a 1 => 1
         GETBIT h x => ERR bit offset is not an integer or out of range
         SETBIT h 0 2 => ERR bit is not an integer or out of range
         SETBIT h 0 1 => WRONGTYPE Operation against a key holding the wrong kind of value",
    );
}

#[test]
fn a_bit_that_is_what_it_was_is_no_change() {
    Console::new().expect(
        "SETBIT k 7 1 => 0
         WATCH k => OK
         SETBIT k 7 1 => 1
         SETBIT k 6 0 => 0
         MULTI => OK
         EXEC => []
         WATCH k => OK
         SETBIT k 8 0 => 0
         MULTI => OK
         EXEC => nil",
    );
}

#[test]
fn ones_are_counted_in_bytes_and_bits() {
    Console::new().expect(
        "SET s foobar => OK
         BITCOUNT s => 26
         BITCOUNT s 1 1 => 6
         BITCOUNT s 0 -5 => 10
         BITCOUNT s 5 30 BIT => 17
         BITCOUNT s 5 30 byte => 4
         BITCOUNT s -2 -5 => 0
         BITCOUNT s -100 -90 => 4
         BITCOUNT s -90 -100 => 0
         BITCOUNT s 10 5 => 0
         BITCOUNT s -9223372036854775808 9223372036854775807 BIT => 26
         BITCOUNT s -9223372036854775808 -9223372036854775808 => 4
         BITCOUNT none 1 => ERR syntax error
         BITCOUNT none 1 2 FOO => ERR syntax error
         BITCOUNT s 5 x FOO => ERR value is not an integer or out of range
         BITCOUNT s 5 30 BIT x => ERR syntax error
         BITCOUNT none => 0
         HSET h a 1 => 1
         BITCOUNT h 1 => ERR syntax error
         BITCOUNT h 1 2 => WRONGTYPE Operation against a key holding the wrong kind of value",
    );
}

#[test]
fn the_first_bit_is_found_also_behind_the_end_unless_an_end_is_named() {
    Console::new().expect(
        r#"SET ff "\xff\xff\xff" => OK
         BITPOS ff 0 => 24
         BITPOS ff 0 0 => 24
         BITPOS ff 0 0 -1 => -1
         BITPOS ff 0 5 => -1
         BITPOS ff 1 7 15 BIT => 7
         BITPOS ff 1 2 1 => -1
         BITPOS ff 1 -90 -100 => 0
         BITPOS ff 0 10 BIT => ERR value is not an integer or out of range
         SET zz "\x00\xff\xf0" => OK
         BITPOS zz 1 2 => 16
         BITPOS zz 0 1 => 20
         BITPOS zz 0 8 19 BIT => -1
         BITPOS zz 0 8 20 BIT => 20
         BITPOS zz 1 9 9 BIT => 9
         BITPOS zz 1 -5 -1 BIT => 19
         SET em "" => OK
         BITPOS em 0 => -1
         BITPOS em 1 => -1
         BITPOS none 0 5 => 0
         BITPOS none 1 => -1
         BITPOS none 2 => ERR The bit argument must be 1 or 0.
         BITPOS none 1 0 0 FOO => ERR syntax error
         BITPOS none 1 0 x FOO => ERR syntax error
         BITPOS none 1 x 0 FOO => ERR value is not an integer or out of range
         BITPOS none x => ERR value is not an integer or out of range"#,
    );
}

#[test]
fn values_are_joined_bit_by_bit_and_nothing_is_no_key() {
    Console::new().expect(
        r#"SET s foobar => OK
         SET ff "\xff\xff\xff" => OK
         SET d x EX 100 => OK
         BITOP AND d s ff => 6
         GET d => foo\x00\x00\x00
         TTL d => -1
         BITOP OR d s ff none => 6
         GET d => \xff\xff\xffbar
         BITOP XOR d s ff => 6
         GET d => \x99\x90\x90bar
         BITOP not d s => 6
         GET d => \x99\x90\x90\x9d\x9e\x8d
         BITOP AND d none s => 6
         GET d => \x00\x00\x00\x00\x00\x00
         BITOP NOT d none => 0
         EXISTS d => 0
         BITOP NOT d s ff => ERR BITOP NOT must be called with a single source key.
         BITOP DIFF d s ff => ERR syntax error
         HSET h a 1 => 1
         BITOP AND d s h => WRONGTYPE Operation against a key holding the wrong kind of value
         BITOP AND h s => 6
         TYPE h => string"#,
    );
}

#[test]
fn fields_of_any_width_are_read_and_written() {
    Console::new().expect(
        r#"BITFIELD k GET u8 0 => [0]
         EXISTS k => 0
         BITFIELD k SET u8 0 255 => [0]
         BITFIELD k GET u8 0 GET i8 0 GET u4 4 GET i4 0 GET u8 #1 GET i9 0 => [255, -1, 15, -1, 0, -2]
         BITFIELD k INCRBY i5 3 -3 => [-4]
         BITFIELD k SET i64 5 -2 GET i64 5 GET u63 6 => [-9223372036854775808, -2, 9223372036854775806]
         STRLEN k => 9
         BITFIELD k GET u8 #2305843009213693952 => [255]
         BITFIELD k GET u8 4294967295 => [0]
         BITFIELD none => []
         BITFIELD_RO k GET u8 0 => [255]"#,
    );
}

#[test]
fn what_does_not_fit_wraps_or_stays_at_the_edge_or_fails() {
    Console::new().expect(
        "BITFIELD k SET u8 0 255 => [0]
         BITFIELD k INCRBY u8 0 1 => [0]
         BITFIELD k OVERFLOW FAIL INCRBY u8 0 -1 => [nil]
         BITFIELD k OVERFLOW SAT INCRBY u8 0 -1 OVERFLOW WRAP INCRBY u8 0 -1 => [0, 255]
         BITFIELD k OVERFLOW SAT SET u8 0 -1 GET u8 0 => [255, 255]
         BITFIELD k OVERFLOW FAIL SET u8 0 -1 GET u8 0 => [nil, 255]
         BITFIELD k OVERFLOW SAT SET i8 0 -200 GET i8 0 => [-1, -128]
         BITFIELD k OVERFLOW WRAP SET i8 0 -200 GET i8 0 => [-128, 56]
         BITFIELD k OVERFLOW SAT SET i8 0 -9223372036854775681 GET i8 0 => [56, 127]
         BITFIELD k OVERFLOW SAT SET i8 0 -9223372036854775680 GET i8 0 => [127, -128]
         BITFIELD k SET i64 0 9223372036854775807 => [-9223372036854775808]
         BITFIELD k INCRBY i64 0 1 => [-9223372036854775808]
         BITFIELD k OVERFLOW SAT INCRBY i64 0 -1 => [-9223372036854775808]
         BITFIELD k OVERFLOW FAIL INCRBY i64 0 -9223372036854775808 => [nil]
         BITFIELD k SET u63 0 4611686018427387903 => [4611686018427387904]
         BITFIELD k INCRBY u63 0 9223372036854775807 => [4611686018427387902]
         BITFIELD k OVERFLOW SAT INCRBY u63 0 9223372036854775807 => [9223372036854775807]
         BITFIELD k OVERFLOW SAT INCRBY u63 0 -9223372036854775808 => [0]
         BITFIELD kk OVERFLOW FAIL INCRBY u8 0 256 => [nil]
         STRLEN kk => 1",
    );
}

#[test]
fn what_is_wrong_with_a_field_is_told_before_anything_is_done() {
    let bad_type =
        "ERR Invalid bitfield type. Use something like i16 u8. Note that u64 is not supported but i64 is.";
    let mut console = Console::new();
    for shape in ["u64", "i65", "u0", "x8", "u", "\"\"", "U8", "u8x", "u08"] {
        assert_eq!(console.run(&format!("BITFIELD k SET {shape} x x")), bad_type, "{shape}");
    }
    console.expect(
        "BITFIELD k SET u8 0 1 FOO => ERR syntax error
         BITFIELD k SET u8 0 => ERR syntax error
         BITFIELD k SET u8 x x => ERR bit offset is not an integer or out of range
         BITFIELD k SET u8 0 x => ERR value is not an integer or out of range
         BITFIELD k GET u8 #-1 => ERR bit offset is not an integer or out of range
         BITFIELD k GET u8 #536870912 => ERR bit offset is not an integer or out of range
         BITFIELD k GET u8 4294967296 => ERR bit offset is not an integer or out of range
         BITFIELD k OVERFLOW => ERR syntax error
         BITFIELD k OVERFLOW FOO SET i8 0 200 => ERR Invalid OVERFLOW type specified
         BITFIELD_RO k OVERFLOW SAT GET u8 0 => [0]
         BITFIELD_RO k GET u8 0 SET u8 0 x => ERR value is not an integer or out of range
         BITFIELD_RO k SET u8 0 1 => ERR BITFIELD_RO only supports the GET subcommand
         EXISTS k => 0
         HSET h a 1 => 1
         BITFIELD h => WRONGTYPE Operation against a key holding the wrong kind of value
         BITFIELD_RO h SET u8 0 1 => ERR BITFIELD_RO only supports the GET subcommand",
    );
}

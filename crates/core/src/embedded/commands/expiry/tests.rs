//! What expiry commands answer, as one types them.

use crate::embedded::testing::Console;

#[test]
fn a_key_is_gone_when_its_time_has_come() {
    let mut console = Console::new();
    console.expect(
        r"
        set a 1 => OK
        ttl a => -1
        expire a 10 => 1
        ttl a => 10
        expiretime a => 1700000010
        pexpiretime a => 1700000010000
        ",
    );
    console.now_ms += 9_499;
    assert_eq!(console.run("ttl a"), "1", "half a second is rounded up");
    console.now_ms += 501;
    console.expect(
        r"
        ttl a => -2
        pttl a => -2
        persist a => 0
        expire a 10 => 0
        ",
    );
}

#[test]
fn a_life_without_an_end_is_the_longest_and_conditions_exclude_each_other() {
    Console::new().expect(
        r"
        set a 1 => OK
        expire a 10 xx => 0
        expire a 10 gt => 0
        expire a 10 lt => 1
        expire a 10 gt => 0
        expire a 11 xx gt => 1
        expire a 11 lt => 0
        expire a 9 nx => 0
        expire a x nx gt => ERR NX and XX, GT or LT options at the same time are not compatible
        expire a x gt lt => ERR GT and LT options at the same time are not compatible
        expire a x zz => ERR Unsupported option zz
        expire a x => ERR value is not an integer or out of range
        persist a => 1
        persist a => 0
        expire a 0 => 1
        exists a => 0
        ",
    );
}

#[test]
fn times_at_the_edge_of_what_a_number_holds_are_refused_or_kept_exactly() {
    Console::new().expect(
        r"
        set a 1 => OK
        EXPIRE a 9223372036854775 => ERR invalid expire time in 'expire' command
        expire a -9223372036854775808 => ERR invalid expire time in 'expire' command
        pexpire a 9223372036854775807 => ERR invalid expire time in 'pexpire' command
        pexpireat a 9223372036854775807 => 1
        expiretime a => 9223372036854776
        pexpireat a -5 => 1
        exists a => 0
        ",
    );
}

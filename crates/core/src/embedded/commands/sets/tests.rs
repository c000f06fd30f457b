//! Sets, as one types at them.

use crate::embedded::testing::Console;

#[test]
fn members_come_go_and_move_and_an_empty_set_is_no_key() {
    Console::new().expect(
        "SADD s a b a => 2
         SADD s b => 0
         SCARD s => 2
         SMISMEMBER s a x => [1, 0]
         SMOVE s t a => 1
         SMOVE s t a => 0
         SMEMBERS t => ~[a]
         SREM s b x => 1
         SCARD s => 0
         SPOP t 5 => ~[a]
         SPOP t => nil
         SET k v => OK
         SADD k a => WRONGTYPE Operation against a key holding the wrong kind of value",
    );
}

#[test]
fn unions_intersections_and_differences_are_told_and_stored() {
    Console::new().expect(
        "SADD a 1 2 3 => 3
         SADD b 3 4 => 2
         SINTER a b => ~[3]
         SINTER a b none => ~[]
         SINTERCARD 2 a b LIMIT 1 => 1
         SDIFFSTORE d a b => 2
         SCARD d => 2
         SUNIONSTORE d a b => 4
         SINTERSTORE d a none => 0
         SCARD d => 0
         SINTERCARD 3 a b => ERR Number of keys can't be greater than number of args",
    );
}

#[test]
fn what_is_drawn_is_a_member_and_the_same_in_every_run() {
    let draw = || {
        let mut console = Console::new();
        console.run("SADD s a b c d e f g h");
        ["SRANDMEMBER s 3", "SRANDMEMBER s -12", "SPOP s 2", "SMEMBERS s"].map(|line| console.run(line))
    };
    let first = draw();
    assert_eq!(first, draw());
    assert_eq!(first[1].split(", ").count(), 12);
    assert_eq!(first[3].split(", ").count(), 6);
}

#[test]
fn a_number_of_random_members_without_an_opposite_is_refused_before_the_key_is_looked_at() {
    Console::new().expect(
        "SET text x => OK
         SRANDMEMBER text -9223372036854775808 => ERR value is out of range, value must between -9223372036854775807 and 9223372036854775807
         SRANDMEMBER text -9223372036854775807 => WRONGTYPE Operation against a key holding the wrong kind of value
         SRANDMEMBER none 9223372036854775807 => []",
    );
}

#[test]
fn options_of_a_walk_are_looked_at_only_where_there_is_a_set() {
    Console::new().expect(
        "SSCAN a 0 COUNT 0 => [0, []]
         SSCAN a x COUNT 0 => ERR invalid cursor
         SET text v => OK
         SSCAN text 0 COUNT 0 => WRONGTYPE Operation against a key holding the wrong kind of value
         SADD a m => 1
         SSCAN a 0 COUNT 0 => ERR syntax error",
    );
}

#[test]
fn a_number_without_an_opposite_is_refused() {
    Console::new().expect(
        "SRANDMEMBER a -9223372036854775808 => ERR value is out of range, value must between -9223372036854775807 and 9223372036854775807
         SRANDMEMBER a -9223372036854775807 => []",
    );
}

//! Lists as redis-cli sees them.

use crate::embedded::testing::Console;

#[test]
fn items_are_pushed_and_popped_at_both_ends() {
    Console::new().expect(
        "RPUSHX l a => 0
         RPUSH l a b c => 3
         LPUSH l z y => 5
         LRANGE l 0 -1 => [y, z, a, b, c]
         LPUSHX l x => 6
         LPOP l => x
         RPOP l 2 => [c, b]
         LPOP l 0 => []
         LPOP l -1 => ERR value is out of range, must be positive
         LPOP l 1 1 => ERR wrong number of arguments for 'lpop' command
         LPOP l 9 => [y, z, a]
         LPOP l => nil
         LPOP l 1 => nil
         LLEN l => 0",
    );
}

#[test]
fn indices_count_from_either_end() {
    Console::new().expect(
        "RPUSH l a b c d => 4
         LINDEX l 0 => a
         LINDEX l -1 => d
         LINDEX l 4 => nil
         LINDEX l -5 => nil
         LRANGE l -3 -2 => [b, c]
         LRANGE l 3 1 => []
         LRANGE l -9223372036854775808 9223372036854775807 => [a, b, c, d]
         LRANGE l x 0 => ERR value is not an integer or out of range
         LSET l -1 D => OK
         LSET l 4 x => ERR index out of range
         LSET none 0 x => ERR no such key
         LTRIM l 1 -1 => OK
         LRANGE l 0 -1 => [b, c, D]
         LTRIM l 5 9 => OK
         LLEN l => 0",
    );
}

#[test]
fn items_are_found_inserted_beside_and_removed_by_value() {
    Console::new().expect(
        "RPUSH l a b c a b c a => 7
         LPOS l a => 0
         LPOS l a RANK -1 => 6
         LPOS l a RANK 2 => 3
         LPOS l a COUNT 0 => [0, 3, 6]
         LPOS l a COUNT 2 RANK -2 => [3, 0]
         LPOS l c MAXLEN 2 => nil
         LPOS l c COUNT 5 MAXLEN 3 => [2]
         LPOS l a COUNT -1 => ERR COUNT can't be negative
         LPOS none a COUNT 0 => []
         LREM l -2 a => 2
         LRANGE l 0 -1 => [a, b, c, b, c]
         LREM l 0 b => 2
         LREM l 1 x => 0
         LINSERT l BEFORE c x => 4
         LINSERT l after c y => 5
         LINSERT l AFTER none y => -1
         LINSERT none AFTER c y => 0
         LINSERT l BESIDE c y => ERR syntax error
         LRANGE l 0 -1 => [a, x, c, y, c]
         LREM l 0 c => 2
         LREM l 5 a => 1",
    );
}

#[test]
fn items_move_between_lists_and_around_one() {
    Console::new().expect(
        "RPUSH l a b c => 3
         LMOVE l m LEFT RIGHT => a
         RPOPLPUSH l m => c
         LRANGE m 0 -1 => [c, a]
         RPOPLPUSH m m => a
         LRANGE m 0 -1 => [a, c]
         LMOVE l m LEFT UP => ERR syntax error
         LMOVE none m LEFT LEFT => nil
         LMPOP 2 none m LEFT COUNT 5 => [m, [a, c]]
         LMPOP 2 none m LEFT => nil
         LMPOP 0 m LEFT => ERR numkeys should be greater than 0
         LMPOP 1 m LEFT COUNT 0 => ERR count should be greater than 0
         LMPOP 1 m LEFT COUNT 1 COUNT 1 => ERR syntax error
         LMPOP 3 m LEFT COUNT => ERR syntax error
         SET s x => OK
         RPOPLPUSH l s => WRONGTYPE Operation against a key holding the wrong kind of value
         LLEN l => 1",
    );
}

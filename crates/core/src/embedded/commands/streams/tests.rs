//! Streams, as Redis 8.0 answered.

use crate::embedded::client::Protocol;
use crate::embedded::testing::Console;

#[test]
fn entries_are_added_behind_the_last_id_that_was_given() {
    Console::new().expect(
        "XADD s 1-1 a b => 1-1
         XADD s 2-1 a b c d => 2-1
         XADD s 3 a \"\" => 3-0
         XADD s 3-* e f => 3-1
         XADD s 2-* e f => ERR The ID specified in XADD is equal or smaller than the target stream top item
         XADD s 3-1 e f => ERR The ID specified in XADD is equal or smaller than the target stream top item
         XADD s 0-0 e f => ERR The ID specified in XADD must be greater than 0-0
         XADD s NOMKSTREAM * odd => ERR wrong number of arguments for 'xadd' command
         XADD none NOMKSTREAM 1-1 a b => nil
         XADD s MAXLEN 2 LIMIT 5 4-1 a b => ERR syntax error, LIMIT cannot be used without the special ~ option
         XADD s LIMIT 5 4-1 a b => ERR syntax error, LIMIT cannot be used without specifying a trimming strategy
         XADD s MAXLEN 2 MINID 1 4-1 a b => ERR syntax error, MAXLEN and MINID options at the same time are not compatible
         XADD s MAXLEN = 2 4-1 a b => 4-1
         XRANGE s - + => [[3-1, [e, f]], [4-1, [a, b]]]
         XADD top 18446744073709551615-18446744073709551614 a b => 18446744073709551615-18446744073709551614
         XADD top * a b => 18446744073709551615-18446744073709551615
         XADD top * a b => ERR The stream has exhausted the last possible ID, unable to add more items
         XADD zero 0-* a b => 0-1
         XLEN s => 2
         XLEN none => 0
         TYPE s => stream
         OBJECT ENCODING s => stream",
    );
}

#[test]
fn ranges_deletions_and_trims_keep_what_is_in_between() {
    Console::new().expect(
        "XADD s 1-1 n 1 => 1-1
         XADD s 1-2 n 2 => 1-2
         XADD s 2-0 n 3 => 2-0
         XADD s 18446744073709551615-18446744073709551615 n 4 => 18446744073709551615-18446744073709551615
         XRANGE s 1 1 => [[1-1, [n, 1]], [1-2, [n, 2]]]
         XRANGE s (1-1 (2 => [[1-2, [n, 2]], [2-0, [n, 3]]]
         XRANGE s (2-0 + COUNT 1 => [[18446744073709551615-18446744073709551615, [n, 4]]]
         XRANGE s (18446744073709551615-18446744073709551615 + => ERR invalid start ID for the interval
         XRANGE s - (0 => []
         XRANGE s - (0-0 => ERR invalid end ID for the interval
         XRANGE s - (+ => ERR Invalid stream ID specified as stream command argument
         XRANGE s - + COUNT 0 => nil
         XRANGE s - + COUNT -5 => nil
         XRANGE none - + COUNT 0 => []
         XREVRANGE s + - COUNT 2 => [[18446744073709551615-18446744073709551615, [n, 4]], [2-0, [n, 3]]]
         XREVRANGE s (2-0 (1-1 => [[1-2, [n, 2]]]
         XREVRANGE s - + => []
         XDEL s 1-2 1-2 7-7 => 1
         XDEL s 1-1 x => ERR Invalid stream ID specified as stream command argument
         XLEN s => 3
         XTRIM s MINID 2 => 1
         XTRIM s MAXLEN 1 LIMIT 3 => ERR syntax error, LIMIT cannot be used without the special ~ option
         XTRIM s LIMIT 0 => ERR syntax error, XTRIM must be called with a trimming strategy
         XTRIM s MAXLEN 0 => 2
         XINFO STREAM s => {length: 0, radix-tree-keys: 0, radix-tree-nodes: 1, last-generated-id: 18446744073709551615-18446744073709551615, max-deleted-entry-id: 1-2, entries-added: 4, recorded-first-entry-id: 0-0, groups: 0, first-entry: nil, last-entry: nil}
         EXISTS s => 1",
    );
}

#[test]
fn each_entry_goes_to_one_consumer_of_a_group() {
    Console::new().expect(
        "XADD s 1-1 n 1 => 1-1
         XADD s 2-1 n 2 => 2-1
         XADD s 3-1 n 3 => 3-1
         XREAD STREAMS s none 1 0 => {s: [[1-1, [n, 1]], [2-1, [n, 2]], [3-1, [n, 3]]]}
         XREAD COUNT 1 STREAMS s s 0 2-1 => {s: [[1-1, [n, 1]]], s: [[3-1, [n, 3]]]}
         XREAD STREAMS s $ => nil
         XREAD STREAMS s + => {s: [[3-1, [n, 3]]]}
         XREAD STREAMS none + => nil
         XREAD STREAMS s => ERR wrong number of arguments for 'xread' command
         XREAD STREAMS s s 0 => ERR Unbalanced 'xread' list of streams: for each stream key an ID, '+', or '$' must be specified.
         XREAD STREAMS s > => ERR The > ID can be specified only when calling XREADGROUP using the GROUP <group> <consumer> option.
         XREAD COUNT x STREAMS s 0 => ERR value is not an integer or out of range
         XREAD NOACK STREAMS s 0 => ERR The NOACK option is only supported by XREADGROUP. You called XREAD instead.
         XREAD BLOCK -1 STREAMS s $ => ERR timeout is negative
         XREAD BLOCK x STREAMS s $ => ERR timeout is not an integer or out of range
         XREAD BLOCK 9223372036854775807 STREAMS s $ => ERR timeout is out of range
         XREADGROUP GROUP g c STREAMS s > => NOGROUP No such key 's' or consumer group 'g' in XREADGROUP with GROUP option
         XGROUP CREATE none g 0 => ERR The XGROUP subcommand requires the key to exist. Note that for CREATE you may want to use the MKSTREAM option to create an empty stream automatically.
         XGROUP CREATE s g 0 => OK
         XGROUP CREATE s g 0 => BUSYGROUP Consumer Group name already exists
         XGROUP CREATE s h $ MKSTREAM => OK
         XGROUP CREATE new g $ MKSTREAM ENTRIESREAD 5 => OK
         XREADGROUP GROUP g a COUNT 2 STREAMS s > => {s: [[1-1, [n, 1]], [2-1, [n, 2]]]}
         XREADGROUP GROUP g b NOACK STREAMS s > => {s: [[3-1, [n, 3]]]}
         XREADGROUP GROUP g b STREAMS s > => nil
         XREADGROUP GROUP g b STREAMS s 0 => {s: []}
         XREADGROUP GROUP g a STREAMS s $ => ERR The $ ID is meaningless in the context of XREADGROUP: you want to read the history of this consumer by specifying a proper ID, or use the > ID to get new messages. The $ ID would just return an empty result set.
         XREADGROUP COUNT 1 BLOCK 5 STREAMS s > => ERR Missing GROUP option for XREADGROUP
         XDEL s 2-1 => 1
         XREADGROUP GROUP g a STREAMS s 0 => {s: [[1-1, [n, 1]], [2-1, nil]]}
         XPENDING s g => [2, 1-1, 2-1, [[a, 2]]]
         XACK s g 1-1 1-1 9 => 1
         XPENDING s g => [1, 2-1, 2-1, [[a, 1]]]
         XPENDING s h => [0, nil, nil, nil]
         XACK s none x => 0
         XINFO GROUPS s => [{name: g, consumers: 2, pending: 1, last-delivered-id: 3-1, entries-read: 3, lag: 0}, {name: h, consumers: 0, pending: 0, last-delivered-id: 3-1, entries-read: nil, lag: 0}]
         XGROUP SETID s g - => OK
         XGROUP SETID s g 0 MKSTREAM => ERR unknown subcommand or wrong number of arguments for 'SETID'. Try XGROUP HELP.
         XGROUP CREATECONSUMER s g z => 1
         XGROUP CREATECONSUMER s g z => 0
         XGROUP DELCONSUMER s g a => 1
         XPENDING s g => [0, nil, nil, nil]
         XGROUP DESTROY s g => 1
         XGROUP DESTROY s g => 0
         XGROUP DESTROY none g => ERR The XGROUP subcommand requires the key to exist. Note that for CREATE you may want to use the MKSTREAM option to create an empty stream automatically.",
    );
}

#[test]
fn what_was_not_acknowledged_can_become_anothers() {
    Console::new().expect(
        "XADD s 1-1 n 1 => 1-1
         XADD s 2-1 n 2 => 2-1
         XADD s 3-1 n 3 => 3-1
         XADD s 4-1 n 4 => 4-1
         XGROUP CREATE s g 0 => OK
         XREADGROUP GROUP g a COUNT 3 STREAMS s > => {s: [[1-1, [n, 1]], [2-1, [n, 2]], [3-1, [n, 3]]]}
         XCLAIM s g b 1000 1-1 => []
         XCLAIM s g b 0 1-1 JUSTID => [1-1]
         XCLAIM s g b 0 4-1 => []
         XCLAIM s g b 0 4-1 9-9 FORCE RETRYCOUNT 7 IDLE 5000 => [[4-1, [n, 4]]]
         XCLAIM s g b 4000 4-1 LASTID 4-1 JUSTID => [4-1]
         XINFO GROUPS s => [{name: g, consumers: 2, pending: 4, last-delivered-id: 4-1, entries-read: 3, lag: 1}]
         XCLAIM s g b 0 1-1 FOO => ERR Unrecognized XCLAIM option 'FOO'
         XCLAIM s g b x 1-1 => ERR Invalid min-idle-time argument for XCLAIM
         XCLAIM s g b 0 1-1 IDLE x => ERR Invalid IDLE option argument for XCLAIM
         XCLAIM s none b x 1-1 => NOGROUP No such key 's' or consumer group 'none'
         XDEL s 2-1 => 1
         XCLAIM s g b 0 2-1 => []
         XPENDING s g => [3, 1-1, 4-1, [[a, 1], [b, 2]]]
         XAUTOCLAIM s g c 0 - COUNT 1 JUSTID => [3-1, [1-1], []]
         XDEL s 3-1 => 1
         XAUTOCLAIM s g c 0 (1-1 COUNT 1 => [4-1, [], [3-1]]
         XAUTOCLAIM s g c 0 4 COUNT 5 => [0-0, [[4-1, [n, 4]]], []]
         XAUTOCLAIM s g c 99999 0 => [0-0, [], []]
         XAUTOCLAIM s g c 0 0 COUNT 0 => ERR COUNT must be > 0
         XAUTOCLAIM s g c x 0 => ERR Invalid min-idle-time argument for XAUTOCLAIM
         XAUTOCLAIM none g c 0 0 => NOGROUP No such key 'none' or consumer group 'g'
         XPENDING s g - + 10 a => []
         XPENDING s g - + => ERR syntax error
         XPENDING s g IDLE 99999 - + 10 => []
         XPENDING s none - + x => ERR value is not an integer or out of range
         XSETID s 4-0 => ERR The ID specified in XSETID is smaller than the target stream top item
         XSETID s 9-0 ENTRIESADDED 1 => ERR The entries_added specified in XSETID is smaller than the target stream length
         XSETID s 9-0 ENTRIESADDED 7 MAXDELETEDID 10 => ERR The ID specified in XSETID is smaller than the provided max_deleted_entry_id
         XSETID s 9-0 ENTRIESADDED 7 MAXDELETEDID 8 => OK
         XSETID none 1 => ERR no such key
         XINFO STREAM s => {length: 2, radix-tree-keys: 1, radix-tree-nodes: 2, last-generated-id: 9-0, max-deleted-entry-id: 8-0, entries-added: 7, recorded-first-entry-id: 1-1, groups: 1, first-entry: [1-1, [n, 1]], last-entry: [4-1, [n, 4]]}
         XINFO STREAM s FULL 5 => ERR unknown subcommand or wrong number of arguments for 'STREAM'. Try XINFO HELP.
         XINFO STREAM none => ERR no such key",
    );
}

#[test]
fn a_reply_of_many_streams_is_a_map_or_pairs() {
    let lines = "XADD s 1-1 a b => 1-1\nXREAD STREAMS s 0 => ";
    Console::new().expect(&format!("{lines}{{s: [[1-1, [a, b]]]}}"));
    Console::with(Protocol::Resp2).expect(&format!("{lines}[[s, [[1-1, [a, b]]]]]"));
}

#[test]
fn what_happens_to_groups_disturbs_nobody_who_watches() {
    let quiet = [
        "XGROUP CREATE s h 0 => OK",
        "XGROUP SETID s g 0 => OK",
        "XGROUP DESTROY s g => 1",
        "XREADGROUP GROUP g d STREAMS s > => {s: [[3-1, [n, 3]]]}",
        "XACK s g 1-1 => 1",
        "XCLAIM s g d 0 1-1 JUSTID => [1-1]",
        "XAUTOCLAIM s g d 0 0 JUSTID => [0-0, [1-1, 2-1], []]",
        "XSETID s 9-1 => OK",
        "XDEL s 9-9 => 0",
        "XTRIM s MAXLEN 9 => 0",
    ];
    let loud = ["XADD s 4-1 n 4 => 4-1", "XDEL s 1-1 => 1", "XTRIM s MAXLEN 2 => 1"];
    for (lines, reply) in [(quiet.as_slice(), "[PONG]"), (loud.as_slice(), "nil")] {
        for line in lines {
            Console::new().expect(&format!(
                "XADD s 1-1 n 1 => 1-1
                 XADD s 2-1 n 2 => 2-1
                 XADD s 3-1 n 3 => 3-1
                 XGROUP CREATE s g 0 => OK
                 XREADGROUP GROUP g c COUNT 2 STREAMS s > => {{s: [[1-1, [n, 1]], [2-1, [n, 2]]]}}
                 WATCH s => OK
                 {line}
                 MULTI => OK
                 PING => QUEUED
                 EXEC => {reply}"
            ));
        }
    }
}

#[test]
fn a_copy_has_groups_of_its_own() {
    Console::new().expect(
        "XADD s 1-1 n 1 => 1-1
         XGROUP CREATE s g 0 => OK
         COPY s t => 1
         XREADGROUP GROUP g c STREAMS t > => {t: [[1-1, [n, 1]]]}
         XPENDING s g => [0, nil, nil, nil]
         XPENDING t g => [1, 1-1, 1-1, [[c, 1]]]
         RENAME t u => OK
         XPENDING u g => [1, 1-1, 1-1, [[c, 1]]]",
    );
}

#[test]
fn ids_follow_the_clock_and_never_go_back() {
    let mut console = Console::new();
    console.expect("XADD s * a 1 => 1700000000000-0\nXADD s * a 2 => 1700000000000-1");
    console.now_ms -= 5_000;
    console.expect("XADD s * a 3 => 1700000000000-2");
    console.now_ms += 5_001;
    console.expect("XADD s * a 4 => 1700000000001-0");
}

#[test]
fn a_rough_trim_removes_whole_nodes() {
    let mut console = Console::new();
    for number in 1..=250 {
        console.run(&format!("XADD s {number}-0 a b"));
    }
    console.expect(
        "XTRIM s MAXLEN ~ 201 => 0
         XTRIM s MAXLEN ~ 200 => 0
         XTRIM s MAXLEN ~ 150 => 100
         XTRIM s MINID ~ 200 => 0
         XTRIM s MINID ~ 201 LIMIT 99 => 0
         XTRIM s MINID ~ 201 => 100
         XTRIM s MAXLEN ~ 0 => 50",
    );
}

#[test]
fn waiting_and_groups_show_when_a_consumer_was_there() {
    let mut console = Console::new();
    console.expect(
        "XADD s 1-1 n 1 => 1-1
         XGROUP CREATE s g 0 => OK
         XREADGROUP GROUP g a STREAMS s > => {s: [[1-1, [n, 1]]]}
         XREADGROUP GROUP g b STREAMS s > => nil",
    );
    console.now_ms += 700;
    console.expect(
        "XPENDING s g - + 9 => [[1-1, a, 700, 1]]
         XREADGROUP GROUP g a STREAMS s 0 => {s: [[1-1, [n, 1]]]}
         XPENDING s g - + 9 => [[1-1, a, 0, 2]]
         XINFO CONSUMERS s g => [{name: a, pending: 1, idle: 0, inactive: 700}, {name: b, pending: 0, idle: 700, inactive: -1}]",
    );
}

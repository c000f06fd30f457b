//! What is watched on a real server.

use crate::embedded::testing::Console;

#[test]
fn nothing_is_slow_and_memory_is_estimated() {
    let mut console = Console::new();
    console.expect(
        "SLOWLOG GET => []
         SLOWLOG GET -2 => ERR count should be greater than or equal to -1
         SLOWLOG GET x => ERR count should be greater than or equal to -1
         SLOWLOG LEN => 0
         SLOWLOG RESET => OK
         SLOWLOG foo => ERR unknown subcommand 'foo'. Try SLOWLOG HELP.
         LATENCY LATEST => []
         LATENCY HISTORY x => []
         LATENCY RESET x => 0
         LATENCY HISTOGRAM => {}
         LATENCY GRAPH x => ERR No samples available for event 'x'
         MEMORY USAGE nosuch => nil
         MEMORY USAGE nosuch SAMPLES x => ERR value is not an integer or out of range
         MEMORY USAGE nosuch SAMPLES -1 => ERR syntax error
         MEMORY USAGE nosuch foo 1 => ERR syntax error
         MEMORY USAGE => ERR wrong number of arguments for 'memory|usage' command
         SET a 0123456789 => OK
         RPUSH l 12345 12345 12345 12345 => 4
         MEMORY USAGE a => 75
         MEMORY USAGE l => 277
         XADD s 1-1 a 1 => 1-1
         MEMORY USAGE s => 211",
    );
}

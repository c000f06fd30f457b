//! The server as a whole, asked as a Redis 8.0 was.

use crate::embedded::testing::Console;

#[test]
fn it_is_a_primary_alone() {
    Console::new().expect(
        "TIME => [1700000000, 0]
         ROLE => [master, 0, []]
         WAIT x 0 => ERR value is not an integer or out of range
         WAIT 0 x => ERR timeout is not an integer or out of range
         WAIT 1 -1 => ERR timeout is negative
         WAIT 1 10 => 0
         WAITAOF 2 1 10 => ERR value is out of range, value must between 0 and 1
         WAITAOF 0 -1 0 => ERR value is out of range, must be positive
         WAITAOF 0 x 0 => ERR value is out of range, must be positive
         WAITAOF 0 0 -1 => ERR timeout is negative
         WAITAOF 1 0 0 => ERR WAITAOF cannot be used when numlocal is set but appendonly is disabled.
         WAITAOF 0 1 10 => [0, 0]
         REPLICAOF NO ONE => OK
         SLAVEOF a b => ERR Invalid master port
         REPLICAOF a 1 => ERR REPLICAOF is not supported by an embedded node: it replicates nothing
         FAILOVER => ERR FAILOVER requires connected replicas.
         READONLY => ERR This instance has cluster support disabled
         CLUSTER INFO => ERR This instance has cluster support disabled
         CLUSTER KEYSLOT => ERR wrong number of arguments for 'cluster|keyslot' command
         CLUSTER foo => ERR unknown subcommand 'foo'. Try CLUSTER HELP.",
    );
}

#[test]
fn it_says_when_it_was_asked_to_save_and_ends_for_nobody() {
    let mut console = Console::new();
    console.run("PING");
    console.expect("LASTSAVE => 1700000000");
    console.now_ms += 5000;
    console.expect(
        "SAVE => OK
         LASTSAVE => 1700000005
         BGSAVE foo => ERR syntax error
         BGSAVE SCHEDULE => Background saving started
         BGREWRITEAOF => Background append only file rewriting started
         SHUTDOWN foo => ERR syntax error
         SHUTDOWN ABORT => ERR No shutdown in progress.
         SHUTDOWN NOSAVE => ERR SHUTDOWN is not supported by an embedded node: the process it is in ends it",
    );
    assert!(console.run("DEBUG SLEEP 0").starts_with("ERR DEBUG command not allowed."));
}

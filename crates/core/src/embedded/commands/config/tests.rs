//! Parameters are told, and changed where that makes no difference.

use crate::embedded::testing::Console;

#[test]
fn parameters_are_found_by_patterns_and_by_name() {
    Console::new().expect(
        "CONFIG GET maxmem* => {maxmemory: 0, maxmemory-clients: 0, maxmemory-policy: noeviction, maxmemory-samples: 5}
         CONFIG GET MAXMEMORY databases => {databases: 1, MAXMEMORY: 0}
         CONFIG GET nosuch => {}
         CONFIG GET save save => {save: }
         CONFIG GET => ERR wrong number of arguments for 'config|get' command
         CONFIG REWRITE => ERR The server is running without a config file
         CONFIG RESETSTAT => OK",
    );
}

#[test]
fn what_is_set_is_told_and_all_is_set_or_nothing() {
    Console::new().expect(
        "CONFIG SET a b => ERR Unknown option or number of arguments for CONFIG SET - 'a'
         CONFIG SET hz 20 a b => ERR Unknown option or number of arguments for CONFIG SET - 'a'
         CONFIG SET hz 20 maxmemory => ERR syntax error
         CONFIG SET hz 20 HZ 30 => ERR CONFIG SET failed (possibly related to argument 'hz') - duplicate parameter
         CONFIG SET hz 20 databases 3 => ERR CONFIG SET failed (possibly related to argument 'databases') - can't set immutable config
         CONFIG SET hz x => ERR CONFIG SET failed (possibly related to argument 'hz') - argument couldn't be parsed into an integer
         CONFIG SET maxmemory-samples 65 => ERR CONFIG SET failed (possibly related to argument 'maxmemory-samples') - argument must be between 1 and 64 inclusive
         CONFIG SET activerehashing maybe => ERR CONFIG SET failed (possibly related to argument 'activerehashing') - argument must be 'yes' or 'no'
         CONFIG SET loglevel x => ERR CONFIG SET failed (possibly related to argument 'loglevel') - argument(s) must be one of the following: debug, verbose, notice, warning, nothing
         CONFIG SET appendonly yes => ERR CONFIG SET failed (possibly related to argument 'appendonly') - an embedded node does not support another value
         CONFIG GET hz => {hz: 10}
         CONFIG SET hz 20 maxmemory-policy ALLKEYS-LRU save \"\" => OK
         CONFIG GET hz maxmemory-policy => {hz: 20, maxmemory-policy: allkeys-lru}",
    );
}

//! Commands about commands.

use crate::embedded::testing::Console;

#[test]
fn a_command_tells_its_arity_and_its_keys() {
    Console::new().expect(
        "COMMAND INFO get nosuch CLIENT|ID => [[get, 2, ~[readonly], 1, 1, 1, ~[@read], [], [], []], nil, [client|id, 2, ~[noscript], 0, 0, 0, ~[], [], [], []]]
         COMMAND GETKEYS mset a 1 b 2 => [a, b]
         COMMAND GETKEYS object encoding a => [a]
         COMMAND GETKEYS sort a by store store b get store => [a, b]
         COMMAND GETKEYS nosuch => ERR Invalid command specified
         COMMAND GETKEYS ping => ERR The command has no key arguments
         COMMAND GETKEYS get => ERR Invalid number of arguments specified for command
         COMMAND LIST FILTERBY PATTERN xyz* => []
         COMMAND LIST FILTERBY PATTERN GETD* => [getdel]
         COMMAND LIST FILTERBY MODULE x => []
         COMMAND LIST FILTERBY => ERR syntax error
         COMMAND LIST foo => ERR syntax error
         COMMAND COUNT 1 => ERR wrong number of arguments for 'command|count' command
         COMMAND foo => ERR unknown subcommand 'foo'. Try COMMAND HELP.",
    );
}

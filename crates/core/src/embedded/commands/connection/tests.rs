//! Connections: greetings, ends, and what RESET forgets.

use crate::embedded::client::Protocol;
use crate::embedded::testing::Console;

#[test]
fn hello_says_who_answers_and_refuses_what_it_does_not_know() {
    let mut console = Console::new();
    console.expect(
        "HELLO => {server: redis, version: 8.0.2, proto: 3, id: 1, mode: standalone, role: master, modules: []}
         HELLO 2 => {server: redis, version: 8.0.2, proto: 2, id: 1, mode: standalone, role: master, modules: []}
         HELLO 4 => NOPROTO unsupported protocol version
         HELLO x => ERR Protocol version is not an integer or out of range
         HELLO 3 setname => ERR Syntax error in HELLO option 'setname'
         HELLO 3 auth a => ERR Syntax error in HELLO option 'auth'
         HELLO 3 AUTH nosuch x => WRONGPASS invalid username-password pair or user is disabled.
         HELLO 3 SETNAME \"a b\" => ERR Client names cannot contain spaces, newlines or special characters.
         CLIENT GETNAME => nil
         HELLO 3 AUTH default x SETNAME me => {server: redis, version: 8.0.2, proto: 3, id: 1, mode: standalone, role: master, modules: []}
         CLIENT GETNAME => me",
    );
}

#[test]
fn there_is_a_user_without_a_password_and_no_other() {
    Console::new().expect(
        "AUTH default anything => OK
         AUTH nosuch x => WRONGPASS invalid username-password pair or user is disabled.
         AUTH x => ERR AUTH <password> called without any password configured for the default user. Are you sure your configuration is correct?
         AUTH a b c => ERR syntax error
         AUTH => ERR wrong number of arguments for 'auth' command",
    );
}

#[test]
fn reset_forgets_what_the_connection_said() {
    let mut console = Console::new();
    console.expect(
        "CLIENT SETNAME me => OK
         CLIENT TRACKING ON => OK
         WATCH a => OK
         MULTI => OK
         SET a 1 => QUEUED
         RESET => RESET
         CLIENT GETNAME => nil
         CLIENT GETREDIR => -1
         EXEC => ERR EXEC without MULTI
         RESET 1 => ERR wrong number of arguments for 'reset' command",
    );
    assert!(console.run("HELLO").contains("proto: 2"));
}

#[test]
fn a_listener_with_resp2_is_answered_by_arrays() {
    let mut console = Console::with(Protocol::Resp2);
    console.run("SUBSCRIBE a");
    console.expect(
        "PING => [pong, ]
         PING x => [pong, x]
         GET a => ERR Can't execute 'get': only (P|S)SUBSCRIBE / (P|S)UNSUBSCRIBE / PING / QUIT / RESET are allowed in this context
         RESET => RESET
         PING => PONG",
    );
}

#[test]
fn quit_ends_the_connection_even_inside_of_a_transaction() {
    let mut console = Console::new();
    console.expect(
        "MULTI => OK
         QUIT => OK
         PING => gone",
    );
}

//! CLIENT: names, lists, ends.

use crate::embedded::client::Protocol;
use crate::embedded::testing::Console;

#[test]
fn names_are_of_visible_characters() {
    Console::new().expect(
        "CLIENT SETNAME \"a b\" => ERR Client names cannot contain spaces, newlines or special characters.
         CLIENT SETNAME a-b => OK
         CLIENT GETNAME => a-b
         CLIENT SETNAME \"\" => OK
         CLIENT GETNAME => nil
         CLIENT SETINFO lib-name \"a b\" => ERR lib-name cannot contain spaces, newlines or special characters.
         CLIENT SETINFO foo b => ERR Unrecognized option 'foo'
         CLIENT SETINFO LIB-VER 1.0 => OK
         CLIENT ID => 1
         CLIENT ID 1 => ERR wrong number of arguments for 'client|id' command
         CLIENT foo => ERR unknown subcommand 'foo'. Try CLIENT HELP.",
    );
}

#[test]
fn a_line_tells_what_a_connection_does() {
    let mut console = Console::new();
    console.run("CLIENT SETNAME me");
    console.run("CLIENT SETINFO LIB-NAME mine");
    console.run("WATCH a b");
    console.now_ms += 2500;
    let line = console.run("CLIENT INFO");
    for part in [
        "id=1 ",
        "name=me ",
        "age=2 ",
        "flags=N ",
        "watch=2 ",
        "cmd=client|info ",
        "resp=3 ",
        "lib-name=mine ",
    ] {
        assert!(line.contains(part), "{part} in {line}");
    }
    console.run("CLIENT TRACKING ON BCAST");
    console.run("SUBSCRIBE a");
    console.run("SET a 1");
    let line = console.run("CLIENT LIST ID 1 7");
    assert!(line.contains("flags=PtBd ") && line.contains("sub=1 ") && line.contains("redir=0 "), "{line}");
    console.expect(
        "CLIENT LIST foo => ERR syntax error
         CLIENT LIST TYPE foo => ERR Unknown client type 'foo'
         CLIENT LIST ID x => ERR Invalid client ID
         CLIENT LIST ID => ERR syntax error",
    );
    assert_eq!(console.run("CLIENT LIST TYPE normal"), "", "who listens is of another type");
}

#[test]
fn what_is_killed_is_gone_after_the_command() {
    let mut console = Console::new();
    let other = console.state.connect(Protocol::Resp2);
    console.state.data.roster.get_mut(other).unwrap().address = "1.2.3.4:5".into();
    console.expect(
        "CLIENT KILL foo => ERR No such client
         CLIENT KILL ID 0 => ERR client-id should be greater than 0
         CLIENT KILL ID x => ERR client-id should be greater than 0
         CLIENT KILL ID 9 => 0
         CLIENT KILL TYPE foo => ERR Unknown client type 'foo'
         CLIENT KILL USER nosuch => ERR No such user 'nosuch'
         CLIENT KILL SKIPME x => ERR syntax error
         CLIENT KILL ID 1 ADDR => ERR syntax error
         CLIENT KILL MAXAGE 0 => ERR maxage should be greater than 0
         CLIENT KILL MAXAGE x => ERR maxage is not an integer or out of range
         CLIENT KILL TYPE pubsub => 0
         CLIENT KILL 1.2.3.4:5 => OK
         CLIENT KILL SKIPME yes => 0",
    );
    assert!(console.state.client(other).is_none());
    console.expect(
        "CLIENT KILL ID 1 SKIPME no => 1
         PING => gone",
    );
}

#[test]
fn what_it_cannot_do_it_says() {
    Console::new().expect(
        "CLIENT PAUSE x => ERR timeout is not an integer or out of range
         CLIENT PAUSE -1 => ERR timeout is negative
         CLIENT PAUSE 1 foo => ERR CLIENT PAUSE mode must be WRITE or ALL
         CLIENT PAUSE 1 => ERR CLIENT PAUSE is not supported by an embedded node
         CLIENT REPLY foo => ERR syntax error
         CLIENT NO-EVICT x => ERR syntax error
         CLIENT UNBLOCK x => ERR value is not an integer or out of range
         CLIENT UNBLOCK 99 foo => ERR CLIENT UNBLOCK reason should be TIMEOUT or ERROR
         CLIENT UNBLOCK 99 => 0",
    );
}

//! What clients look for in INFO.

use crate::embedded::testing::Console;

#[test]
fn sections_are_those_that_are_asked_for() {
    let mut console = Console::new();
    console.run("SET a 1 EX 100");
    let all = console.run("INFO");
    for line in [
        "# Server\r\nredis_version:8.0.2\r\n",
        "redis_mode:standalone\r\n",
        "role:master\r\n",
        "connected_clients:1\r\n",
    ] {
        assert!(all.contains(line), "{line} in {all}");
    }
    assert!(all.contains("\r\n\r\n# Keyspace\r\ndb0:keys=1,expires=1,avg_ttl=0,subexpiry=0\r\n"), "{all}");
    let some = console.run("INFO cluster nosuch KEYSPACE cluster");
    assert!(some.starts_with("# Cluster\r\ncluster_enabled:0\r\n\r\n# Keyspace\r\n"), "{some}");
    assert_eq!(console.run("INFO nosuch"), "");
    let run_id = console.state.data.identity.run_id.clone();
    assert!(console.run("INFO server").contains(&format!("run_id:{run_id}\r\n")));
}

#[test]
fn the_process_is_the_same_in_every_run() {
    let reply = Console::new().run("INFO server");
    assert!(reply.contains("\nprocess_id:1\r\n"), "{reply}");
}

//! Only core knows redis-rs's connections: everything else speaks to a `Backend`.

use super::Finding;
use super::tree::File;

/// Names that are redis-rs's alone.
const CONNECTIONS: [&str; 10] = [
    "MultiplexedConnection",
    "MultiplexedConnectionWithCommands",
    "ConnectionManager",
    "ConnectionManagerConfig",
    "ClusterClient",
    "ClusterClientBuilder",
    "ClusterConnection",
    "SentinelClient",
    "AsyncConnectionConfig",
    "PubSubSink",
];

/// Names that others use too, so that they count only behind `redis::`.
const COMMON: [&str; 6] = ["Client", "Connection", "PubSub", "Monitor", "Sentinel", "ConnectionInfo"];

pub(super) fn check(file: &File) -> Vec<Finding> {
    let is_looked_at =
        file.is_rust() && file.path.starts_with("crates/") && !file.path.starts_with("crates/core/");
    let is_exempt = ["/tests/", "/benches/", "/examples/"].iter().any(|folder| file.path.contains(folder));
    if !is_looked_at || is_exempt {
        return Vec::new();
    }
    let mut findings = Vec::new();
    let mut is_import = false;
    for (number, line) in file.lines() {
        let code = line.split("//").next().unwrap_or_default();
        is_import = is_import || code.trim_start().starts_with("use redis::");
        if let Some(name) = connection(code, is_import) {
            let text = format!("`{name}` is a connection of redis-rs: outside core, a node is a `Backend`");
            findings.push(Finding::at(file, number, text));
        }
        is_import = is_import && !code.contains(';');
    }
    findings
}

/// The connection type that a line names.
fn connection(code: &str, is_import: bool) -> Option<&'static str> {
    let is_behind_redis = is_import || code.contains("redis::");
    let words = || code.split(|c: char| !c.is_alphanumeric() && c != '_');
    let common = COMMON.iter().filter(|_| is_behind_redis);
    CONNECTIONS.iter().chain(common).copied().find(|name| words().any(|word| word == *name))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(path: &str, text: &str) -> usize {
        check(&File::new(path, text)).len()
    }

    const SIBLING: &str = "crates/lock/src/lock.rs";

    #[test]
    fn connections_outside_core_are_found_in_paths_and_imports() {
        assert_eq!(found(SIBLING, "let client = redis::Client::open(url)?;\n"), 1);
        assert_eq!(found(SIBLING, "use redis::{\n    Cmd,\n    Client,\n};\nuse hyper::Client;\n"), 1);
        assert_eq!(found(SIBLING, "fn a(b: MultiplexedConnection) {}\n"), 1);
        assert_eq!(found(SIBLING, "type A = redis::aio::Connection;\n"), 1);
    }

    #[test]
    fn the_handles_trait_other_clients_and_comments_are_not() {
        assert_eq!(found(SIBLING, "use redis::aio::ConnectionLike;\n"), 0);
        assert_eq!(found(SIBLING, "struct Client;\n"), 0);
        assert_eq!(found(SIBLING, "/// Not a redis::Client.\n"), 0);
    }

    #[test]
    fn core_and_tests_may_know_them() {
        assert_eq!(found("crates/core/src/connect/server.rs", "use redis::Client;\n"), 0);
        assert_eq!(found("crates/lock/tests/servers_lock.rs", "use redis::Client;\n"), 0);
    }
}

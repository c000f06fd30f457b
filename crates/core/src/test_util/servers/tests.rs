//! The servers themselves: what tests on them rely on.

#[cfg(feature = "tls")]
mod tls;

use std::time::Duration;

use redis::aio::MultiplexedConnection;
use redis::{AsyncCommands, AsyncConnectionConfig, Client, RedisResult, Value, cmd};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::UnixStream;
use tokio::time::Instant;

use super::*;
use crate::test_util::{Fault, Proxy};

const PATIENCE: Duration = Duration::from_secs(60);

/// Patient: a busy machine is no fault.
async fn connect(url: &str) -> RedisResult<MultiplexedConnection> {
    connect_within(url, PATIENCE).await
}

/// With another limit for replies, where there will be none.
async fn connect_within(url: &str, deadline: Duration) -> RedisResult<MultiplexedConnection> {
    let config = AsyncConnectionConfig::new()
        .set_response_timeout(Some(deadline))
        .set_connection_timeout(Some(PATIENCE));
    Client::open(url)?.get_multiplexed_async_connection_with_config(&config).await
}

async fn number(server: &Server, key: &str) -> Value {
    server.direct(cmd("GET").arg(key)).await.unwrap()
}

fn text(value: &str) -> Value {
    Value::BulkString(value.into())
}

#[tokio::test]
async fn shared_servers_are_the_same_ones_behind_proxies_of_ones_own() {
    let (mine, theirs) = (servers(3).await, servers(3).await);
    let mut connection = connect(&mine[1].url()).await.unwrap();
    let _: () = connection.set("shared:key", 7).await.unwrap();
    assert_eq!(number(&theirs[1], "shared:key").await, text("7"));
    assert_eq!(number(&theirs[0], "shared:key").await, Value::Nil);
    mine[1].proxy().cut();
    assert!(connect(&mine[1].url()).await.is_err());
    assert!(connect(&theirs[1].url()).await.is_ok());
}

#[tokio::test]
#[should_panic(expected = "to kill a server that other tests share, take `Server::start()` instead")]
async fn a_shared_server_is_not_killed() {
    servers(1).await[0].kill().await;
}

#[test]
fn shared_servers_outlive_the_runtime_of_the_test_that_started_them() {
    for _ in 0..2 {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(async {
            let servers = servers(2).await;
            let mut connection = connect(&servers[1].url()).await.unwrap();
            let pong: String = connection.ping().await.unwrap();
            assert_eq!(pong, "PONG");
        });
    }
}

#[tokio::test]
async fn what_was_acknowledged_outlives_a_kill_but_no_wipe_and_the_url_stays() {
    let server = Server::start().await;
    let url = server.url();
    let mut connection = connect(&url).await.unwrap();
    let _: () = connection.set("k", 1).await.unwrap();
    let before = server.direct(cmd("INFO").arg("server")).await.unwrap();

    server.kill().await;
    let refusal = connect(&url).await.unwrap_err();
    assert!(refusal.is_connection_refusal(), "{refusal}");

    server.restart_with_data().await;
    assert_ne!(server.direct(cmd("INFO").arg("server")).await.unwrap(), before);
    let kept: i64 = connect(&url).await.unwrap().get("k").await.unwrap();
    assert_eq!(kept, 1);

    server.restart_wiped().await;
    let kept: Option<i64> = connect(&url).await.unwrap().get("k").await.unwrap();
    assert_eq!(kept, None);
    assert_eq!(server.url(), url);
}

#[tokio::test]
#[should_panic(expected = "only a server started with `durable()` keeps its data")]
async fn a_server_that_writes_nothing_down_cannot_come_back_with_its_data() {
    ServerOptions::new().start().await.restart_with_data().await;
}

#[tokio::test]
async fn a_paused_server_takes_connections_and_answers_when_it_goes_on() {
    let server = ServerOptions::new().start().await;
    let mut hasty = connect_within(&server.url(), Duration::from_millis(300)).await.unwrap();
    let mut connection = connect(&server.url()).await.unwrap();
    server.pause().await;
    let start = Instant::now();
    let deadline = hasty.incr::<_, _, i64>("k", 1).await.unwrap_err();
    assert!(deadline.is_timeout() && start.elapsed() >= Duration::from_millis(300), "{deadline}");
    server.unpause().await;
    let value: i64 = connection.incr("k", 1).await.unwrap();
    assert_eq!(value, 2, "a paused server loses nothing");
    server.pause().await;
    server.kill().await;
    assert!(connect(&server.url()).await.is_err());
}

#[tokio::test]
async fn a_lost_reply_was_carried_out_and_a_lost_request_was_not() {
    let server = &servers(1).await[0];
    let mut connection = connect(&server.url()).await.unwrap();
    server.proxy().lose_next_replies(1);
    assert!(connection.incr::<_, _, i64>("lost:reply", 1).await.unwrap_err().is_connection_dropped());
    assert_eq!(number(server, "lost:reply").await, text("1"));

    let mut connection = connect_within(&server.url(), Duration::from_millis(300)).await.unwrap();
    server.proxy().set(Fault::LoseRequests);
    assert!(connection.incr::<_, _, i64>("lost:request", 1).await.unwrap_err().is_timeout());
    assert_eq!(number(server, "lost:request").await, Value::Nil);
}

#[tokio::test]
async fn passwords_and_users_hold() {
    let options = ServerOptions::new().password("sesame").user("reader on >1234 ~app:* +get +client");
    let server = options.durable().start().await;
    assert_eq!(server.direct(cmd("SET").arg("app:k").arg(1)).await.unwrap(), Value::Okay);
    let error = connect(&server.url()).await.unwrap().get::<_, Value>("app:k").await.unwrap_err();
    assert_eq!(error.code(), Some("NOAUTH"));
    assert!(connect(&server.url_as("reader", "wrong")).await.is_err());
    let mut reader = connect(&server.url_as("reader", "1234")).await.unwrap();
    assert_eq!(reader.get::<_, i64>("app:k").await.unwrap(), 1);
    assert_eq!(reader.set::<_, _, ()>("app:k", 2).await.unwrap_err().code(), Some("NOPERM"));
    server.restart_with_data().await;
    assert_eq!(number(&server, "app:k").await, text("1"));
}

#[tokio::test]
async fn a_server_on_the_host_network_keeps_its_port_and_its_unix_socket() {
    let server = ServerOptions::new().on_host_network().durable().unix_socket().start().await;
    let url = server.direct_url();
    server.direct(cmd("SET").arg("k").arg(1)).await.unwrap();
    server.kill().await;
    assert!(connect(&url).await.is_err());
    server.restart_with_data().await;
    assert_eq!(server.direct_url(), url);
    assert_eq!(connect(&url).await.unwrap().get::<_, i64>("k").await.unwrap(), 1);
    let socket = server.unix_url();
    let mut stream = UnixStream::connect(socket.strip_prefix("unix://").unwrap()).await.unwrap();
    stream.write_all(b"PING\r\n").await.unwrap();
    let mut reply = [0; 7];
    stream.read_exact(&mut reply).await.unwrap();
    assert_eq!(&reply, b"+PONG\r\n");
}

#[tokio::test]
async fn one_server_has_two_addresses_behind_two_proxies() {
    let server = &servers(1).await[0];
    let second = Proxy::start(server.direct_addr()).unwrap();
    assert_ne!(second.url(), server.url());
    assert!(connect(&second.url()).await.is_ok());
}

#[tokio::test]
#[should_panic(expected = "a server ended as it started")]
async fn a_server_that_cannot_start_says_why() {
    ServerOptions::new().arg("no-such-setting", "1").start().await;
}

#[cfg(target_os = "linux")]
#[tokio::test]
async fn servers_listen_on_loopback_only() {
    let mapped = ServerOptions::new().start().await;
    let on_host = ServerOptions::new().on_host_network().start().await;
    for server in [&mapped, &on_host] {
        let port = format!(":{:04X} ", server.direct_addr().port());
        let mut listeners = 0;
        for table in ["/proc/net/tcp", "/proc/net/tcp6"] {
            let table = std::fs::read_to_string(table).unwrap();
            for line in table.lines().filter(|line| line.contains(" 0A ")) {
                let local = line.split_whitespace().nth(1).unwrap();
                if format!("{local} ").ends_with(&port) {
                    assert!(local.starts_with("0100007F:"), "{local} is not 127.0.0.1");
                    listeners += 1;
                }
            }
        }
        assert_eq!(listeners, 1);
    }
}

#[tokio::test]
async fn sentinels_fail_over_from_a_killed_primary_which_comes_back_as_a_replica() {
    let set = SentinelSet::start(2).await;
    let old = set.primary().await;
    assert_eq!(old, 0);
    set.servers()[old].kill().await;
    let new = set.fail_over_from(old).await;
    assert_ne!(new, old);
    set.servers()[old].restart_wiped().await;
    work::until("the old primary to follow the new one", || async {
        let role = format!("{:?}", set.servers()[old].direct(&cmd("ROLE")).await);
        if role.contains("slave") { Ok(()) } else { Err(role) }
    })
    .await;
}

#[tokio::test]
async fn sentinels_fail_over_from_a_primary_that_is_cut_off() {
    let set = SentinelSet::start(1).await;
    set.servers()[0].proxy().cut();
    assert_eq!(set.fail_over_from(0).await, 1);
}

#[tokio::test]
async fn a_cluster_moves_a_slot_by_ask_and_then_moved_and_names_its_proxies() {
    let cluster = ClusterSet::start().await;
    let slot = cluster.slot("{a}").await;
    let old = cluster.owner(slot).await;
    let (new, third) = ((old + 1) % 3, (old + 2) % 3);
    let [source, target] = [old, new].map(|index| &cluster.servers()[index]);
    let get = |key: &str| cmd("GET").arg(key).to_owned();
    source.direct(cmd("SET").arg("{a}1").arg(1)).await.unwrap();

    let migration = cluster.migrate(slot, new).await;
    assert_eq!(source.direct(&get("{a}1")).await.unwrap(), text("1"));
    let ask = source.direct(&get("{a}2")).await.unwrap_err();
    let address = target.proxy().addr().to_string();
    assert_eq!(ask.redirect_node(), Some((address.as_str(), slot)));
    assert_eq!(ask.code(), Some("ASK"));

    assert_eq!(migration.move_keys().await, 1);
    assert_eq!(source.direct(&get("{a}1")).await.unwrap_err().code(), Some("ASK"));
    migration.finish().await;
    for other in [old, third] {
        let moved = cluster.servers()[other].direct(&get("{a}1")).await.unwrap_err();
        assert_eq!(moved.code(), Some("MOVED"));
        assert_eq!(moved.redirect_node(), Some((address.as_str(), slot)));
    }
    assert_eq!(target.direct(&get("{a}1")).await.unwrap(), text("1"));
    assert_eq!(cluster.owner(slot).await, new);
}

#[tokio::test]
async fn a_cluster_node_that_was_killed_comes_back_with_its_slots() {
    let cluster = ClusterSet::start_with(&ServerOptions::new().durable().password("sesame")).await;
    let slot = cluster.slot("k").await;
    let owner = &cluster.servers()[cluster.owner(slot).await];
    owner.direct(cmd("SET").arg("k").arg(1)).await.unwrap();
    owner.kill().await;
    owner.restart_with_data().await;
    cluster.await_whole().await;
    assert_eq!(number(owner, "k").await, text("1"));
    let migration = cluster.migrate(slot, (cluster.owner(slot).await + 1) % 3).await;
    migration.move_key("k").await;
    migration.give_up().await;
}

//! Fences on real servers: what is held up on lost connections never arrives after one.

use std::time::Duration;

use redfleet_core::test_util::{Server, ServerOptions};
use redfleet_core::{Backend, BackendExt, Error, connect};
use redis::cmd;
use tokio::time::timeout;

use super::world::{key, node, until};

/// How long a command is in flight before it is given up.
const IN_FLIGHT: Duration = Duration::from_millis(20);

/// Sends a write that is held up on its way, gives it up, and drops the connection.
async fn lose_a_write(server: &Server, node: &dyn Backend, key: &str) {
    node.identify().await.unwrap();
    server.proxy().strand();
    timeout(IN_FLIGHT, node.call(cmd("SET").arg(key).arg("late"))).await.unwrap_err();
    node.disconnect();
}

/// Lets arrive what was held up, and waits until all connections but one are over.
async fn let_it_arrive(server: &Server) {
    server.proxy().heal();
    until("all that were lost are over", || async { server.proxy().open_connections() <= 1 }).await;
}

#[tokio::test]
async fn without_a_fence_what_is_held_up_arrives_and_after_one_it_does_not() {
    let (server, node) = node().await;
    let key = key("k");
    for (fences, expected) in [(false, "late"), (true, "early"), (true, "early")] {
        lose_a_write(&server, &*node, &key).await;
        if fences {
            node.fence().await.unwrap();
        }
        node.query::<()>(cmd("SET").arg(&key).arg("early")).await.unwrap();
        let_it_arrive(&server).await;
        assert_eq!(node.query::<String>(cmd("GET").arg(&key)).await.unwrap(), expected);
        node.fence().await.unwrap();
    }
}

#[tokio::test]
async fn however_many_are_lost_without_a_fence_they_stay_few_and_a_fence_is_certain() {
    let server = Server::start().await;
    let node = connect(&format!("{}?client_name=flapping", server.url())).unwrap();
    for _ in 0..40 {
        lose_a_write(&server, &*node, "k").await;
    }
    let list = server.direct(&cmd("CLIENT").arg("LIST").take()).await.unwrap();
    let list: String = redis::from_redis_value(list).unwrap();
    assert!(list.matches("name=flapping").count() <= 18, "{list}");
    node.fence().await.unwrap();
    node.query::<()>(cmd("SET").arg("k").arg("early")).await.unwrap();
    let_it_arrive(&server).await;
    assert_eq!(node.query::<String>(cmd("GET").arg("k")).await.unwrap(), "early");
}

#[tokio::test]
async fn a_session_that_was_dropped_while_it_blocks_takes_nothing_after_a_fence() {
    let (server, node) = node().await;
    let list = key("list");
    let session = node.session(Some(list.as_bytes())).await.unwrap();
    let pop = cmd("BLPOP").arg(&list).arg(0).take();
    timeout(Duration::from_millis(100), session.call(&pop)).await.unwrap_err();
    server.proxy().strand();
    drop(session);
    node.disconnect();
    node.fence().await.unwrap();
    node.query::<()>(cmd("RPUSH").arg(&list).arg(1)).await.unwrap();
    let_it_arrive(&server).await;
    assert_eq!(node.query::<i64>(cmd("LLEN").arg(&list)).await.unwrap(), 1);
}

#[tokio::test]
async fn a_user_who_may_not_is_told_so_until_the_server_starts_anew() {
    let server = ServerOptions::new()
        .user("nokill on >n0kill ~* +@all -client|kill")
        .user("noid on >n0id ~* +@all -client|id")
        .user("noinfo on >n0info ~* +@all -info")
        .start()
        .await;
    let as_user = |user: &str, password: &str| connect(&server.url_as(user, password)).unwrap();
    let users = [as_user("nokill", "n0kill"), as_user("noid", "n0id"), as_user("noinfo", "n0info")];
    for user in &users {
        user.query::<String>(cmd("PING")).await.unwrap();
        user.fence().await.unwrap();
        lose_a_write(&server, &**user, "k").await;
        user.fence().await.unwrap_err();
    }
    server.proxy().heal();
    let [nokill, noid, noinfo] = users;
    assert_eq!(nokill.fence().await.unwrap_err().code(), Some("NOPERM"));
    for user in [&noid, &noinfo] {
        let error = user.fence().await.unwrap_err();
        assert!(matches!(error, Error::Unsupported { .. }), "{error}");
        assert!(error.to_string().contains("CLIENT ID"), "{error}");
    }
    server.kill().await;
    server.restart_wiped().await;
    for user in [&nokill, &noid] {
        // The first may find out that the connection is gone.
        until("it is another life", || async { user.fence().await.is_ok() }).await;
    }
    noinfo.fence().await.unwrap_err();
}

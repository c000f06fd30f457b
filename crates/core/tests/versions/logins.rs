//! Passwords, users, databases, names: what is right works, what is wrong is told without a secret.

use redfleet_core::test_util::{Server, ServerOptions};
use redfleet_core::{BackendExt, Effect, Error, LinkError, Policy, connect};
use redis::cmd;

use super::world::{DEADLINE, key, node, ping};

const PASSWORD: &str = "s3cret/with:odd@signs%";
const PASSWORD_IN_URL: &str = "s3cret%2Fwith%3Aodd%40signs%25";

async fn guarded() -> Server {
    ServerOptions::new()
        .password(PASSWORD)
        .user("reader on >r3ader ~* +@read +ping +client -info")
        .user("nobody on >n0body ~* -@all")
        .start()
        .await
}

fn reason(error: &Error) -> &LinkError {
    let Error::Link { reason, .. } = error else { panic!("{error}") };
    reason
}

#[tokio::test]
async fn logins_by_password_and_by_user_work_and_wrong_ones_are_told_without_the_secret() {
    let server = guarded().await;
    let right = connect(&server.url_as("default", PASSWORD_IN_URL)).unwrap();
    assert_eq!(right.query::<String>(cmd("PING")).await.unwrap(), "PONG");
    let reader = connect(&server.url_as("reader", "r3ader")).unwrap();
    assert_eq!(reader.query::<String>(cmd("PING")).await.unwrap(), "PONG");

    let wrong = connect(&server.url_as("reader", "wr0ng-one")).unwrap();
    let error = wrong.call(&cmd("PING")).await.unwrap_err();
    assert!(matches!(reason(&error), LinkError::Login { .. }), "{error}");
    assert_eq!(error.effect(), Effect::None);
    assert!(error.to_string().contains("WRONGPASS"), "{error}");

    let absent = connect(&format!("redis://{}", server.direct_addr())).unwrap();
    let error_without = absent.call(&cmd("PING")).await.unwrap_err();
    assert!(error_without.to_string().contains("NOAUTH"), "{error_without}");

    for shown in [format!("{error} {error:?} {wrong:?}"), format!("{right:?} {error_without:?} {absent:?}")] {
        assert!(!shown.contains("wr0ng-one") && !shown.contains("s3cret"), "{shown}");
    }
}

#[tokio::test]
async fn where_info_is_not_permitted_the_incarnation_is_unknown_and_all_else_works() {
    let server = guarded().await;
    let reader = connect(&server.url_as("reader", "r3ader")).unwrap();
    let incarnation = reader.identify().await.unwrap();
    assert_eq!(incarnation.run_id(), None);
    assert_eq!(reader.query::<Option<String>>(cmd("GET").arg("k")).await.unwrap(), None);
    let refused = reader.call(cmd("SET").arg("k").arg(1)).await.unwrap_err();
    assert_eq!((refused.code(), refused.effect()), (Some("NOPERM"), Effect::None));
    let nobody = connect(&server.url_as("nobody", "n0body")).unwrap();
    let refused = nobody.call(&cmd("PING")).await.unwrap_err();
    assert!(refused.to_string().contains("NOPERM"), "{refused}");
}

#[tokio::test]
async fn a_wrong_password_is_the_nodes_typed_reply_in_every_outcome() {
    let server = guarded().await;
    let (other, _) = node().await;
    let wrong = connect(&server.url_as("reader", "wr0ng-one")).unwrap();
    let fleet = redfleet_core::Fleet::builder()
        .deadline(DEADLINE)
        .node("right", connect(&other.url()).unwrap())
        .node("wrong", wrong)
        .build()
        .unwrap();
    for _ in 0..3 {
        let outcome = fleet.run(Policy::All, ping).await;
        let (name, error) = outcome.errors().next().expect("one is wrong");
        assert_eq!(name, "wrong");
        assert!(error.to_string().contains("WRONGPASS"), "{error}");
        assert_eq!(outcome.acks().count(), 1);
    }
}

#[tokio::test]
async fn the_database_and_the_client_name_come_from_the_url() {
    let (server, node) = node().await;
    let key = key("here");
    let third = connect(&format!("{}/3?client_name=biller", server.url())).unwrap();
    third.query::<()>(cmd("SET").arg(&key).arg(1)).await.unwrap();
    assert_eq!(node.query::<i64>(cmd("EXISTS").arg(&key)).await.unwrap(), 0);
    assert_eq!(third.query::<String>(cmd("CLIENT").arg("GETNAME")).await.unwrap(), "biller");
    let absent = connect(&format!("{}/999", server.url())).unwrap();
    let error = absent.call(&cmd("PING")).await.unwrap_err();
    assert!(error.to_string().contains("999") || error.to_string().contains("DB index"), "{error}");
}

#[tokio::test]
async fn a_unix_socket_works_with_database_and_name() {
    let server = ServerOptions::new().unix_socket().start().await;
    let node = connect(&format!("{}?db=2&client_name=local", server.unix_url())).unwrap();
    node.query::<()>(cmd("SET").arg("here").arg(1)).await.unwrap();
    assert_eq!(node.query::<String>(cmd("CLIENT").arg("GETNAME")).await.unwrap(), "local");
    let zero = connect(&server.unix_url()).unwrap();
    assert_eq!(zero.query::<i64>(cmd("EXISTS").arg("here")).await.unwrap(), 0);
    let absent = connect("unix:///nonexistent/redis.sock").unwrap().call(&cmd("PING")).await.unwrap_err();
    assert_eq!(
        absent.to_string(),
        "link: cannot connect to /nonexistent/redis.sock: no such file or directory"
    );
}

#[tokio::test]
async fn both_protocols_work() {
    let (server, _) = node().await;
    for protocol in ["resp2", "resp3"] {
        let node = connect(&format!("{}?protocol={protocol}", server.url())).unwrap();
        let fields: Vec<(String, String)> = {
            let key = key("hash");
            node.query::<()>(cmd("HSET").arg(&key).arg("a").arg("1")).await.unwrap();
            node.query(cmd("HGETALL").arg(&key)).await.unwrap()
        };
        assert_eq!(fields, [("a".into(), "1".into())]);
    }
    let old = connect(&format!("{}?protocol=resp2", server.url())).unwrap();
    let refused = old.subscribe(&[redfleet_core::Topic::channel("c")]).await.unwrap_err();
    assert!(matches!(refused, Error::Unsupported { .. }), "{refused}");
}

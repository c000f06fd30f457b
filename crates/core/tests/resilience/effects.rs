//! An effect is denied only where that is certain.

use std::sync::Arc;

use redfleet_core::test_util::{Condition, Scripted};
use redfleet_core::{Address, Backend, BackendExt, Cluster, Effect, Error, Fleet, Handle, Node, Policy};
use redis::{AsyncCommands, cmd, pipe};

#[tokio::test(start_paused = true)]
async fn a_pipeline_that_failed_in_part_took_effect_in_part() {
    for is_atomic in [false, true] {
        let server = Scripted::new().on("INCRBY", ":1\r\n").on("LPUSH", "-WRONGTYPE not a list\r\n");
        let fleet = Fleet::builder().node("n0", server.shared()).build().unwrap();
        let operation = move |mut node: Node| async move {
            let mut pipe = pipe();
            if is_atomic {
                pipe.atomic();
            }
            pipe.incr("a", 1).lpush("s", 1).query_async::<(i64, i64)>(&mut node).await
        };
        let outcome = fleet.run(Policy::All, operation).await;
        assert_eq!(outcome.unknown().collect::<Vec<_>>(), ["n0"]);
        assert_eq!(outcome.require().unwrap_err().effect(), Effect::Unknown);
    }
}

#[tokio::test(start_paused = true)]
async fn an_operation_of_several_commands_is_not_denied_by_its_last_one() {
    let server = Scripted::new().on("SET", "+OK\r\n").on("INCRBY", "-WRONGTYPE not a number\r\n");
    let fleet = Fleet::builder().node("n0", server.shared()).build().unwrap();
    let two = |mut node: Node| async move {
        node.query::<()>(cmd("SET").arg("lock").arg(1)).await?;
        node.incr::<_, _, i64>("n", 1).await.map_err(Error::from)
    };
    let outcome = fleet.run(Policy::All, two).await;
    assert_eq!(outcome.unknown().collect::<Vec<_>>(), ["n0"], "the lock is there");
    let error = outcome.errors().next().unwrap().1;
    assert!(matches!(error, Error::Partial { done: 1, .. }), "{error}");

    let one = |mut node: Node| async move { node.incr::<_, _, i64>("n", 1).await };
    assert_eq!(fleet.run(Policy::All, one).await.unknown().count(), 0, "nothing else happened here");
    let declining = |node: Node| async move {
        node.query::<()>(cmd("SET").arg("seat").arg(1)).await?;
        Err::<(), _>(Error::declined("somebody else has it", Effect::None))
    };
    assert_eq!(fleet.run(Policy::All, declining).await.unknown().count(), 0, "it answers for itself");
}

#[tokio::test(start_paused = true)]
async fn a_pipeline_over_a_cluster_of_which_one_server_is_gone_took_effect_on_the_other() {
    let layout =
        "*2\r\n*3\r\n:0\r\n:8191\r\n*2\r\n$1\r\na\r\n:1\r\n*3\r\n:8192\r\n:16383\r\n*2\r\n$1\r\nb\r\n:1\r\n";
    let (a, b) = (Scripted::new().on("CLUSTER", layout).on("INCRBY", ":1\r\n"), Scripted::new());
    b.set(Condition::Refused);
    let (up, gone) = (a.clone(), b.clone());
    let make = move |at: &Address| if at.host() == "a" { up.shared() } else { gone.shared() };
    let cluster: Arc<dyn Backend> = Arc::new(Cluster::new(vec![Address::new("a", 1)], Arc::new(make)));
    let mut handle = Handle::new(cluster);
    let error =
        pipe().incr("bar", 1).incr("foo", 1).query_async::<(i64, i64)>(&mut handle).await.unwrap_err();
    assert_eq!(Error::from(error).effect(), Effect::Unknown);
    assert!(a.sent().contains(&"INCRBY bar 1".to_owned()));
}

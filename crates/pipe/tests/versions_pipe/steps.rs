//! Dependent steps, optimistic transactions and shared handles on real servers.

use futures::future::{join_all, try_join_all};
use redfleet_core::test_util::{ClusterSet, servers};
use redfleet_pipe::{Error, Pipes, Result};
use redis::Cmd;

use super::world::{key, pipes};

/// Eight callers that count a key up by what they read of it, so often each.
async fn compete(pipes: &Pipes, key: &str, rounds: i64) -> Result<()> {
    let callers = (0..8).map(|_| async move {
        for _ in 0..rounds {
            let counted = pipes.watch(key).attempts(200).run(async |attempt| {
                let count: Option<i64> = attempt.run(|pipe| pipe.get(key)).await?;
                attempt.commit(|pipe| pipe.set(key, count.unwrap_or_default() + 1)).await
            });
            counted.await?;
        }
        Ok::<_, Error>(())
    });
    try_join_all(callers).await.map(drop)
}

#[tokio::test]
async fn of_many_who_watch_one_key_no_update_is_lost() {
    let server = servers(1).await.remove(0);
    let (pipes, counter) = (pipes([("only", &server)]), key("watched"));
    compete(&pipes, &counter, 10).await.unwrap();
    assert_eq!(pipes.run(|pipe| pipe.get::<i64>(&counter)).await.unwrap(), Some(80));
}

#[tokio::test]
async fn on_a_cluster_a_watch_goes_to_the_server_of_its_key() {
    let cluster = ClusterSet::start().await;
    let pipes = Pipes::connect(&cluster.url()).unwrap();
    for counter in ["a", "b", "c", "d"] {
        compete(&pipes, counter, 2).await.unwrap();
        assert_eq!(pipes.run(|pipe| pipe.get::<i64>(counter)).await.unwrap(), Some(16));
    }
    let several = pipes.watch("a").run(async |attempt| {
        attempt.run(|pipe| pipe.get::<i64>("a")).await?;
        attempt.commit(|pipe| (pipe.set("a", 1), pipe.set("b", 1))).await
    });
    let error = several.await.unwrap_err();
    assert_eq!(
        error.effect(),
        redfleet_core::Effect::None,
        "keys of other slots cannot be written with it: {error}"
    );
    assert_eq!(pipes.run(|pipe| pipe.get::<i64>("a")).await.unwrap(), Some(16));
}

#[tokio::test]
async fn chains_of_steps_and_a_shared_handle_give_each_caller_its_own_reply() {
    let server = servers(1).await.remove(0);
    let (pipes, prefix) = (pipes([("only", &server)]), key("chain"));
    let prefix = &prefix;
    let ends = pipes
        .scope(async |scope| {
            let chains = (0..100_i64).map(|number| async move {
                let first: i64 = scope.run(|pipe| pipe.incr(format!("{prefix}:{number}"), number)).await?;
                let second: i64 = scope.run(|pipe| pipe.incr(format!("{prefix}:{number}"), first)).await?;
                scope.run(|pipe| pipe.incr(format!("{prefix}:{number}"), second)).await
            });
            try_join_all(chains).await
        })
        .await
        .unwrap();
    assert!(ends.into_iter().eq((0..100).map(|number| 4 * number)));

    let auto = pipes.auto();
    let counter = format!("{prefix}:shared");
    let mut counts: Vec<i64> = join_all((0..1000).map(|_| auto.add(Cmd::incr(&counter, 1))))
        .await
        .into_iter()
        .map(Result::unwrap)
        .collect();
    counts.sort_unstable();
    assert!(counts.into_iter().eq(1..=1000));
}

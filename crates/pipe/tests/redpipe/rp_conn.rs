//! RP-CONN: connections.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use redfleet_core::test_util::{Condition, Scripted};
use redfleet_core::{Effect, Embedded};
use redfleet_pipe::{Deferred, Error, Lists, Pipe, Pipes, Result};

use super::world::{one, stored, two};

/// The same client under one name twice is one connection too many; under two names it is welcome.
#[tokio::test]
async fn rp_conn_a_name_is_given_once_and_a_server_may_have_several() {
    let store = Embedded::new().shared();
    let add = |builder: redfleet_pipe::PipesBuilder, name| builder.connection(name, Arc::clone(&store));
    assert!(add(add(Pipes::builder(), "a"), "a").build().is_err());
    let pipes = add(add(Pipes::builder(), "a"), "b").build().unwrap();
    pipes.run(|pipe| pipe.set("foo", "bar")).await.unwrap();
    let foo: Option<String> = pipes.run(|pipe| pipe.on("b").get("foo")).await.unwrap();
    assert_eq!(foo.as_deref(), Some("bar"));
}

#[tokio::test]
async fn rp_conn_three_levels_resolve_only_at_the_top() {
    let (pipes, _) = one();
    fn innermost(pipe: &mut Pipe, key: &str) -> Deferred<i64> {
        pipe.nest(|pipe| Ok::<_, Error>(pipe.incr(key, 1))).unwrap()
    }
    fn inner(pipe: &mut Pipe, key: &str) -> (Deferred<i64>, Deferred<i64>) {
        pipe.nest(|pipe| Ok::<_, Error>((innermost(pipe, key), pipe.incr(key, 10)))).unwrap()
    }
    let mut pipe = pipes.pipe();
    let (one, two) = inner(&mut pipe, "n");
    let three = pipe.incr("n", 100);
    for deferred in [&one, &two, &three] {
        assert!(matches!(deferred.get(), Err(Error::NotExecuted)));
    }
    pipe.execute().await.unwrap().all().unwrap();
    assert_eq!((one.get().unwrap(), two.get().unwrap(), three.get().unwrap()), (1, 11, 111));
}

/// RedPipe could flush its connections one after another, without threads; here there are none, and the results are the
/// same on one connection and on several.
#[tokio::test]
async fn rp_conn_one_connection_and_several_give_the_same_results() {
    let queue = |pipe: &mut Pipe, names: [&str; 2]| names.map(|name| pipe.on(name).incr(name, 2));
    let (apart, _) = two();
    let store = Embedded::new().shared();
    let same = Pipes::builder().connection("a", Arc::clone(&store)).connection("b", store).build().unwrap();
    for pipes in [apart, same] {
        assert_eq!(pipes.run(|pipe| queue(pipe, ["a", "b"])).await.unwrap(), [2, 2]);
    }
}

#[tokio::test]
async fn rp_conn_a_blocking_pop_on_one_connection_waits_while_another_writes() {
    const JOBS: Lists<String, String> = Lists::new("jobs");
    let (pipes, _) = one();
    let mut waiting = JOBS.waiting(&pipes, "mail").await.unwrap();
    let write = async {
        tokio::task::yield_now().await;
        pipes.run(|pipe| JOBS.rpush(pipe, "mail", "letter")).await.unwrap()
    };
    let (popped, length) = tokio::join!(waiting.lpop(["mail"], Some(Duration::from_secs(10))), write);
    assert_eq!((popped.unwrap(), length), (Some(("mail".into(), "letter".into())), 1));
}

#[tokio::test]
async fn rp_conn_two_connections_share_a_pipeline_and_its_callback_runs_once() {
    let (pipes, [a, b]) = two();
    let ran = Arc::new(AtomicUsize::new(0));
    let mut pipe = pipes.pipe();
    pipe.set("foo", "on a");
    let on_a = pipe.get::<String>("foo");
    let mut other = pipe.on("b");
    other.set("foo", "on b");
    let on_b = other.get::<String>("foo");
    let counted = Arc::clone(&ran);
    other.on_execute(move || {
        counted.fetch_add(1, Ordering::Relaxed);
    });
    drop(other);
    pipe.execute().await.unwrap().all().unwrap();
    assert_eq!(on_a.get().unwrap(), stored(&a, "foo").await);
    assert_eq!(on_b.get().unwrap(), stored(&b, "foo").await);
    assert_eq!((on_b.get().unwrap().as_deref(), ran.load(Ordering::Relaxed)), (Some("on b"), 1));
}

#[tokio::test]
async fn rp_conn_an_error_in_the_block_leaves_nothing_ready_and_nothing_sent() {
    let (pipes, [a, b]) = two();
    let mut kept = Vec::new();
    let left: Result<()> = async {
        let mut pipe = pipes.pipe();
        kept.push(pipe.incr("n", 1));
        kept.push(pipe.on("b").incr("n", 1));
        Err(Error::Dropped)?;
        pipe.execute().await?.all()
    }
    .await;
    assert!(left.is_err());
    assert!(kept.iter().all(|deferred| deferred.get().is_err()));
    assert_eq!((stored::<Option<i64>>(&a, "n").await, stored::<Option<i64>>(&b, "n").await), (None, None));
}

/// Explicitly no two-phase commit, there as here. But here the other connection's results are not lost.
#[tokio::test]
async fn rp_conn_a_dead_second_connection_fails_its_own_commands_alone() {
    let dead = Scripted::new();
    dead.set(Condition::Refused);
    let alive = Embedded::new().shared();
    let pipes = Pipes::builder().connection("a", alive).connection("b", dead.shared()).build().unwrap();
    let mut pipe = pipes.pipe();
    let (one, two) = (pipe.incr("n", 1), pipe.on("b").incr("n", 1));
    let summary = pipe.execute().await.unwrap();
    assert_eq!((summary.failures(), one.get().unwrap()), (1, 1));
    assert_eq!(two.get().unwrap_err().effect(), Effect::None);
    let whole = pipes.run(|pipe| [pipe.incr("n", 1), pipe.on("b").incr("n", 1)]).await;
    assert!(matches!(whole, Err(Error::Command { connection, .. }) if &*connection == "b"));
}

#[tokio::test]
async fn rp_conn_nested_pipelines_of_other_names_go_where_their_names_say() {
    let (pipes, [a, b]) = two();
    let mut pipe = pipes.pipe();
    let inner = |pipe: &mut Pipe| pipe.on("b").nest(|pipe| Ok::<_, Error>(pipe.set("foo", "on b")));
    pipe.on("a").nest(inner).unwrap();
    pipe.on("b").on("a").set("foo", "on a");
    pipe.execute().await.unwrap().all().unwrap();
    assert_eq!(stored::<String>(&a, "foo").await, "on a");
    assert_eq!(stored::<String>(&b, "foo").await, "on b");
}

#[tokio::test]
async fn rp_conn_the_same_nested_name_twice_gives_one_and_then_two() {
    let (pipes, [_, b]) = two();
    let bump = |pipe: &mut Pipe| pipe.on("b").nest(|pipe| Ok::<_, Error>(pipe.incr("n", 1))).unwrap();
    let counts = pipes.run(|pipe| [bump(pipe), bump(pipe)]).await.unwrap();
    assert_eq!((counts, stored::<i64>(&b, "n").await), ([1, 2], 2));
}

#[tokio::test]
async fn rp_conn_a_name_that_is_not_configured_is_told_directly_and_nested() {
    let (pipes, [a, _]) = two();
    let direct = pipes.run(|pipe| pipe.on("c").incr("n", 1)).await;
    assert!(matches!(direct, Err(Error::UnknownConnection { .. })));
    let nested = pipes.run(|pipe| {
        let count = pipe.incr("n", 1);
        (
            count,
            pipe.nest(|pipe| Ok::<_, Error>(pipe.on("c").incr("n", 1))).map_err(|error| error.to_string()),
        )
    });
    let (count, told) = nested.await.unwrap();
    assert_eq!((count, stored::<i64>(&a, "n").await), (1, 1));
    assert!(told.unwrap_err().contains("no connection is called `c`"));
    assert!(Pipes::builder().build().is_err(), "nothing configured at all");
}

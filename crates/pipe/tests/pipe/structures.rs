//! Deferreds, what is made of them, and structures of them.

use std::collections::{BTreeMap, HashMap};

use futures::FutureExt;
use redfleet_pipe::{Deferred, Error, InvalidValue, Result};
use redis::Cmd;

use super::world::embedded;

#[tokio::test]
async fn a_structure_of_deferreds_becomes_the_same_structure_of_values() {
    let (pipes, _) = embedded();
    let values = pipes
        .run(|pipe| {
            let tuple = (pipe.incr("n", 1), pipe.set("k", "v"), pipe.get::<String>("k"));
            let list: Vec<_> = (0..3).map(|_| pipe.incr("n", 1)).collect();
            let array = [pipe.incr("n", 1), pipe.incr("n", 1)];
            let sorted = BTreeMap::from([("a", pipe.incr("a", 1)), ("b", pipe.incr("b", 1))]);
            let hashed = HashMap::from([(7, (pipe.incr("c", 1), vec![pipe.incr("c", 1)]))]);
            let (some, none): (_, Option<Deferred<i64>>) = (Some(Box::new(pipe.exists("n"))), None);
            let own: std::result::Result<(), &str> = Err("not even queued");
            (tuple, list, array, sorted, hashed, (some, none, ()), own)
        })
        .await
        .unwrap();
    assert_eq!(values.0, (1, (), Some("v".to_owned())));
    assert_eq!((values.1, values.2), (vec![2, 3, 4], [5, 6]));
    assert_eq!(values.3, BTreeMap::from([("a", 1), ("b", 1)]));
    assert_eq!(values.4, HashMap::from([(7, (1, vec![2]))]));
    assert_eq!((values.5, values.6), ((Some(true), None, ()), Err("not even queued")));
}

#[tokio::test]
async fn what_is_made_of_deferreds_is_made_when_it_is_asked_for() {
    let (pipes, _) = embedded();
    let mut pipe = pipes.pipe();
    let (one, two) = (pipe.incr("n", 2), pipe.incr("n", 3));
    let product = one.clone().zip(two.clone()).map(|(one, two)| one * two);
    let even = two
        .clone()
        .and_then(|two| if two % 2 == 0 { Ok(two) } else { Err(InvalidValue::not("an even number").into()) });
    let all = Deferred::all([one.clone(), two.clone()]);
    let failed = Deferred::<i64>::failed(Error::AtomicSlots);
    for early in [product.get(), even.get(), all.get().map(|_| 0), one.clone().result().get().map(|_| 0)] {
        assert!(matches!(early, Err(Error::NotExecuted)));
    }
    pipe.execute().await.unwrap().all().unwrap();
    assert_eq!((product.get().unwrap(), product.take().unwrap()), (10, 10));
    assert!(matches!(even.take(), Err(Error::Invalid(_))));
    assert_eq!(all.take().unwrap(), [2, 5]);
    assert_eq!((one.take().unwrap(), two.get().unwrap()), (2, 5));
    assert_eq!(Deferred::ready(7).zip(failed.result()).take().unwrap().0, 7);
}

#[tokio::test]
async fn run_tells_the_error_of_a_command_that_nobody_holds() {
    let (pipes, _) = embedded();
    pipes.run(|pipe| pipe.set("text", "x")).await.unwrap();
    let error = pipes
        .run(|pipe| {
            drop(pipe.incr("text", 1));
            pipe.incr("n", 1)
        })
        .await
        .unwrap_err();
    assert_eq!(error.code(), Some("ERR"));
    let (asked, n) = pipes.run(|pipe| (pipe.incr("text", 1).result(), pipe.incr("n", 1))).await.unwrap();
    assert_eq!((asked.unwrap_err().code(), n), (Some("ERR"), 2), "the first run counted, too");
    let mapped = pipes.run(|pipe| pipe.incr("text", 1).map(|n| n + 1).zip(pipe.incr("n", 1)).result());
    assert!(mapped.await.unwrap().is_err(), "what is made of it is excused with it");
}

#[tokio::test]
async fn a_scope_that_fails_takes_back_what_it_queued_and_nothing_before() {
    let (pipes, _) = embedded();
    let mut pipe = pipes.pipe();
    let before = pipe.incr("n", 1);
    let mut inner = Vec::new();
    let failed: Result<(), String> = pipe
        .nest(|pipe| {
            inner.push(pipe.incr("n", 100));
            pipe.nest(|pipe| {
                inner.push(pipe.incr("n", 100));
                Ok::<_, Error>(())
            })?;
            Err(Error::AtomicSlots)
        })
        .map_err(|_: Error| "the program's own".to_owned());
    assert_eq!(failed, Err("the program's own".to_owned()));
    let after = pipe.incr("n", 1);
    assert_eq!(pipe.len(), 2);
    pipe.execute().await.unwrap().all().unwrap();
    assert_eq!((before.get().unwrap(), after.get().unwrap()), (1, 2));
    assert!(inner.iter().all(|deferred| matches!(deferred.get(), Err(Error::RolledBack))));
}

#[tokio::test]
async fn a_pipe_may_be_used_again_and_old_deferreds_keep_their_values() {
    let (pipes, _) = embedded();
    let mut pipe = pipes.pipe();
    let first = pipe.incr("n", 1);
    pipe.execute().await.unwrap().all().unwrap();
    let second = pipe.incr("n", 1);
    assert_eq!(first.get().unwrap(), 1);
    assert!(matches!(second.get(), Err(Error::NotExecuted)));
    pipe.execute().await.unwrap().all().unwrap();
    assert_eq!((first.get().unwrap(), second.get().unwrap()), (1, 2));
}

#[tokio::test]
async fn any_command_of_redis_rs_can_be_queued() {
    let (pipes, _) = embedded();
    let (set, popped, scanned) = pipes
        .run(|pipe| {
            (
                pipe.add::<i64>(Cmd::zadd("z", "bob", 1.5)),
                pipe.add::<Vec<(String, f64)>>(Cmd::zpopmin("z", 1)),
                pipe.add::<Option<i64>>(Cmd::zrank("z", "bob")),
            )
        })
        .await
        .unwrap();
    assert_eq!((set, popped, scanned), (1, vec![("bob".to_owned(), 1.5)], None));
}

#[tokio::test]
async fn what_is_made_of_a_value_may_run_another_pipe_and_read_the_first_again() {
    let (pipes, _) = embedded();
    let inner = pipes.clone();
    let values = pipes
        .run(|pipe| {
            let one = pipe.incr("a", 1);
            let again = one.clone();
            let made = pipe.incr("b", 10).map(move |ten| {
                let again = again.clone();
                let run = inner.run(|pipe| pipe.incr("c", 100).map(move |c| c + again.get().unwrap()));
                run.now_or_never().unwrap().unwrap() + ten
            });
            (one, made)
        })
        .await;
    assert_eq!(values.unwrap(), (1, 111));
}

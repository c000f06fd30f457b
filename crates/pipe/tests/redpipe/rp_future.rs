//! RP-FUTURE: values of every kind come out of a deferred as what they are.

use std::collections::BTreeMap;

use redfleet_pipe::{Deferred, Error};

use super::world::one;

#[test]
fn rp_future_unset_it_has_no_value_and_says_so() {
    let (pipes, _) = one();
    let mut pipe = pipes.pipe();
    let unset = pipe.get::<String>("k");
    assert_eq!(format!("{unset:?}"), "Deferred(not executed yet)");
    assert!(matches!(unset.get(), Err(Error::NotExecuted)));
    pipe.clear();
    assert_eq!(format!("{unset:?}"), "Deferred(failed)");
}

#[tokio::test]
async fn rp_future_text_nothing_zero_numbers_lists_and_dictionaries_are_values_of_their_own_types() {
    let (pipes, _) = one();
    let (text, empty, nothing, zero, number) = pipes
        .run(|pipe| {
            pipe.set("text", "foo");
            pipe.set("empty", "");
            (
                pipe.get::<String>("text"),
                pipe.get::<String>("empty"),
                pipe.get::<String>("nothing"),
                pipe.incr("zero", 0),
                pipe.incr("number", 3),
            )
        })
        .await
        .unwrap();
    assert_eq!((text.as_deref(), empty.as_deref(), nothing, zero), (Some("foo"), Some(""), None, 0));
    // Of operators, the value's own.
    assert_eq!((number + 1, number * 2, 7 % number, -number, number / 2), (4, 6, 1, -3, 1));
    let (list, none, map) = pipes
        .run(|pipe| {
            pipe.rpush("list", &["a", "b", "c"]);
            pipe.hset("map", "a", 1);
            (
                pipe.lrange::<String>("list", 0, -1),
                pipe.lrange::<String>("none", 0, -1),
                pipe.hgetall::<BTreeMap<String, i64>>("map"),
            )
        })
        .await
        .unwrap();
    assert_eq!(
        (&list[1..], list.contains(&"a".to_owned()), none.len()),
        (&["b".into(), "c".into()][..], true, 0)
    );
    assert_eq!(map, BTreeMap::from([("a".to_owned(), 1)]));
}

#[tokio::test]
async fn rp_future_a_callable_is_what_map_makes_of_it() {
    let (pipes, _) = one();
    let add = pipes.run(|pipe| pipe.incr("n", 3).map(|n| move |other: i64| n + other)).await.unwrap();
    assert_eq!(add(4), 7);
}

#[tokio::test]
async fn rp_future_falsy_results_are_results() {
    let (pipes, _) = one();
    let falsy: Deferred<bool> = Deferred::ready(false);
    assert!(!falsy.get().unwrap());
    let (none, no, zero) =
        pipes.run(|pipe| (pipe.get::<i64>("none"), pipe.exists("none"), pipe.del("none"))).await.unwrap();
    assert_eq!((none, no, zero), (None, false, 0));
}

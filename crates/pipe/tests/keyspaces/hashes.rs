//! RP-KEYSPACE, Hash and `HashedString`: fields, and one map over many hashes.

use std::collections::{BTreeMap, BTreeSet};
use std::num::NonZeroU32;
use std::time::Duration;

use futures::TryStreamExt;
use redfleet_core::redis::ExpireOption;
use redfleet_pipe::{Ascii, Error, Hashes, Pipes, SetOptions, ShardedHash, StringList, Ttl};

pub(crate) async fn fields_are_set_read_counted_and_removed(pipes: &Pipes) {
    const H: Hashes<String, String, String> = Hashes::new("h.fields");
    let (new, old, two, nx, value, none, several) = pipes
        .run(|p| {
            let new = H.set(p, "1", "a", "1");
            let old = H.set(p, "1", "a", "one");
            let two = H.set_all(p, "1", BTreeMap::from([("b", "2"), ("c", "3")]));
            let nx = H.set_nx(p, "1", "a", "no");
            (new, old, two, nx, H.get(p, "1", "a"), H.get(p, "1", "z"), H.get_all(p, "1", ["b", "z", "a"]))
        })
        .await
        .unwrap();
    assert_eq!((new, old, two, nx, value.as_deref(), none), (true, false, 2, false, Some("one"), None));
    assert_eq!(several, [Some("2".to_owned()), None, Some("one".to_owned())]);

    let (len, bytes, is, is_not, keys, values, all) = pipes
        .run(|p| {
            let len = H.len(p, "1");
            let bytes = H.value_len_bytes(p, "1", "a");
            let is = H.contains(p, "1", "a");
            (len, bytes, is, H.contains(p, "1", "z"), H.fields(p, "1"), H.values(p, "1"), H.all(p, "1"))
        })
        .await
        .unwrap();
    assert_eq!((len, bytes, is, is_not), (3, 3, true, false));
    assert_eq!(keys.into_iter().zip(values).collect::<BTreeMap<_, _>>(), all, "in one order");
    assert_eq!(all.keys().map(String::as_str).collect::<Vec<_>>(), ["a", "b", "c"]);

    // The keys of a map serve as a list of fields.
    let (random, pairs, by_map, removed, gone, rest) = pipes
        .run(|p| {
            let random = H.random(p, "1");
            let pairs = H.random_many(p, "1", 9);
            let by_map = H.get_all(p, "1", all.keys());
            (
                random,
                pairs,
                by_map,
                H.remove(p, "1", "a"),
                H.remove(p, "1", "a"),
                H.remove_all(p, "1", all.keys()),
            )
        })
        .await
        .unwrap();
    assert!(all.contains_key(&random.unwrap()) && by_map.iter().all(Option::is_some));
    assert_eq!(pairs.into_iter().collect::<BTreeMap<_, _>>(), all);
    assert_eq!((removed, gone, rest), (true, false, 2));
    let nothing = pipes.run(|p| (H.all(p, "1"), H.random(p, "1"), H.random_many(p, "1", 3))).await.unwrap();
    assert_eq!(nothing, (BTreeMap::new(), None, Vec::new()));
}

pub(crate) async fn fields_of_several_types_are_read_each_by_its_own(pipes: &Pipes) {
    const H: Hashes<u64, String, String> = Hashes::new("h.typed");
    let list = StringList::from(["a", "b,c"]);
    let (flag, int, float, text, strings) = pipes
        .run(|p| {
            H.with_values::<bool>().set(p, 1, "b", true);
            H.with_values::<u64>().set(p, 1, "i", u64::MAX);
            H.with_values::<f64>().set(p, 1, "f", 3.1);
            H.set(p, 1, "t", "text");
            H.with_values::<StringList>().set(p, 1, "sl", &list);
            let flag = H.with_values::<bool>().get(p, 1, "b");
            let int = H.with_values::<u64>().get(p, 1, "i");
            let float = H.with_values::<f64>().get(p, 1, "f");
            (flag, int, float, H.get(p, 1, "t"), H.with_values::<StringList>().get(p, 1, "sl"))
        })
        .await
        .unwrap();
    assert_eq!((flag, int, float), (Some(true), Some(u64::MAX), Some(3.1)));
    assert_eq!((text.as_deref(), strings), (Some("text"), Some(list)));

    let (three, sum) = pipes
        .run(|p| {
            H.set(p, 2, "i", "1");
            H.set(p, 2, "f", "2.1");
            (H.increment(p, 2, "i", 2), H.increment_float(p, 2, "f", 3.1))
        })
        .await
        .unwrap();
    assert_eq!((three, sum), (3, 5.2));
}

pub(crate) async fn a_value_that_its_type_cannot_hold_is_refused_before_anything_is_sent(pipes: &Pipes) {
    const H: Hashes<u64, String, Ascii> = Hashes::new("h.refused");
    let mut pipe = pipes.pipe();
    let before = H.set(&mut pipe, 1, "a", Ascii::from("fine"));
    let refused = H.set(&mut pipe, 1, "b", Ascii::from("\u{e9}"));
    assert!(matches!(before.get(), Err(Error::NotExecuted)));
    assert_eq!(refused.get().unwrap_err().to_string(), "h.refused: not ascii");
    let error = pipe.execute().await.unwrap_err();
    assert_eq!(error.to_string(), "h.refused: not ascii");
    assert!(matches!(before.get(), Err(Error::Invalid(_))), "it was not sent");
    assert!(!pipes.run(|p| H.exists(p, 1)).await.unwrap());
    // In a scope of its own, the rest is sent.
    let (kept, scope) = pipes
        .run(|p| {
            (
                H.set(p, 1, "a", Ascii::from("fine")),
                p.nest(|p| Ok::<_, Error>(H.set(p, 1, "b", Ascii::from("\u{e9}")))),
            )
        })
        .await
        .unwrap();
    assert!(kept && matches!(scope, Err(Error::Invalid(_))));
}

pub(crate) async fn what_is_stored_but_is_no_value_is_the_error_of_one_deferred(pipes: &Pipes) {
    const TEXT: Hashes<u64, String, String> = Hashes::new("h.stored");
    const NUMBERS: Hashes<u64, String, u64> = TEXT.with_values();
    let (good, bad, all, seen) = pipes
        .run(|p| {
            TEXT.set_all(p, 1, [("a", "1"), ("b", "secret")]);
            let good = NUMBERS.get(p, 1, "a");
            (good, NUMBERS.get(p, 1, "b").result(), NUMBERS.all(p, 1).result(), TEXT.len(p, 1))
        })
        .await
        .unwrap();
    assert_eq!((good, seen), (Some(1), 2));
    for error in [bad.unwrap_err(), all.unwrap_err()] {
        assert!(matches!(error, Error::Invalid(_)) && !error.to_string().contains("secret"), "{error}");
    }
    // A stream tells of each and goes on; a page of it is one reply.
    let items: Vec<_> = futures::StreamExt::collect(NUMBERS.scan(1).stream(pipes)).await;
    assert_eq!((items.len(), items.iter().filter(|item| item.is_err()).count()), (2, 1));
    assert!(matches!(pipes.run(|p| NUMBERS.scan(1).page(p, 0)).await, Err(Error::Invalid(_))));
}

pub(crate) async fn a_hash_is_scanned_with_its_values(pipes: &Pipes) {
    const H: Hashes<u64, u32, String> = Hashes::new("h.scan");
    let expected: BTreeMap<u32, String> = (0..700).map(|field| (field, format!("v{field}"))).collect();
    pipes.run(|p| H.set_all(p, 1, expected.iter())).await.unwrap();
    let seen: BTreeMap<u32, String> = H.scan(1).count(100).stream(pipes).try_collect().await.unwrap();
    assert_eq!(seen, expected);
    let some: BTreeMap<u32, String> = H.scan(1).matching("69?").stream(pipes).try_collect().await.unwrap();
    assert_eq!(some.len(), 10);
}

/// HPEXPIRE and its like are of Redis 7.4, HSETEX and its like of Redis 8.0: older servers say that they do not know them.
pub(crate) async fn fields_live_for_no_time_of_their_own_on_older_servers(pipes: &Pipes) {
    const H: Hashes<u64, String, String> = Hashes::new("h.lives.not");
    let (set, refused) = pipes
        .run(|p| (H.set(p, 1, "a", "1"), H.expire_fields(p, 1, ["a"], Duration::from_secs(60)).result()))
        .await
        .unwrap();
    assert_eq!((set, refused.unwrap_err().code()), (true, Some("ERR")));
}

pub(crate) async fn fields_live_for_a_time_of_their_own(pipes: &Pipes) {
    const H: Hashes<u64, String, String> = Hashes::new("h.lives");
    let minute = Duration::from_secs(60);
    let (_, set) = pipes
        .run(|p| (H.set_all(p, 1, [("a", "1"), ("b", "2")]), H.expire_fields(p, 1, ["a", "z"], minute)))
        .await
        .unwrap();
    let (ttls, no, persisted, past, rest) = pipes
        .run(|p| {
            let ttls = H.field_ttls(p, 1, ["a", "b", "z"]);
            let no = H.expire_fields_if(p, 1, ["a"], minute, ExpireOption::NX);
            let persisted = H.persist_fields(p, 1, ["a", "b", "z"]);
            (ttls, no, persisted, H.expire_fields(p, 1, ["a"], Duration::ZERO), H.fields(p, 1))
        })
        .await
        .unwrap();
    assert!(matches!(ttls[..], [Ttl::Left(left), Ttl::Forever, Ttl::Missing] if left <= minute));
    assert_eq!((set, no, persisted), (vec![true, false], vec![false], vec![true, false, false]));
    assert_eq!((past, rest), (vec![true], vec!["b".to_owned()]));

    let once = SetOptions::new().if_missing().expires_in(minute);
    let (new, again, read, ttls, taken, len) = pipes
        .run(|p| {
            let new = H.set_all_with(p, 2, [("a", "1"), ("b", "2")], once);
            let again = H.set_all_with(p, 2, [("a", "9"), ("c", "3")], once);
            let read = H.get_all_and_expire(p, 2, ["a", "z"], None);
            (new, again, read, H.field_ttls(p, 2, ["a", "b"]), H.take_all(p, 2, ["a", "z"]), H.len(p, 2))
        })
        .await
        .unwrap();
    let one = vec![Some("1".to_owned()), None];
    assert_eq!((new, again, read, taken, len), (true, false, one.clone(), one, 1));
    assert!(matches!(ttls[..], [Ttl::Forever, Ttl::Left(_)]));
}

pub(crate) async fn one_large_map_lies_over_many_hashes(pipes: &Pipes) {
    const THREE: NonZeroU32 = NonZeroU32::new(3).unwrap();
    const INDEX: ShardedHash<String, String> = ShardedHash::new("my_index", THREE);
    assert_eq!(INDEX.shard("a").unwrap(), 1);
    assert_eq!(INDEX.hashes().key(INDEX.shard("a").unwrap()).unwrap(), b"my_index{1}");
    let (new, value, nx, several, bytes, is, gone, none) = pipes
        .run(|p| {
            let new = INDEX.set(p, "a", "one");
            let value = INDEX.get(p, "a");
            let nx = INDEX.set_nx(p, "a", "two");
            let several = INDEX.get_all(p, ["a", "z"]);
            let bytes = INDEX.value_len_bytes(p, "a");
            (
                new,
                value,
                nx,
                several,
                bytes,
                INDEX.contains(p, "a"),
                INDEX.remove(p, "a"),
                INDEX.remove(p, "a"),
            )
        })
        .await
        .unwrap();
    assert_eq!((new, value.as_deref(), nx, bytes, is), (true, Some("one"), false, 3, true));
    assert_eq!((several, gone, none), (vec![Some("one".to_owned()), None], true, false));
    let (one, three, sum) = pipes
        .run(|p| {
            let one = INDEX.increment(p, "n", 1);
            (one, INDEX.increment(p, "n", 2), INDEX.increment_float(p, "f", 2.2))
        })
        .await
        .unwrap();
    assert_eq!((one, three, sum), (1, 3, 2.2));

    // Every hash is scanned, the last one too.
    const LARGE: ShardedHash<u32, u32> = ShardedHash::new("large", NonZeroU32::new(4).unwrap());
    let fields: BTreeSet<u32> = (0..100).collect();
    let shards: BTreeSet<u32> = fields.iter().map(|field| LARGE.shard(field).unwrap()).collect();
    assert_eq!(shards, (0..4).collect(), "every hash has some");
    pipes.run(|p| fields.iter().map(|field| LARGE.set(p, field, field)).collect::<Vec<_>>()).await.unwrap();
    let seen: BTreeMap<u32, u32> = LARGE.stream(pipes).try_collect().await.unwrap();
    assert_eq!(seen.keys().copied().collect::<BTreeSet<_>>(), fields);
    let (len, removed, left) =
        pipes.run(|p| (LARGE.len(p), LARGE.remove_all(p, [1, 2, 3, 1_000]), LARGE.len(p))).await.unwrap();
    assert_eq!((len, removed, left), (100, 3, 97));
}

pub(crate) async fn all(pipes: &Pipes) {
    fields_are_set_read_counted_and_removed(pipes).await;
    fields_of_several_types_are_read_each_by_its_own(pipes).await;
    a_value_that_its_type_cannot_hold_is_refused_before_anything_is_sent(pipes).await;
    what_is_stored_but_is_no_value_is_the_error_of_one_deferred(pipes).await;
    a_hash_is_scanned_with_its_values(pipes).await;
    one_large_map_lies_over_many_hashes(pipes).await;
}

//! RP-KEYSPACE, String: values, bits, and the commands on keys.

use std::time::Duration;

use redfleet_core::Script;
use redfleet_core::redis::{self, ExpireOption, ValueType};
use redfleet_pipe::{Pipes, SetOptions, Strings, Ttl};

/// Up to so many seconds are left, and not much less.
fn is_about(ttl: Ttl, seconds: u64) -> bool {
    let Ttl::Left(left) = ttl else { return false };
    left <= Duration::from_secs(seconds) && left > Duration::from_secs(seconds - 5)
}

pub(crate) async fn a_value_is_set_read_dumped_restored_and_deleted(pipes: &Pipes) {
    const S: Strings<String, String> = Strings::new("s.life");
    let (there, (), read, several) = pipes
        .run(|p| (S.exists(p, "1"), S.set(p, "1", "bar"), S.get(p, "1"), S.get_all(p, ["1", "2"])))
        .await
        .unwrap();
    assert_eq!((there, read.as_deref()), (false, Some("bar")));
    assert_eq!(several, [Some("bar".to_owned()), None]);

    let (dump, was_set, left, is_persistent, forever) = pipes
        .run(|p| {
            let dump = S.dump(p, "1");
            let was_set = S.expire(p, "1", Duration::from_secs(60));
            (dump, was_set, S.ttl(p, "1"), S.persist(p, "1"), S.ttl(p, "1"))
        })
        .await
        .unwrap();
    assert!(was_set && is_persistent && is_about(left, 60) && forever == Ttl::Forever);
    let dump = dump.unwrap();

    let (gone, missing, (), again, nx, (), left, nothing) = pipes
        .run(|p| {
            let gone = S.delete(p, "1");
            let missing = S.ttl(p, "1");
            let restored = S.restore(p, "1", &dump, None);
            let again = S.restore(p, "1", &dump, None).result();
            let nx = S.restore_nx(p, "1", &dump, None);
            let over = S.restore_over(p, "1", &dump, Some(Duration::from_secs(60)));
            (gone, missing, restored, again, nx, over, S.ttl(p, "1"), S.dump(p, "2"))
        })
        .await
        .unwrap();
    assert!(gone && missing == Ttl::Missing && !nx && is_about(left, 60));
    assert_eq!((again.unwrap_err().code(), nothing), (Some("BUSYKEY"), None));

    let (new, value, count, unlinked, existing) = pipes
        .run(|p| {
            let new = S.restore_nx(p, "2", &dump, Some(Duration::from_secs(60)));
            let value = S.get(p, "2");
            let count = S.count_existing(p, ["1", "2", "3"]);
            (new, value, count, S.unlink_all(p, ["1", "3"]), S.delete_all(p, ["2", "3"]))
        })
        .await
        .unwrap();
    assert_eq!((new, value.as_deref(), count, unlinked, existing), (true, Some("bar"), 2, 1, 1));
}

pub(crate) async fn keys_are_looked_at_renamed_and_copied(pipes: &Pipes) {
    // One hash tag, so that it works on a cluster too.
    const S: Strings<String, String> = Strings::new("{s.keys}");
    let (kind, encoding, idle, references, touched, none) = pipes
        .run(|p| {
            S.set(p, "1", "text");
            let kind = S.value_type(p, "1");
            let encoding = S.encoding(p, "1");
            (kind, encoding, S.idle_secs(p, "1"), S.references(p, "1"), S.touch(p, "1"), S.value_type(p, "2"))
        })
        .await
        .unwrap();
    assert_eq!((kind, encoding.as_deref(), none), (ValueType::String, Some("embstr"), ValueType::None));
    assert!(idle.is_some_and(|seconds| seconds < 60) && references == Some(1) && touched);
    let nobody = pipes.run(|p| (S.encoding(p, "2"), S.idle_secs(p, "2"), S.touch(p, "2"))).await.unwrap();
    assert_eq!(nobody, (None, None, false));

    let ((), gone, kept, copied, not_copied, moved) = pipes
        .run(|p| {
            let renamed = S.rename(p, "1", "2");
            let gone = S.get(p, "1");
            S.set(p, "1", "other");
            let kept = S.rename_nx(p, "1", "2");
            let copied = S.copy(p, "2", "3");
            (renamed, gone, kept, copied, S.copy(p, "2", "3"), S.rename_nx(p, "1", "4"))
        })
        .await
        .unwrap();
    assert_eq!((gone, kept, copied, not_copied, moved), (None, false, true, false, true));
    let missing = pipes.run(|p| S.rename(p, "none", "1")).await.unwrap_err();
    assert_eq!(missing.code(), Some("ERR"));
}

pub(crate) async fn a_time_to_live_is_set_on_conditions(pipes: &Pipes) {
    const S: Strings<u64, String> = Strings::new("s.ttl");
    let minute = Duration::from_secs(60);
    let (no, yes, longer, shorter, left) = pipes
        .run(|p| {
            S.set(p, 1, "x");
            let no = S.expire_if(p, 1, minute, ExpireOption::XX);
            let yes = S.expire_if(p, 1, minute, ExpireOption::NX);
            let longer = S.expire_if(p, 1, minute * 2, ExpireOption::GT);
            (no, yes, longer, S.expire_if(p, 1, minute * 9, ExpireOption::LT), S.ttl(p, 1))
        })
        .await
        .unwrap();
    assert_eq!((no, yes, longer, shorter), (false, true, true, false));
    assert!(is_about(left, 120));
    let (at, left, past, gone) = pipes
        .run(|p| {
            let at = S.expire_at(p, 1, std::time::SystemTime::UNIX_EPOCH + Duration::from_secs(1 << 33));
            let left = S.ttl(p, 1);
            (at, left, S.expire_at(p, 1, std::time::SystemTime::UNIX_EPOCH), S.exists(p, 1))
        })
        .await
        .unwrap();
    assert!(at && matches!(left, Ttl::Left(_)) && past && !gone);
}

pub(crate) async fn set_has_all_of_its_options(pipes: &Pipes) {
    const S: Strings<u64, String> = Strings::new("s.set");
    let minute = Duration::from_secs(60);
    let new = SetOptions::new;
    let ((), ex, nx, missing, there, kept, swapped, none) = pipes
        .run(|p| {
            let ex = S.set_for(p, 1, "a", minute);
            let left = S.ttl(p, 1);
            let nx = S.set_nx(p, 1, "b");
            let missing = S.set_with(p, 2, "b", new().if_there());
            let there = S.set_with(p, 1, "b", new().if_there().keeps_ttl());
            let kept = S.ttl(p, 1);
            let swapped = S.swap(p, 1, "c", new().expires_in(minute));
            (ex, left, nx, missing, there, kept, swapped, S.swap(p, 3, "z", new().if_there()))
        })
        .await
        .unwrap();
    assert!(is_about(ex, 60) && is_about(kept, 60));
    assert_eq!((nx, missing, there, swapped.as_deref(), none), (false, false, true, Some("b"), None));

    let (at, expired, persisted, forever, taken, gone) = pipes
        .run(|p| {
            let far = std::time::SystemTime::UNIX_EPOCH + Duration::from_secs(1 << 33);
            S.set_with(p, 1, "d", new().expires_at(far));
            let at = S.ttl(p, 1);
            let expired = S.get_and_expire(p, 1, Some(minute));
            let persisted = S.get_and_expire(p, 1, None);
            (at, expired, persisted, S.ttl(p, 1), S.take(p, 1), S.take(p, 1))
        })
        .await
        .unwrap();
    let d = Some("d".to_owned());
    assert!(matches!(at, Ttl::Left(left) if left > minute) && forever == Ttl::Forever);
    assert_eq!((expired, persisted, taken, gone), (d.clone(), d.clone(), d, None));

    const M: Strings<u64, String> = Strings::new("{s.mset}");
    let ((), all, none) = pipes
        .run(|p| {
            let set = M.set_all(p, [(1, "a"), (2, "b")]);
            (set, M.set_all_nx(p, [(3, "c"), (4, "d")]), M.set_all_nx(p, [(4, "e"), (5, "f")]))
        })
        .await
        .unwrap();
    let values = pipes.run(|p| M.get_all(p, 1..=5_u64)).await.unwrap();
    let values: Vec<_> = values.iter().map(|value| value.as_deref().unwrap_or("-")).collect();
    assert_eq!((all, none, values.concat()), (true, false, "abcd-".to_owned()));
}

pub(crate) async fn numbers_are_counted_and_text_is_changed_in_place(pipes: &Pipes) {
    const N: Strings<String, i64> = Strings::new("s.n");
    const F: Strings<String, f64> = N.with_values();
    let (three, eight, sum, read) = pipes
        .run(|p| {
            let three = N.increment(p, "1", 3);
            let eight = N.increment(p, "1", 5);
            (three, eight, F.increment_float(p, "1", 7.1), F.get(p, "1"))
        })
        .await
        .unwrap();
    assert_eq!((three, eight, sum, read), (3, 8, 15.1, Some(15.1)));
    // A number beyond 2^53 comes back as it went.
    let large = pipes.run(|p| (N.set(p, "2", (1_i64 << 53) + 1), N.get(p, "2"))).await.unwrap();
    assert_eq!(large, ((), Some((1 << 53) + 1)));

    const S: Strings<String, String> = Strings::new("s.text");
    let (six, len, part, end, four, text) = pipes
        .run(|p| {
            S.set(p, "1", "bar");
            let six = S.append(p, "1", "baz");
            let len = S.len_bytes(p, "1");
            let part = S.range(p, "1", 0, 2);
            let end = S.range(p, "1", -3, -1);
            S.set(p, "2", "bar");
            (six, len, part, end, S.set_range(p, "2", 2, "zz"), S.get(p, "2"))
        })
        .await
        .unwrap();
    assert_eq!((six, len, part.as_str(), end.as_str()), (6, 6, "bar", "baz"));
    assert_eq!((four, text.as_deref()), (4, Some("bazz")));
}

pub(crate) async fn bits_are_set_counted_and_found(pipes: &Pipes) {
    const S: Strings<u64, Vec<u8>> = Strings::new("s.bits");
    let (old, bit, other, all, part, first, none, value) = pipes
        .run(|p| {
            let old = S.set_bit(p, 1, 2, true);
            let bit = S.get_bit(p, 1, 2);
            let other = S.get_bit(p, 1, 9);
            S.set_bit(p, 1, 15, true);
            let all = S.count_bits(p, 1);
            let part = S.count_bits_in(p, 1, 1, -1);
            (old, bit, other, all, part, S.find_bit(p, 1, true), S.find_bit(p, 2, true), S.get(p, 1))
        })
        .await
        .unwrap();
    assert_eq!((old, bit, other, all, part), (false, true, false, 2, 1));
    assert_eq!((first, none, value), (Some(2), None, Some(vec![0b0010_0000, 1])));
}

pub(crate) async fn a_keyspace_without_a_name_has_its_ids_as_keys(pipes: &Pipes) {
    const S: Strings<String, String> = Strings::bare();
    assert_eq!(S.key("s.bare.1").unwrap(), b"s.bare.1");
    let plain = pipes.run(|p| (S.set(p, "s.bare.1", "x"), p.get::<String>("s.bare.1"))).await.unwrap();
    assert_eq!(plain.1.as_deref(), Some("x"));
    let (set, left, past) = pipes
        .run(|p| {
            let set = S.expire(p, "s.bare.1", Duration::from_millis(60_000));
            let left = S.ttl(p, "s.bare.1");
            (set, left, S.expire(p, "s.bare.1", Duration::ZERO))
        })
        .await
        .unwrap();
    assert!(set && is_about(left, 60) && past);
    assert!(!pipes.run(|p| S.exists(p, "s.bare.1")).await.unwrap());
}

pub(crate) async fn scripts_are_called_with_namespaced_keys(pipes: &Pipes) {
    const S: Strings<String, String> = Strings::new("{s.script}");
    let names = Script::new("return {KEYS[1], KEYS[2], ARGV[1], #KEYS, #ARGV}");
    let (first, second, arg, keys, args): (String, String, String, usize, usize) =
        pipes.run(|p| S.script(p, &names, ["a", "b"], "c")).await.unwrap();
    assert_eq!((first.as_str(), second.as_str(), arg.as_str()), ("{s.script}{a}", "{s.script}{b}", "c"));
    assert_eq!((keys, args), (2, 1));
    // A server that has forgotten the script is sent it again.
    let add = Script::new("return redis.call('INCRBY', KEYS[1], ARGV[1])");
    for expected in [5, 10] {
        let sum: i64 = pipes.run(|p| S.script(p, &add, ["n"], 5)).await.unwrap();
        assert_eq!(sum, expected);
        let _: () = pipes.run(|p| p.add(redis::cmd("SCRIPT").arg("FLUSH").take())).await.unwrap();
    }
}

pub(crate) async fn all(pipes: &Pipes) {
    a_value_is_set_read_dumped_restored_and_deleted(pipes).await;
    keys_are_looked_at_renamed_and_copied(pipes).await;
    a_time_to_live_is_set_on_conditions(pipes).await;
    set_has_all_of_its_options(pipes).await;
    numbers_are_counted_and_text_is_changed_in_place(pipes).await;
    bits_are_set_counted_and_found(pipes).await;
    a_keyspace_without_a_name_has_its_ids_as_keys(pipes).await;
    scripts_are_called_with_namespaced_keys(pipes).await;
}

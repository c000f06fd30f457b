//! Several locks at once: all, or none.

use std::time::Duration;

use redfleet_core::{Faults, Layer};
use redfleet_lock::{Error, Owner};

use crate::{World, is_held};

#[tokio::test(start_paused = true)]
async fn all_are_taken_or_none_is() {
    for servers in [1, 3, 5] {
        let world = World::new(servers);
        let (ours, theirs) = (world.client(1), world.client(2));
        let both = ours.all(["b", "a"]).ttl(Duration::from_secs(5)).try_acquire().await.unwrap();
        assert_eq!(both.names().collect::<Vec<_>>(), ["a", "b"]);
        assert!(both.remaining() > Duration::from_secs(4));
        let error = theirs.all(["c", "b", "d"]).try_acquire().await.unwrap_err();
        assert!(matches!(&error, Error::Held { name, .. } if &**name == "b"), "{error}");
        // What was taken in vain is given back.
        let rest = theirs.all(["c", "d"]).try_acquire().await.unwrap();
        assert!(is_held(&ours.lock("c").try_acquire().await), "they are the locks that are taken one by one");
        both.release().await.unwrap();
        assert_eq!(both.remaining(), Duration::ZERO);
        assert!(matches!(both.release().await, Err(Error::Released { .. })));
        rest.release().await.unwrap();
        let again = theirs.all(["a", "b"]).try_acquire().await.unwrap();
        assert!(again.fence("a") > both.fence("a") && again.fence("b") > both.fence("b"));
        assert_eq!(again.fence("c"), None);
    }
}

#[tokio::test(start_paused = true)]
async fn a_name_that_is_there_twice_is_refused_and_nothing_is_sent() {
    let world = World::new(1);
    let error = world.client(1).all(["a", "b", "a"]).try_acquire().await.unwrap_err();
    assert!(error.to_string().contains("`a` is there twice"), "{error}");
    let keys: Vec<String> = world.say(0, &["KEYS", "*"]).await;
    assert!(keys.is_empty(), "{keys:?}");
}

#[tokio::test(start_paused = true)]
async fn crossing_orders_never_wait_for_each_other() {
    for servers in [1, 3] {
        let world = World::new(servers);
        let tasks: Vec<_> = (0..12_usize)
            .map(|task| {
                let locks = world.client(task as u64 % 4);
                tokio::spawn(async move {
                    let orders = [["a", "b", "c"], ["c", "b", "a"], ["b", "c", "d"], ["d", "a", "b"]];
                    let wait = Duration::from_secs(20);
                    let all = locks.all(orders[task % 4]).wait(wait).acquire().await.unwrap();
                    tokio::time::sleep(Duration::from_millis(20)).await;
                    all.release().await.unwrap();
                })
            })
            .collect();
        let start = tokio::time::Instant::now();
        for task in tasks {
            tokio::time::timeout(Duration::from_secs(30), task).await.unwrap().unwrap();
        }
        assert!(start.elapsed() < Duration::from_secs(10), "{servers}: {:?}", start.elapsed());
    }
}

#[tokio::test(start_paused = true)]
async fn a_name_that_is_empty_is_refused_and_nothing_is_sent() {
    let world = World::new(1);
    let locks = world.client(1);
    for names in [["a", ""], ["", "a"]] {
        let error = locks.all(names).try_acquire().await.unwrap_err();
        assert!(matches!(error, Error::Request { .. }), "{error}");
    }
    let keys: Vec<String> = world.say(0, &["KEYS", "*"]).await;
    assert!(keys.is_empty(), "{keys:?}");
}

#[tokio::test(start_paused = true)]
async fn all_are_lost_with_the_first_and_dropped_together() {
    let world = World::new(3);
    let (ours, theirs) = (world.client(1), world.client(2));
    let ttl = Duration::from_secs(1);
    let both = ours.all(["a", "b"]).ttl(ttl).unattended().acquire().await.unwrap();
    let lost = tokio::spawn(both.lost());
    tokio::time::sleep(ttl / 2).await;
    assert!(!lost.is_finished());
    let (_, b) = both.leases().nth(1).unwrap();
    ours.release("b", b.id()).await.unwrap();
    tokio::time::timeout(Duration::from_millis(1), lost).await.unwrap().unwrap();
    drop(both);
    tokio::time::sleep(Duration::from_millis(20)).await;
    theirs.all(["a", "b"]).try_acquire().await.unwrap().release().await.unwrap();

    let run = ours.all(["a", "b"]).max_hold(ttl).run(|_| std::future::pending::<()>()).await;
    assert!(matches!(run, Err(Error::Lost { .. })), "{run:?}");
    tokio::time::sleep(Duration::from_millis(20)).await;
    let me = Owner::new();
    let outer = ours.lock("b").owner(&me).try_acquire().await.unwrap();
    let all = ours.all(["a", "b"]).owner(&me).run(|all| async move { all.fence("b") }).await.unwrap();
    assert_eq!(all, Some(outer.fence()));
    assert!(outer.remaining() > ttl);
}

#[tokio::test(start_paused = true)]
async fn what_is_not_free_in_time_is_told_as_that_however_little_time_was_left_for_it() {
    let ms = Duration::from_millis;
    for servers in [1, 3] {
        let world = World::new(servers);
        let far = Faults::seeded(1).delay(ms(20)..ms(20));
        let (near, away) = (world.client(1), world.client_behind(2, |_, node| far.layer(node)));
        for _ in 0..20 {
            away.lock("warm").try_acquire().await.unwrap().release().await.unwrap();
        }
        let held = near.lock("b").try_acquire().await.unwrap();
        for wait_ms in 30..130 {
            let told = away.all(["a", "b"]).wait(ms(wait_ms)).acquire().await;
            assert!(
                matches!(&told, Err(Error::TimedOut { name, .. }) if &**name == "b"),
                "{wait_ms}: {told:?}"
            );
        }
        held.release().await.unwrap();
    }
}

#[tokio::test(start_paused = true)]
async fn what_is_lost_while_another_is_waited_for_is_told_at_once_and_none_is_held() {
    for servers in [1, 3] {
        let world = World::new(servers);
        let (ours, theirs) = (world.client(1), world.client(2));
        let held = theirs.lock("b").ttl(Duration::from_secs(20)).try_acquire().await.unwrap();
        let start = tokio::time::Instant::now();
        let several =
            ours.all(["a", "b"]).unattended().ttl(Duration::from_secs(1)).wait(Duration::from_secs(10));
        let told = several.acquire().await;
        assert!(matches!(&told, Err(Error::Lost { name, .. }) if &**name == "a"), "{servers}: {told:?}");
        assert!(start.elapsed() < Duration::from_secs(2), "{servers}: {:?}", start.elapsed());
        // Who waited leaves the line in the background.
        tokio::time::sleep(Duration::from_millis(20)).await;
        held.release().await.unwrap();
        theirs.all(["a", "b"]).try_acquire().await.unwrap().release().await.unwrap();
    }
}

#[tokio::test(start_paused = true)]
async fn a_wait_that_is_over_before_an_answer_can_come_is_refused_by_every_kind() {
    let ms = Duration::from_millis;
    let world = World::new(3);
    let far = Faults::seeded(1).delay(ms(20)..ms(20));
    let locks = world.client_behind(1, |_, node| far.layer(node));
    for _ in 0..20 {
        locks.lock("warm").try_acquire().await.unwrap().release().await.unwrap();
    }
    let wait = ms(10);
    let told = [
        locks.lock("a").wait(wait).acquire().await.map(drop),
        locks.read("a").wait(wait).acquire().await.map(drop),
        locks.limiter("a", 2).wait(wait).acquire().await.map(drop),
        locks.all(["a", "b"]).wait(wait).acquire().await.map(drop),
    ];
    for told in told {
        assert!(matches!(told, Err(Error::Request { what: "the wait for a lock", .. })), "{told:?}");
    }
    let keys: Vec<String> = world.say(0, &["KEYS", "*{a}*"]).await;
    assert!(keys.is_empty(), "nothing was sent: {keys:?}");
}

#[tokio::test(start_paused = true)]
async fn a_release_tells_what_was_lost_before() {
    let world = World::new(3);
    let both =
        world.client(1).all(["a", "b"]).ttl(Duration::from_secs(1)).unattended().acquire().await.unwrap();
    tokio::time::sleep(Duration::from_secs(2)).await;
    let told = both.release().await;
    assert!(matches!(&told, Err(Error::Lost { name, .. }) if &**name == "a"), "{told:?}");
    assert!(matches!(both.release().await, Err(Error::Released { .. })));
}

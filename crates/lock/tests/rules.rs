//! The rules that random storms rarely put to the test, each in a world made for it.
#![expect(clippy::unwrap_used, reason = "set-up that fails is a failed test")]

use std::time::Duration;

use redfleet_core::test_util::history::Violation;
use redfleet_core::test_util::simulation::{Fault, Ongoing, Plan, Scenario, Way, Which, World};
use redfleet_core::{BackendExt, Kept};
use redfleet_lock::{Lease, Locks};
use redis::cmd;
use tokio::time::sleep;

const fn ms(ms: u64) -> Duration {
    Duration::from_millis(ms)
}

const TTL: Duration = ms(1000);

fn locks(world: &World, client: usize) -> Locks {
    let client = world.client(client);
    let builder = Locks::builder(client.fleet().build().unwrap()).ttl(TTL).max_ttl(TTL).new_fleet();
    builder.clock(client.clock()).seed(world.dice(&client.name()).u64(..)).build().unwrap()
}

/// Takes a lock and gives it back: now all servers are known, and vote.
async fn warm(locks: &Locks) {
    for _ in 0..5 {
        let lease = locks.lock("warm").try_acquire().await.unwrap();
        lease.release().await.unwrap();
        sleep(ms(20)).await;
    }
}

fn worlds(name: &str, plan: Plan) -> Scenario {
    Scenario::new(name).clients(2).plan(plan).seeds(5)
}

fn cut(node: usize, way: Way) -> Fault {
    Fault::Cut { client: Which::Every, node: Which::One(node), way }
}

fn must(holds: bool, rule: &str, lease: &Lease) -> Result<(), Violation> {
    Violation::unless(holds, rule, || format!("{lease:?}"))
}

#[test]
fn a_token_is_known_to_a_majority_before_anybody_is_told() {
    worlds("a_token_is_known_to_a_majority_before_anybody_is_told", Plan::new()).run(|world| async move {
        let locks = locks(&world, 0);
        warm(&locks).await;
        // One server has given out a token that the others have not seen, and later than what time it is.
        let stores: Vec<_> = world.nodes().iter().map(|node| node.store().shared()).collect();
        let key = "redfleet:lock:{a}:token";
        let () = stores[0].query(cmd("SET").arg(key).arg(1_800_000_000_000_000_u64)).await.unwrap();
        let lost = world.inject(cut(2, Way::Both));
        let lease = locks.lock("a").try_acquire().await.unwrap();
        let mut known = 0;
        for store in &stores {
            let token: Option<u64> = store.query(cmd("GET").arg(key)).await.unwrap();
            known += usize::from(token >= Some(lease.fence().get()));
        }
        lost.end();
        must(known >= 2, "a majority knows the token", &lease)
    });
}

#[test]
fn a_lease_counts_from_before_anything_was_sent() {
    let scenario = Scenario::new("a_lease_counts_from_before_anything_was_sent").delays(ms(20)..ms(24));
    scenario.clients(1).seeds(5).run(|world| async move {
        let locks = locks(&world, 0);
        warm(&locks).await;
        let start = world.now();
        let lease = locks.lock("a").try_acquire().await.unwrap();
        let (took, left) = (world.now() - start, lease.remaining());
        must(took >= ms(40) && left + took < TTL, "a lease has begun before it is granted", &lease)
    });
}

#[test]
fn a_vote_of_a_life_that_is_over_does_not_count() {
    worlds("a_vote_of_a_life_that_is_over_does_not_count", Plan::new()).run(|world| async move {
        let locks = locks(&world, 0);
        warm(&locks).await;
        let slow = Fault::Slow { client: Which::Every, node: Which::One(1), by: ms(40) };
        let (slow, cut) = (world.inject(slow), world.inject(cut(2, Way::Both)));
        let restart = async {
            sleep(ms(14)).await;
            world.inject(Fault::Restart { node: 0, kept: Kept::Nothing }).end();
        };
        // Its name has the servers 0 and 1 asked first.
        let request = locks.lock("c");
        let (lease, ()) = tokio::join!(request.try_acquire(), restart);
        slow.end();
        cut.end();
        let rule = "one server that has forgotten it and one that has not are no majority";
        Violation::unless(lease.is_err(), rule, || format!("{lease:?}"))
    });
}

#[test]
fn tokens_rise_though_all_servers_have_forgotten_the_last() {
    worlds("tokens_rise_though_all_servers_have_forgotten_the_last", Plan::new()).run(|world| async move {
        let before = locks(&world, 0).lock("a").try_acquire().await.unwrap();
        before.release().await.unwrap();
        // A server remembers the last token for a minute.
        sleep(ms(70_000)).await;
        let after = locks(&world, 1).lock("a").try_acquire().await.unwrap();
        must(after.fence() > before.fence(), "a token is greater than all before", &after)
    });
}

#[test]
fn a_server_that_was_emptied_while_it_ran_does_not_vote() {
    worlds("a_server_that_was_emptied_while_it_ran_does_not_vote", Plan::new()).run(|world| async move {
        let (ours, theirs) = (locks(&world, 0), locks(&world, 1));
        warm(&ours).await;
        warm(&theirs).await;
        let (client, node) = (Which::One(0), Which::One(2));
        let lost = world.inject(Fault::Lose { client, node, requests: 1.0, replies: 0.0 });
        let held = ours.lock("a").ttl(TTL).try_acquire().await.unwrap();
        lost.end();
        let () = world.nodes()[0].store().shared().query(&cmd("FLUSHALL")).await.unwrap();
        let second = theirs.lock("a").try_acquire().await;
        must(second.is_err(), "one that was emptied and one that was not asked are no majority", &held)
    });
}

/// Who is said to hold it on each server.
async fn owners(world: &World, name: &str) -> Vec<Option<String>> {
    let key = format!("redfleet:lock:{{{name}}}:owner");
    let mut owners = Vec::new();
    for node in world.nodes() {
        owners.push(node.store().shared().query(cmd("GET").arg(&key)).await.unwrap());
    }
    owners
}

#[test]
fn votes_of_two_attempts_are_no_majority() {
    worlds("votes_of_two_attempts_are_no_majority", Plan::new()).run(|world| async move {
        let locks = locks(&world, 0);
        warm(&locks).await;
        for reached in [0, 1] {
            let lost: Vec<_> = (0..3)
                .filter(|node| *node != reached)
                .map(|node| world.inject(cut(node, Way::Both)))
                .collect();
            let lease = locks.lock("a").try_acquire().await;
            lost.into_iter().for_each(Ongoing::end);
            let rule = "who reaches one server at a time has nothing";
            Violation::unless(lease.is_err(), rule, || format!("{lease:?}"))?;
        }
        Ok(())
    });
}

#[test]
fn extensions_of_two_rounds_are_no_majority() {
    worlds("extensions_of_two_rounds_are_no_majority", Plan::new()).run(|world| async move {
        let locks = locks(&world, 0);
        warm(&locks).await;
        let lease = locks.lock("a").ttl(TTL).unattended().try_acquire().await.unwrap();
        // Until it is on all servers.
        sleep(ms(80)).await;
        for reached in [0, 1] {
            let lost: Vec<_> = (0..3)
                .filter(|node| *node != reached)
                .map(|node| world.inject(cut(node, Way::Both)))
                .collect();
            let extended = lease.extend().await;
            lost.into_iter().for_each(Ongoing::end);
            must(extended.is_err(), "who reaches one server at a time has extended nothing", &lease)?;
        }
        Ok(())
    });
}

#[test]
fn what_may_have_been_granted_is_given_back() {
    worlds("what_may_have_been_granted_is_given_back", Plan::new()).run(|world| async move {
        let locks = locks(&world, 0);
        warm(&locks).await;
        let every = (Which::Every, Which::Every);
        let lost = world.inject(Fault::Lose { client: every.0, node: every.1, requests: 0.0, replies: 1.0 });
        let lease = locks.lock("a").try_acquire().await;
        let begun = world.now();
        lost.end();
        sleep(begun + ms(700) - world.now()).await;
        let (owners, rule) =
            (owners(&world, "a").await, "what was granted unheard is given back before its ttl ends");
        Violation::unless(lease.is_err() && owners == [None, None, None], rule, || format!("{owners:?}"))
    });
}

#[test]
fn who_has_not_answered_in_time_is_told_that_nothing_is_wanted() {
    worlds("who_has_not_answered_in_time_is_told_that_nothing_is_wanted", Plan::new()).run(
        |world| async move {
            let (ours, theirs) = (locks(&world, 0), locks(&world, 1));
            warm(&ours).await;
            warm(&theirs).await;
            let away =
                world.inject(Fault::Cut { client: Which::One(1), node: Which::One(2), way: Way::Both });
            let held = theirs.lock("a").try_acquire().await.unwrap();
            let mute =
                world.inject(Fault::Cut { client: Which::One(0), node: Which::One(2), way: Way::Replies });
            let denied = ours.lock("a").try_acquire().await;
            sleep(ms(300)).await;
            let owners = owners(&world, "a").await;
            mute.end();
            away.end();
            let rule = "a server that granted it unheard is told";
            Violation::unless(denied.is_err() && owners[2].is_none(), rule, || {
                format!("{owners:?}, {held:?}")
            })
        },
    );
}

/// Two hold, wait and come: what follows from a release.
async fn first_in_line(world: &World) -> (Lease, Locks, Locks) {
    let (holder, waiter, third) = (locks(world, 0), locks(world, 1), locks(world, 2));
    for locks in [&holder, &waiter, &third] {
        warm(locks).await;
    }
    (holder.lock("a").acquire().await.unwrap(), waiter, third)
}

#[test]
fn a_lock_that_is_released_is_kept_for_the_first_who_waits() {
    worlds("a_lock_that_is_released_is_kept_for_the_first_who_waits", Plan::new()).clients(3).run(
        |world| async move {
            let (held, waiter, third) = first_in_line(&world).await;
            let request = waiter.lock("a").wait(ms(900));
            let waits = request.acquire();
            let comes = async {
                sleep(ms(200)).await;
                // The first in line is a little late.
                let slow =
                    world.inject(Fault::Slow { client: Which::One(1), node: Which::Every, by: ms(24) });
                held.release().await.unwrap();
                let passed = third.lock("a").try_acquire().await;
                slow.end();
                passed
            };
            let (waited, passed) = tokio::join!(waits, comes);
            let rule = "who comes when the lock is free does not get past who waits";
            Violation::unless(waited.is_ok() && passed.is_err(), rule, || format!("{waited:?}, {passed:?}"))
        },
    );
}

#[test]
fn who_is_fast_takes_a_lock_that_is_kept_for_another_and_never_one_that_is_held() {
    let name = "who_is_fast_takes_a_lock_that_is_kept_for_another_and_never_one_that_is_held";
    worlds(name, Plan::new()).clients(3).run(|world| async move {
        let (held, waiter, third) = first_in_line(&world).await;
        let early = third.lock("a").fast().wait(ms(100)).acquire().await;
        Violation::unless(early.is_err(), "who is fast waits for a lock that is held", || {
            format!("{early:?}")
        })?;
        let request = waiter.lock("a").wait(ms(900));
        let waits = request.acquire();
        let comes = async {
            sleep(ms(150)).await;
            // The first in line is late.
            let slow = world.inject(Fault::Slow { client: Which::One(1), node: Which::Every, by: ms(60) });
            let begun = world.now();
            held.release().await.unwrap();
            let fast = third.lock("a").fast().wait(ms(500)).acquire().await.unwrap();
            let took = world.now() - begun;
            slow.end();
            fast.release().await.unwrap();
            took
        };
        let (waited, took) = tokio::join!(waits, comes);
        let rule = "who is fast does not wait for who was woken, who has the lock in turn";
        Violation::unless(waited.is_ok() && took < ms(25), rule, || format!("{waited:?}, {took:?}"))
    });
}

#[test]
fn a_lock_that_is_kept_for_one_who_does_not_come_is_soon_free() {
    worlds("a_lock_that_is_kept_for_one_who_does_not_come_is_soon_free", Plan::new()).clients(3).run(
        |world| async move {
            let (held, waiter, third) = first_in_line(&world).await;
            let waits =
                tokio::spawn(async move { waiter.lock("a").wait(ms(5000)).acquire().await.map(drop) });
            sleep(ms(200)).await;
            let gone =
                world.inject(Fault::Cut { client: Which::One(1), node: Which::Every, way: Way::Requests });
            held.release().await.unwrap();
            let lease = third.lock("a").wait(ms(800)).acquire().await;
            gone.end();
            waits.abort();
            let rule = "who was woken and does not come delays the others by little";
            Violation::unless(lease.is_ok(), rule, || format!("{lease:?}"))
        },
    );
}

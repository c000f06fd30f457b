//! Ways between clients and nodes: delays, cuts, losses, slow nodes, each seen with it and without.

use std::cell::RefCell;
use std::collections::BTreeSet;

use redis::cmd;
use tokio::time::sleep;

use super::{get, held, in_worlds, incr, ms, set};
use crate::test_util::simulation::{Fault, Plan, Way, Which};
use crate::{BackendExt, Batch, Effect, Error};

fn cut(way: Way) -> Fault {
    Fault::Cut { client: Which::One(0), node: Which::One(0), way }
}

fn lose(requests: f64, replies: f64) -> Fault {
    Fault::Lose { client: Which::One(0), node: Which::One(0), requests, replies }
}

#[test]
fn a_round_trip_takes_what_two_ways_take() {
    in_worlds(Plan::new(), |world| async move {
        let link = world.client(0).link(0);
        link.identify().await.unwrap();
        let connected = world.now();
        assert!((ms(2)..=ms(12)).contains(&connected), "{connected:?}");
        assert_eq!(incr(&*link, "k").await.unwrap(), 1);
        let took = world.now() - connected;
        assert!((ms(2)..=ms(12)).contains(&took), "{took:?}");
    });
}

#[test]
fn commands_of_one_connection_stay_in_order_and_those_of_two_do_not() {
    let seen = RefCell::new(BTreeSet::new());
    in_worlds(Plan::new(), |world| {
        let seen = &seen;
        async move {
            let (one, other) = (world.client(0).link(0), world.client(1).link(0));
            futures::future::join(one.identify(), other.identify()).await.0.unwrap();
            let append = |text: &str| cmd("APPEND").arg("k").arg(text).take();
            let (a, b, c, d) = (append("a"), append("b"), append("C"), append("D"));
            let sent = futures::join!(one.call(&a), other.call(&c), one.call(&b), other.call(&d));
            sent.0.unwrap();
            let text = held(&world, 0, "k").await.unwrap();
            let of = |letters: &str| text.chars().filter(|c| letters.contains(*c)).collect::<String>();
            assert_eq!((of("ab").as_str(), of("CD").as_str()), ("ab", "CD"), "{text}");
            seen.borrow_mut().insert(text);
        }
    });
    assert!(seen.borrow().len() >= 4, "connections overtake each other: {:?}", seen.borrow());
}

#[test]
fn a_cut_holds_up_what_is_sent_until_it_ends_and_touches_no_other_link() {
    for (way, is_done_meanwhile) in [(Way::Both, false), (Way::Requests, false), (Way::Replies, true)] {
        in_worlds(Plan::new().during(ms(100)..ms(700), cut(way)), move |world| async move {
            let (one, other) = (world.client(0).link(0), world.client(1).link(0));
            assert_eq!(incr(&*one, "k").await.unwrap(), 1);
            sleep(ms(200)).await;
            let asked = tokio::spawn(async move { incr(&*one, "k").await });
            assert_eq!(incr(&*other, "other").await.unwrap(), 1);
            assert!(world.now() < ms(300), "the other client is not cut off");
            sleep(ms(100)).await;
            let want = if is_done_meanwhile { "2" } else { "1" };
            assert_eq!(held(&world, 0, "k").await.as_deref(), Some(want), "{way:?}");
            assert_eq!(asked.await.unwrap().unwrap(), 2);
            assert!(world.now() >= ms(700), "{way:?}");
        });
    }
}

#[test]
fn through_a_cut_no_connection_is_made_and_that_had_no_effect() {
    in_worlds(Plan::new().from(ms(0), Fault::isolate(0)), |world| async move {
        let client = world.client(0);
        let error = incr(&*client.link(0), "k").await.unwrap_err();
        assert_eq!((error.effect(), world.now()), (Effect::None, ms(1000)), "{error}");
        assert_eq!(incr(&*client.link(1), "k").await.unwrap(), 1, "other nodes are there");
        world.heal();
        assert_eq!(incr(&*client.link(0), "k").await.unwrap(), 1);
    });
}

#[test]
fn a_lost_request_never_happened_a_lost_reply_did_and_both_look_the_same() {
    for (fault, happened) in [(lose(1.0, 0.0), false), (lose(0.0, 1.0), true)] {
        in_worlds(Plan::new(), move |world| {
            let fault = fault.clone();
            async move {
                let link = world.client(0).link(0);
                let before = link.identify().await.unwrap();
                let ongoing = world.inject(fault);
                let error = link.call(&set("k", 1)).await.unwrap_err();
                assert_eq!(error.effect(), Effect::Unknown, "{error}");
                assert_eq!(held(&world, 0, "k").await.is_some(), happened);
                ongoing.end();
                link.call(&set("k", 2)).await.unwrap();
                let after = link.identify().await.unwrap();
                assert!(before.is_same_server(&after) && after.link() > before.link(), "{before} {after}");
            }
        });
    }
}

#[test]
fn a_lost_request_takes_the_others_of_its_connection_with_it() {
    in_worlds(Plan::new(), |world| async move {
        let link = world.client(0).link(0);
        link.identify().await.unwrap();
        let held_up = world.inject(Fault::Slow { client: Which::Every, node: Which::One(0), by: ms(200) });
        let first = tokio::spawn({
            let link = link.clone();
            async move { link.call(&set("a", 1)).await }
        });
        sleep(ms(1)).await;
        let lost = world.inject(lose(1.0, 0.0));
        let mut batch = Batch::new();
        batch.push(set("b", 1));
        batch.push(get("b"));
        let replies = link.call_batch(&batch).await.unwrap();
        assert!(replies.iter().all(|reply| matches!(reply, Err(error) if error.effect() == Effect::Unknown)));
        assert_eq!(first.await.unwrap().unwrap_err().effect(), Effect::Unknown);
        held_up.end();
        lost.end();
        world.quiet().await;
        assert_eq!(held(&world, 0, "b").await, None);
    });
}

#[test]
fn what_was_under_way_when_the_client_gave_up_arrives_or_does_not() {
    let seen = RefCell::new(BTreeSet::new());
    in_worlds(Plan::new(), |world| {
        let seen = &seen;
        async move {
            let link = world.client(0).link(0);
            link.identify().await.unwrap();
            let asked = tokio::spawn({
                let link = link.clone();
                async move { link.call(&set("k", 1)).await }
            });
            tokio::task::yield_now().await;
            link.disconnect();
            assert_eq!(asked.await.unwrap().unwrap_err().effect(), Effect::Unknown);
            world.quiet().await;
            let is_there = held(&world, 0, "k").await.is_some();
            seen.borrow_mut().insert(is_there);
        }
    });
    assert_eq!(seen.borrow().len(), 2, "both happen, as the seed has it");
}

#[test]
fn a_slow_node_is_late_and_its_neighbour_is_not() {
    let slow = Fault::Slow { client: Which::Every, node: Which::One(0), by: ms(400) };
    in_worlds(Plan::new().during(ms(50)..ms(5000), slow), |world| async move {
        let client = world.client(0);
        for (node, range) in [(0, ms(200)..ms(413)), (1, ms(2)..ms(13))] {
            let link = client.link(node);
            link.identify().await.unwrap();
            sleep(ms(60)).await;
            let started = world.now();
            incr(&*link, "k").await.unwrap();
            let took = world.now() - started;
            assert!(range.contains(&took), "n{node} took {took:?}");
        }
    });
}

#[test]
fn an_injected_fault_goes_on_until_it_is_ended_or_healed() {
    in_worlds(Plan::new(), |world| async move {
        let link = world.client(0).link(0);
        link.identify().await.unwrap();
        for is_healed in [false, true] {
            let ongoing = world.inject(cut(Way::Both));
            let asked = tokio::spawn({
                let link = link.clone();
                async move { incr(&*link, "k").await }
            });
            sleep(ms(300)).await;
            assert!(!asked.is_finished());
            if is_healed {
                world.heal();
            } else {
                ongoing.end();
            }
            asked.await.unwrap().unwrap();
        }
    });
}

#[test]
fn what_the_seam_refuses_is_refused_before_it_is_sent() {
    in_worlds(Plan::new(), |world| async move {
        let link = world.client(0).link(0);
        for refused in [cmd("MULTI"), cmd("WATCH").arg("k").take()] {
            let error = link.call(&refused).await.unwrap_err();
            assert!(matches!(error, Error::Unsupported { .. }), "{error}");
        }
        let session = link.session(None).await.unwrap();
        session.query::<()>(cmd("WATCH").arg("k")).await.unwrap();
        assert!(session.session(None).await.is_err());
        assert_eq!(link.call_batch(&Batch::new()).await.unwrap().len(), 0);
    });
}

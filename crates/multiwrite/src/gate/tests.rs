//! Who waits for whom.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use futures::FutureExt;

use super::*;

fn key(name: &str) -> Key {
    name.as_bytes().into()
}

/// Two keys of different stripes.
fn strangers(gate: &Gate) -> (Key, Key) {
    let one = key("one");
    let other = (0..).map(|number: u32| key(&number.to_string()));
    let other = other.into_iter().find(|other| gate.stripe(other) != gate.stripe(&one));
    (one, other.unwrap())
}

#[test]
fn one_writer_of_a_key_is_inside_at_a_time_and_others_pass() {
    let gate = Gate::new(64);
    let (one, other) = strangers(&gate);
    let inside = gate.enter(std::slice::from_ref(&one)).now_or_never().unwrap();
    assert!(gate.enter(std::slice::from_ref(&one)).now_or_never().is_none());
    let both = [other.clone(), one.clone(), one.clone(), other.clone()];
    assert!(gate.enter(&both).now_or_never().is_none());
    let beside = gate.enter(std::slice::from_ref(&other)).now_or_never();
    assert!(beside.is_some(), "who gave up holds nothing");
    drop((inside, beside));
    let inside = gate.enter(&both).now_or_never().unwrap();
    assert!(gate.enter(&[one]).now_or_never().is_none());
    assert!(gate.enter(&[other]).now_or_never().is_none());
    drop(inside);
    assert!(gate.enter(&[]).now_or_never().is_some());
}

#[test]
fn whoever_enters_all_is_alone() {
    let gate = Gate::new(5);
    assert_eq!(gate.stripes.len(), 8);
    let inside = gate.enter(&[key("k")]).now_or_never().unwrap();
    assert!(gate.enter_all().now_or_never().is_none());
    drop(inside);
    let inside = gate.enter_all().now_or_never().unwrap();
    assert!((0..100).all(|number| gate.enter(&[key(&number.to_string())]).now_or_never().is_none()));
    drop(inside);
    assert!(gate.enter_all().now_or_never().is_some());
}

#[tokio::test(start_paused = true)]
async fn writers_of_a_key_pass_in_the_order_in_which_they_came() {
    let gate = Gate::new(4);
    let passed = Arc::new(Mutex::new(Vec::new()));
    let inside = gate.enter(&[key("k")]).await;
    let mut tasks = Vec::new();
    for number in 0..20 {
        let (gate, passed) = (Arc::clone(&gate), Arc::clone(&passed));
        tasks.push(tokio::spawn(async move {
            let _inside = gate.enter(&[key("k")]).await;
            passed.lock().unwrap().push(number);
        }));
        tokio::task::yield_now().await;
        if number % 5 == 0 {
            // Who stops waiting is passed over.
            tasks.pop().unwrap().abort();
        }
    }
    drop(inside);
    for task in tasks {
        task.await.unwrap();
    }
    let expected: Vec<_> = (0..20).filter(|number| number % 5 != 0).collect();
    assert_eq!(*passed.lock().unwrap_or_else(PoisonError::into_inner), expected);
}

#[tokio::test(start_paused = true)]
async fn no_two_are_inside_with_one_key_and_nobody_waits_for_ever() {
    for seed in 0..200 {
        let gate = Gate::new(1 << (seed % 5));
        let inside: Arc<BTreeMap<u8, AtomicUsize>> =
            Arc::new((0..8).map(|key| (key, AtomicUsize::new(0))).collect());
        let tasks = (0..20).map(|task| {
            let mut dice = fastrand::Rng::with_seed(seed * 100 + task);
            let (gate, inside) = (Arc::clone(&gate), Arc::clone(&inside));
            tokio::spawn(async move {
                for _ in 0..10 {
                    let is_all = dice.u8(..20) == 0;
                    let count = dice.usize(1..4);
                    let names: Vec<u8> =
                        if is_all { (0..8).collect() } else { (0..count).map(|_| dice.u8(..8)).collect() };
                    let mut held = names.clone();
                    held.sort_unstable();
                    held.dedup();
                    let keys: Vec<_> = names.iter().map(|name| key(&name.to_string())).collect();
                    let gave_up = Duration::from_millis(dice.u64(1..50));
                    let entering =
                        async { if is_all { gate.enter_all().await } else { gate.enter(&keys).await } };
                    let Ok(entered) = tokio::time::timeout(gave_up, entering).await else { continue };
                    for name in &held {
                        assert_eq!(inside[name].fetch_add(1, Ordering::Relaxed), 0, "two with {name}");
                    }
                    tokio::time::sleep(Duration::from_millis(dice.u64(..5))).await;
                    for name in &held {
                        inside[name].fetch_sub(1, Ordering::Relaxed);
                    }
                    drop(entered);
                }
            })
        });
        for task in tasks.collect::<Vec<_>>() {
            tokio::time::timeout(Duration::from_secs(60), task).await.unwrap().unwrap();
        }
        assert!(gate.enter_all().now_or_never().is_some(), "somebody holds it still");
    }
}

#[test]
fn keys_fall_on_all_stripes_alike() {
    let gate = Gate::new(64);
    for name in [|n: u32| format!("{n}"), |n| format!("user:{n:08}:name"), |n| format!("{{{n}}}")] {
        let mut counts = [0_u32; 64];
        (0..64_000).for_each(|number| counts[gate.stripe(&key(&name(number)))] += 1);
        let (least, most) = (counts.iter().min().unwrap(), counts.iter().max().unwrap());
        assert!(*least > 700 && *most < 1300, "{} has {least} to {most}", name(1));
    }
}

#[tokio::test(start_paused = true)]
async fn a_gate_is_emptied_when_those_inside_have_left_and_holds_nobody_up() {
    let gate = Gate::new(4);
    let inside = gate.enter(&[key("a")]).await;
    let emptied = tokio::spawn({
        let gate = Arc::clone(&gate);
        async move { gate.emptied().await }
    });
    tokio::time::sleep(Duration::from_secs(1)).await;
    assert!(!emptied.is_finished());
    drop(inside);
    emptied.await.unwrap();
    drop(gate.enter_all().await);
}

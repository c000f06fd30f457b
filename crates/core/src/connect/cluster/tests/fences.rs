//! A fence asks whoever lost something, and nobody else.

use std::time::Duration;

use tokio::time::{sleep, timeout};

use super::call;
use super::fake::Fake;
use crate::backend::Backend;
use crate::error::{Effect, Error};

/// `foo` is on the third server: its reply is lost, or the whole command.
async fn lose_a_reply(fake: &Fake, cluster: &impl Backend) {
    fake.world().lossy = 1_000;
    let error = call(cluster, "INCR foo").await.unwrap_err();
    fake.world().lossy = 0;
    assert_eq!(error.effect(), Effect::Unknown);
    // What it says of the map is looked up.
    sleep(Duration::from_secs(1)).await;
}

fn fenced(fake: &Fake) -> Vec<u16> {
    std::mem::take(&mut fake.world().fenced)
}

#[tokio::test(start_paused = true)]
async fn only_a_member_that_lost_something_is_asked_and_only_once() {
    let fake = Fake::new(1);
    let cluster = fake.client();
    for key in ["foo", "bar", "a"] {
        call(&cluster, &format!("INCR {key}")).await.unwrap();
    }
    cluster.fence().await.unwrap();
    assert_eq!(fenced(&fake), [0; 0], "nothing was lost");
    lose_a_reply(&fake, &cluster).await;
    cluster.fence().await.unwrap();
    cluster.fence().await.unwrap();
    assert_eq!(fenced(&fake), [3]);
}

#[tokio::test(start_paused = true)]
async fn a_call_that_its_caller_gave_up_counts_as_lost() {
    let fake = Fake::new(1);
    let cluster = fake.client();
    call(&cluster, "INCR foo").await.unwrap();
    fake.world().hung.insert(3);
    timeout(Duration::from_millis(1), call(&cluster, "INCR foo")).await.unwrap_err();
    cluster.fence().await.unwrap_err();
    fake.world().hung.clear();
    assert_eq!(fenced(&fake), [0; 0], "a fence that failed is to be tried again");
    cluster.fence().await.unwrap();
    assert_eq!(fenced(&fake), [3]);
}

#[tokio::test(start_paused = true)]
async fn what_is_still_in_flight_is_asked_for_as_well() {
    let fake = Fake::new(1);
    let cluster = fake.client();
    call(&cluster, "INCR foo").await.unwrap();
    fake.world().hung.insert(3);
    let mut calls = Box::pin(call(&cluster, "INCR foo"));
    timeout(Duration::from_millis(1), &mut calls).await.unwrap_err();
    fake.world().hung.clear();
    cluster.fence().await.unwrap();
    assert_eq!(fenced(&fake), [3], "whose callers may not have heard yet that it is lost");
}

#[tokio::test(start_paused = true)]
async fn a_member_that_left_the_map_is_asked_until_it_is_certain() {
    let fake = Fake::new(1);
    let cluster = fake.client();
    call(&cluster, "INCR foo").await.unwrap();
    lose_a_reply(&fake, &cluster).await;
    fake.world().fail_over(3, 4);
    call(&cluster, "INCR foo").await.unwrap();
    sleep(Duration::from_secs(1)).await;
    assert_eq!(fake.world().disconnects, [3], "no connection is kept for it");
    fake.world().hung.insert(3);
    let error = cluster.fence().await.unwrap_err();
    assert!(matches!(error, Error::Link { .. }), "{error}");
    fake.world().hung.clear();
    cluster.fence().await.unwrap();
    cluster.fence().await.unwrap();
    assert_eq!(fenced(&fake), [3]);
}

#[tokio::test(start_paused = true)]
async fn a_member_that_left_the_map_and_listens_no_more_is_taken_for_gone() {
    let fake = Fake::new(1);
    let cluster = fake.client();
    call(&cluster, "INCR foo").await.unwrap();
    lose_a_reply(&fake, &cluster).await;
    fake.world().down.insert(3);
    cluster.fence().await.unwrap_err();
    fake.world().fail_over(3, 4);
    // The first finds out, and then the map is fetched.
    call(&cluster, "INCR foo").await.unwrap_err();
    sleep(Duration::from_secs(1)).await;
    call(&cluster, "INCR foo").await.unwrap();
    cluster.fence().await.unwrap();
    fake.world().down.clear();
    cluster.fence().await.unwrap();
    assert_eq!(fenced(&fake), [0; 0]);
}

#[tokio::test(start_paused = true)]
async fn a_member_that_comes_back_to_the_map_is_asked_there() {
    let fake = Fake::new(1);
    let cluster = fake.client();
    call(&cluster, "INCR foo").await.unwrap();
    lose_a_reply(&fake, &cluster).await;
    for (from, to) in [(3, 4), (4, 3)] {
        fake.world().fail_over(from, to);
        call(&cluster, "INCR foo").await.unwrap();
        sleep(Duration::from_secs(1)).await;
    }
    assert_eq!(cluster.state.left().members().count(), 0);
    cluster.fence().await.unwrap();
    assert_eq!(fenced(&fake), [3]);
}

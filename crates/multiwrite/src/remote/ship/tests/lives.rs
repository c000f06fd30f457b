//! Ends of lives, held against those on local.

use redfleet_core::Embedded;
use redis::cmd;

use super::world::{Remote, adds, effect, names};
use crate::options::Guarantee;
use crate::remote::ship::Verdict;

/// The time of a node, in milliseconds.
async fn now(remote: &Remote) -> i64 {
    let (seconds, micros): (i64, i64) = remote.query(&cmd("TIME")).await;
    seconds * 1000 + micros / 1000
}

fn differing(verdict: &Verdict) -> Vec<String> {
    let Verdict::LifeDiffers(keys) = verdict else { return Vec::new() };
    keys.iter().map(|key| String::from_utf8_lossy(key).into_owned()).collect()
}

#[tokio::test]
async fn the_same_life_is_fine_and_another_is_told() {
    let mut remote = Remote::new(Embedded::new());
    let end = now(&remote).await + 60_000;
    remote.query::<String>(cmd("SET").arg("n").arg(5).arg("PXAT").arg(end)).await;
    let round = remote.round(vec![
        adds("n", 1, end),
        adds("n", 1, end + 1),
        adds("n", 1, -1),
        adds("m", 1, -1),
        adds("m", 1, end),
        effect(&["INCR n", "INCR m"], &[("n", -1), ("m", end)]),
    ]);
    let told = remote.send(&round).await;
    assert_eq!(names(&told), "Applied LifeDiffers LifeDiffers Applied LifeDiffers LifeDiffers");
    assert_eq!(differing(&told[5]), ["n", "m"]);
    assert_eq!(remote.text("n").await, "9");
}

#[tokio::test]
async fn what_should_have_ended_by_the_remotes_clock_is_removed() {
    let mut remote = Remote::new(Embedded::new());
    let past = now(&remote).await - 1;
    // It ended there too, and the late increment made it anew.
    let round = remote.round(vec![adds("n", 1, past), adds("m", 1, -1), effect(&["INCR m"], &[("m", past)])]);
    assert_eq!(names(&remote.send(&round).await), "Applied Applied Applied");
    assert_eq!((remote.text("n").await, remote.text("m").await), ("(none)".into(), "(none)".into()));
}

#[tokio::test]
async fn what_is_gone_on_local_is_removed() {
    let mut remote = Remote::new(Embedded::new());
    let round = remote.round(vec![
        effect(&["SADD s a b"], &[("s", -1)]),
        effect(&["SREM s a"], &[("s", -2)]),
        effect(&["SREM t a"], &[("t", -2)]),
    ]);
    assert_eq!(names(&remote.send(&round).await), "Applied Applied Applied");
    assert_eq!(remote.query::<i64>(cmd("EXISTS").arg("s")).await, 0);
}

#[tokio::test]
async fn what_ended_on_the_remote_too_early_is_told() {
    let mut remote = Remote::new(Embedded::new());
    let end = now(&remote).await + 60_000;
    let round = remote.round(vec![effect(&["PERSIST n"], &[("n", end)])]);
    assert_eq!(names(&remote.send(&round).await), "LifeDiffers");
}

#[tokio::test]
async fn at_least_once_any_difference_is_told() {
    let mut remote = Remote::new(Embedded::new());
    remote.guarantee = Guarantee::AtLeastOnce;
    let past = now(&remote).await - 1;
    let round =
        remote.round(vec![adds("n", 1, -1), adds("n", 1, past), effect(&["INCR n", "INCR m"], &[("m", 5)])]);
    let told = remote.send(&round).await;
    assert_eq!(names(&told), "Applied LifeDiffers LifeDiffers");
    assert_eq!(differing(&told[2]), ["m"]);
}

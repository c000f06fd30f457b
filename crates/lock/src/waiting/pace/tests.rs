//! When a waiter asks again, told without a server.

use super::*;

const MS: Duration = Duration::from_millis(1);

fn limits(majority: usize) -> Limits {
    Limits { majority, grace: MS, reservation: 20 * MS }
}

fn told(pause: Duration, now: Instant) -> Pace {
    Pace::new(limits(2), pause, now)
}

fn woken_by(servers: &[usize]) -> News {
    News { woken_by: servers.iter().copied().collect(), ..News::default() }
}

#[tokio::test(start_paused = true)]
async fn a_majority_of_wakes_is_followed_at_once_and_the_first_after_a_round_trip() {
    let now = Instant::now();
    let mut pace = told(5_000 * MS, now);
    assert_eq!(pace.due(), Some(now + 5_000 * MS));
    pace.heard(woken_by(&[2]), now + 10 * MS);
    assert_eq!(pace.due(), Some(now + 11 * MS));
    pace.heard(woken_by(&[2]), now + 10 * MS);
    assert_eq!(pace.due(), Some(now + 11 * MS), "the same server twice is one server");
    pace.heard(woken_by(&[0]), now + 10 * MS);
    assert_eq!(pace.due(), None);
}

#[tokio::test(start_paused = true)]
async fn a_gap_is_followed_at_once() {
    let now = Instant::now();
    let mut pace = told(5_000 * MS, now);
    pace.heard(News::default(), now);
    assert_eq!(pace.due(), Some(now + 5_000 * MS));
    pace.heard(News { has_gap: true, ..News::default() }, now);
    assert_eq!(pace.due(), None);
}

#[tokio::test(start_paused = true)]
async fn the_next_one_looks_when_the_one_before_it_has_had_its_time() {
    let now = Instant::now();
    let mut pace = told(5_000 * MS, now);
    pace.heard(News { is_next: true, ..News::default() }, now + 100 * MS);
    assert_eq!(pace.due(), Some(now + 121 * MS));
    pace.heard(News { is_next: true, ..News::default() }, now + 110 * MS);
    assert_eq!(pace.due(), Some(now + 131 * MS), "another came before it");
}

#[tokio::test(start_paused = true)]
async fn who_stands_behind_others_looks_later_by_a_reservation_each() {
    let busy = |before, chance| busy_pause(1_000 * MS, before, limits(2), chance);
    assert_eq!(busy(0, 0.0), 1_020 * MS);
    assert_eq!(busy(3, 0.0), 1_080 * MS);
    assert_eq!(busy(3, 0.5), 1_090 * MS);
    let _ = busy(u64::MAX, 1.0);
    let failed = |failures, chance| failed_pause(failures, limits(2), chance);
    assert_eq!(failed(1, 1.0), 40 * MS);
    assert_eq!(failed(2, 1.0), 80 * MS);
    assert_eq!(failed(2, 0.0), 40 * MS);
    assert_eq!(failed(100, 0.0), LONGEST / 2);
    assert_eq!(failed(100, 1.0), Duration::from_secs(1));
}

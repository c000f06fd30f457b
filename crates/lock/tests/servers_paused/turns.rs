//! Processes that wait for each other.

use std::collections::BTreeMap;
use std::time::Duration;

use tokio::time::{Instant, sleep};

use super::other::{Other, is_other};
use super::world::{PATIENCE, Place, SECOND, TURNS, place};

/// Longer than any of this takes: whoever was not woken has not got it in time.
const LONG: Duration = Duration::from_secs(60);

/// Waits until so many stand in line.
async fn in_line(place: &Place, count: usize) {
    let started = Instant::now();
    while place.waiting().await != count {
        assert!(started.elapsed() < PATIENCE, "{} of {count} wait", place.waiting().await);
        sleep(SECOND / 100).await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn processes_hand_it_to_each_other_and_take_turns() {
    if is_other().await {
        return;
    }
    let (place, _servers) = place("turns", LONG).await;
    let lease = place.locks().lock("job").wait(PATIENCE).acquire().await.unwrap();
    let test = "servers_paused::turns::processes_hand_it_to_each_other_and_take_turns";
    let mut others: Vec<_> = ["a", "b", "c"].map(|who| Other::start(&place, who, test)).into();
    in_line(&place, others.len()).await;
    lease.release().await.unwrap();
    for other in &mut others {
        other.says("done").await;
    }
    let notes = place.notes().await;
    assert_eq!(notes.len(), others.len() * TURNS * 2);
    let mut last = lease.fence().get();
    let mut turns: Vec<&str> = Vec::new();
    for pair in notes.chunks(2) {
        let [(fence, came, "came"), (same, went, "went")] =
            [0, 1].map(|of| (pair[of].0, pair[of].1.as_str(), pair[of].2.as_str()))
        else {
            panic!("two were there: {pair:?}");
        };
        assert!(came == went && fence == same, "two were there: {pair:?}");
        assert!(fence > last, "{fence} after {last}");
        last = fence;
        turns.push(came);
    }
    // Who has had it stands at the end of the line again, behind both others, unless a wake came too late for its server.
    let mut served: BTreeMap<&str, usize> = BTreeMap::new();
    let half = &turns[..turns.len() / 2];
    half.iter().for_each(|who| *served.entry(who).or_default() += 1);
    assert!(served.len() == 3 && served.values().all(|served| *served >= TURNS / 4), "{served:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn whoever_waits_behind_a_process_that_was_killed_or_stopped_in_line_has_it_all_the_same() {
    if is_other().await {
        return;
    }
    for (name, signal) in [("line-killed", "-KILL"), ("line-stopped", "-STOP")] {
        let (place, _servers) = place(name, LONG).await;
        let lease = place.locks().lock("job").wait(PATIENCE).acquire().await.unwrap();
        let test = "servers_paused::turns::\
            whoever_waits_behind_a_process_that_was_killed_or_stopped_in_line_has_it_all_the_same";
        let other = Other::start(&place, "waits", test);
        in_line(&place, 1).await;
        let locks = place.locks();
        let waiting = tokio::spawn(async move { locks.lock("job").wait(LONG).acquire().await });
        in_line(&place, 2).await;
        other.signal(signal).await;
        let released = Instant::now();
        lease.release().await.unwrap();
        let next = waiting.await.unwrap().unwrap();
        // Nobody has extended what the first in line never took, and its place was kept for a moment.
        assert!(released.elapsed() < LONG / 2, "{name}: {:?}", released.elapsed());
        assert!(next.fence() > lease.fence());
        next.release().await.unwrap();
    }
}

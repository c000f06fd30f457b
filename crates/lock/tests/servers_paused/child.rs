//! What the other process does.

use std::io::Write;

use tokio::time::{sleep, timeout};

use super::world::{PATIENCE, Place, SECOND, TURNS};

pub(super) async fn run(role: &str, place: &Place) {
    match role {
        "holds" => holds(place).await,
        "waits" => waits(place).await,
        _ => takes_turns(place, role).await,
    }
}

/// Waits for the lock, and gives it back at once.
async fn waits(place: &Place) {
    let lease = place.locks().lock("job").wait(PATIENCE).acquire().await.unwrap();
    say("had it");
    lease.release().await.unwrap();
}

/// Takes the lock again and again, and notes each time that it came and went.
async fn takes_turns(place: &Place, who: &str) {
    let locks = place.locks();
    for _ in 0..TURNS {
        let lease = locks.lock("job").wait(PATIENCE).acquire().await.unwrap();
        place.note(lease.fence(), &format!("{who} came")).await;
        place.note(lease.fence(), &format!("{who} went")).await;
        lease.release().await.unwrap();
    }
    locks.shutdown().await;
    say("done");
}

/// Takes the lock, and writes under it without looking whether it still holds it, until the resource refuses that.
async fn holds(place: &Place) {
    let locks = place.locks();
    let lease = locks.lock("job").wait(PATIENCE).acquire().await.unwrap();
    say(&format!("held {}", lease.fence()));
    let mut is_first = true;
    while place.write(lease.fence(), "child").await {
        if is_first {
            say("written");
        }
        is_first = false;
        sleep(SECOND / 200).await;
    }
    // By the clock at once; the token as soon as the watchdog has woken too.
    let is_over = lease.remaining().is_zero();
    let is_lost = is_over && timeout(PATIENCE, lease.cancellation_token().cancelled()).await.is_ok();
    say(if is_lost { "refused and lost" } else { "refused but held" });
    lease.lost().await;
    match lease.extend().await {
        Ok(lasts) => say(&format!("extended for {lasts:?}")),
        Err(error) => say(&error.to_string()),
    }
    assert!(!lease.release().await.unwrap().was_held);
}

/// One line, at once.
fn say(line: &str) {
    let mut out = std::io::stdout().lock();
    out.write_all(format!("{line}\n").as_bytes()).and_then(|()| out.flush()).unwrap();
}

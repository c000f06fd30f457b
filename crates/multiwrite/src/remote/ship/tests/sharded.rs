//! Lanes by slot, each with a watermark in its slot.

use std::sync::Arc;

use redfleet_core::{BackendExt, Slot};
use redis::cmd;

use super::patchy::{Fate, Patchy};
use super::world::{Remote, adds, entry, names};
use crate::entry::Entry;

fn lane(key: &str) -> u16 {
    Slot::of_key(key.as_bytes()).index()
}

fn incr(seq: u64, key: &str) -> Arc<Entry> {
    entry(seq, lane(key), adds(key, 1, -1))
}

#[tokio::test]
async fn each_lane_has_a_watermark_in_its_slot() {
    let mut remote = Remote::new(Patchy { is_sharded: true, ..Patchy::default() });
    let round = [incr(1, "a"), incr(2, "b"), incr(3, "a"), incr(4, "c")];
    assert_eq!(names(&remote.send(&round).await), "Applied Applied Applied Applied");
    assert_eq!(names(&remote.send(&round).await), ["AlreadyThere"; 4].join(" "));
    let mut keys: Vec<String> = remote.query(cmd("KEYS").arg("redfleet:mw:*:source")).await;
    keys.sort_by_key(|key| lane(key));
    let mut lanes = ["a", "b", "c"].map(lane);
    lanes.sort_unstable();
    assert_eq!(keys.iter().map(|key| lane(key)).collect::<Vec<_>>(), lanes, "{keys:?}");
    assert_eq!(remote.text("a").await, "2");
}

#[tokio::test]
async fn a_lane_that_is_to_come_again_does_not_hold_up_the_others() {
    let patchy = Arc::new(Patchy { is_sharded: true, ..Patchy::default() });
    let mut remote = Remote::of(Arc::<Patchy>::clone(&patchy));
    let round = [incr(1, "a"), incr(2, "b"), incr(3, "a"), incr(4, "c")];
    remote.send(&round).await;
    // The calls go in the order of the slots.
    let mut lanes = ["a", "b", "c"];
    lanes.sort_by_key(|key| lane(key));
    for (fate, left) in [
        (Fate::LosesReply, "AlreadyThere"),
        (Fate::LosesRequest, "Applied"),
        (Fate::Refused("TRYAGAIN"), "Applied"),
    ] {
        let from = remote.query::<u64>(cmd("GET").arg("b")).await * 10;
        let round = [incr(from + 1, "a"), incr(from + 2, "b"), incr(from + 3, "a"), incr(from + 4, "c")];
        let at = lanes.iter().position(|key| *key == "a").unwrap();
        patchy.fates.lock().unwrap().insert(at, fate);
        assert_eq!(names(&remote.send(&round).await), "Again Applied Again Applied", "{fate:?}");
        let told = names(&remote.send(&round).await);
        assert_eq!(told, format!("{left} AlreadyThere {left} AlreadyThere"), "{fate:?}");
    }
    let counts: Vec<u64> = patchy.node.query(cmd("MGET").arg(&["a", "b", "c"])).await.unwrap();
    assert_eq!(counts, [8, 4, 4]);
}

#[tokio::test]
async fn only_the_lane_whose_slot_lost_its_data_says_so() {
    let mut remote = Remote::new(Patchy { is_sharded: true, ..Patchy::default() });
    remote.send(&[incr(1, "a"), incr(2, "b")]).await;
    let keys: Vec<String> = remote.query(cmd("KEYS").arg("redfleet:mw:*:source")).await;
    let own = keys.iter().find(|key| lane(key) == lane("a")).unwrap();
    remote.query::<i64>(cmd("DEL").arg(own)).await;
    assert_eq!(names(&remote.send(&[incr(3, "a"), incr(4, "b")]).await), "LostData Applied");
}

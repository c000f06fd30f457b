//! What becomes of rounds, on a server in this process.

mod at_least_once;
mod lives;
mod losses;
mod patchy;
#[cfg(feature = "test-servers")]
mod servers;
mod sharded;
mod stops;
mod vouched;
mod world;

use redfleet_core::Embedded;
use redis::cmd;

use super::Verdict;
use world::{Remote, adds, effect, names, sets};

#[tokio::test]
async fn a_round_is_carried_out_in_its_order_and_once() {
    let mut remote = Remote::new(Embedded::new());
    let round = remote.round(vec![
        sets("a", "1"),
        sets("b", "1"),
        adds("n", 1, -1),
        effect(&["RPUSH l x y"], &[("l", -1)]),
        effect(&["SET a 2", "SET c 3"], &[("a", -1), ("c", -1)]),
        adds("n", 2, -1),
    ]);
    assert_eq!(names(&remote.send(&round).await), "Applied Applied Applied Applied Applied Applied");
    for _ in 0..2 {
        assert_eq!(names(&remote.send(&round).await), ["AlreadyThere"; 6].join(" "));
    }
    assert_eq!(remote.text("a").await, "2");
    assert_eq!(remote.text("c").await, "3");
    assert_eq!(remote.text("n").await, "3");
    assert_eq!(remote.query::<Vec<String>>(cmd("LRANGE").arg("l").arg(0).arg(-1)).await, ["x", "y"]);
}

#[tokio::test]
async fn a_refused_entry_does_not_stop_the_others() {
    let mut remote = Remote::new(Embedded::new());
    let round = remote.round(vec![
        sets("a", "text"),
        adds("a", 1, -1),
        effect(&["RPUSH l x"], &[("l", -1)]),
        effect(&["SET b 1", "INCR l", "SET c 1"], &[("b", -1)]),
        adds("n", 1, -1),
    ]);
    let told = remote.send(&round).await;
    assert_eq!(names(&told), "Applied Refused Applied Refused Applied");
    let said = |verdict: &Verdict| {
        if let Verdict::Refused(error) = verdict { Some(error.to_string()) } else { None }
    };
    let said: Vec<_> = told.iter().filter_map(said).collect();
    let expected = [
        "refused: ERR value is not an integer or out of range",
        "refused: WRONGTYPE Operation against a key holding the wrong kind of value",
    ];
    assert_eq!(said, expected);
    assert_eq!(remote.text("c").await, "1");
    assert_eq!(remote.text("n").await, "1");
}

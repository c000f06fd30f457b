//! Plain pipelines.

use std::sync::Arc;

use redfleet_core::{BackendExt, Effect, Error, LinkError};
use redis::cmd;

use super::patchy::{Fate, Patchy};
use super::world::{Remote, adds, effect, names, sets};
use crate::options::Guarantee;
use crate::remote::at_least_once::cut;

fn remote() -> (Remote, Arc<Patchy>) {
    let patchy = Arc::new(Patchy::default());
    let mut remote = Remote::of(Arc::<Patchy>::clone(&patchy));
    remote.guarantee = Guarantee::AtLeastOnce;
    (remote, patchy)
}

/// One round of four entries whose commands have these fates, after one that went well. The watermark is the fifth.
async fn told(fates: &[(usize, Fate)]) -> String {
    let (mut remote, patchy) = remote();
    let first = remote.round(vec![sets("first", "1")]);
    assert_eq!(names(&remote.send(&first).await), "Applied");
    let round = remote.round(vec![
        sets("a", "1"),
        effect(&["INCR n"], &[]),
        sets("b", "1"),
        effect(&["INCR n"], &[]),
    ]);
    *patchy.fates.lock().unwrap() = fates.iter().copied().collect();
    names(&remote.send(&round).await)
}

#[tokio::test]
async fn what_leaves_the_same_twice_is_sent_again_and_the_rest_is_not() {
    use Fate::{LosesReply, LosesRequest, Refused};
    let all = |fate| (0..5).map(|index| (index, fate)).collect::<Vec<_>>();
    for (fates, expected) in [
        (vec![], "Applied Applied Applied Applied"),
        (all(LosesReply), "Again MayBeThere Again MayBeThere"),
        (all(LosesRequest), "Again MayBeThere Again MayBeThere"),
        (all(Refused("READONLY")), "Again Again Again Again"),
        (vec![(1, Refused("WRONGTYPE"))], "Applied Refused Applied Applied"),
        // It must not come after what is there already.
        (vec![(0, Refused("TRYAGAIN"))], "MayBeThere Applied Applied Applied"),
        (vec![(0, LosesReply), (1, LosesReply)], "MayBeThere MayBeThere Applied Applied"),
        (vec![(2, LosesReply), (3, LosesReply)], "Applied Applied MayBeThere MayBeThere"),
        (vec![(2, LosesReply), (3, LosesReply), (4, LosesReply)], "Applied Applied Again MayBeThere"),
    ] {
        assert_eq!(told(&fates).await, expected, "{fates:?}");
    }
}

#[tokio::test]
async fn a_round_that_was_given_up_is_told_so_without_a_reply() {
    let (mut remote, _) = remote();
    let round = remote.round(vec![sets("a", "1"), adds("n", 1, -1), effect(&["LPUSH l x"], &[])]);
    let lost = Error::link(LinkError::closed("n"), Effect::Unknown);
    let told: Vec<_> = cut(&round, &lost).into_iter().map(|(_, verdict)| verdict).collect();
    assert_eq!(names(&told), "Again MayBeThere MayBeThere");
}

#[tokio::test]
async fn behind_a_new_connection_the_watermark_is_looked_at_first() {
    let (mut remote, patchy) = remote();
    let round = remote.round(vec![adds("n", 1, -1)]);
    assert_eq!(names(&remote.send(&round).await), "Applied");
    patchy.node.query::<String>(cmd("FLUSHALL")).await.unwrap();
    *patchy.link.lock().unwrap() += 1;
    let round = remote.round(vec![adds("n", 1, -1), sets("a", "1")]);
    assert_eq!(names(&remote.send(&round).await), "LostData LostData");
    assert_eq!(remote.text("a").await, "(none)");
    assert_eq!(names(&remote.send(&round).await), "Applied Applied");
    *patchy.link.lock().unwrap() += 1;
    let round = remote.round(vec![adds("n", 1, -1)]);
    assert_eq!(names(&remote.send(&round).await), "Applied");
    assert_eq!(remote.text("redfleet:mw:source").await, "4");
}

#[tokio::test]
async fn several_steps_are_one_transaction() {
    let (mut remote, _) = remote();
    let round = remote.round(vec![
        sets("a", "text"),
        effect(&["SET b 1", "INCR a", "SET c 1"], &[("b", -1)]),
        effect(&["SET b 2", "SET c 2"], &[("b", -1), ("c", -2)]),
    ]);
    assert_eq!(names(&remote.send(&round).await), "Applied Refused LifeDiffers");
    assert_eq!((remote.text("b").await, remote.text("c").await), ("2".into(), "2".into()));
}

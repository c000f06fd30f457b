//! Requests and replies that are lost, late or doubled, and remotes that lose their data.

use std::sync::Arc;

use redfleet_core::{Embedded, Faults, Layer};
use redis::cmd;

use super::world::{Remote, adds, effect, names, sets};
use crate::entry::Entry;
use crate::remote::look::{Seen, look};
use crate::remote::ship::Verdict;
use crate::remote::watermark::Watermarks;

/// A remote that knows the script already, and loses all replies from now on.
async fn deaf(node: &Embedded) -> Remote {
    let mut remote = Remote::new(node.clone());
    let round = remote.round(vec![sets("first", "1")]);
    assert_eq!(names(&remote.send(&round).await), "Applied");
    remote.backend = Faults::seeded(1).lose_replies(1.0).layer(node.shared());
    remote
}

#[tokio::test]
async fn a_round_whose_reply_is_lost_is_skipped_when_it_comes_again() {
    let node = Embedded::new();
    let mut remote = deaf(&node).await;
    let round = remote.round(vec![adds("n", 1, -1), effect(&["LPUSH l x"], &[("l", -1)])]);
    for _ in 0..3 {
        assert_eq!(names(&remote.send(&round).await), "Again Again");
    }
    remote.backend = node.shared();
    assert_eq!(names(&remote.send(&round).await), "AlreadyThere AlreadyThere");
    assert_eq!(remote.text("n").await, "1");
    assert_eq!(remote.query::<i64>(cmd("LLEN").arg("l")).await, 1);
}

#[tokio::test]
async fn what_a_lost_reply_said_is_said_again() {
    let node = Embedded::new();
    let mut remote = deaf(&node).await;
    let lpush = |name| effect(&[&format!("LPUSH {name} x")], &[]);
    let first = vec![lpush("first"), adds("n", 1, 9_999_999_999_999), sets("a", "1"), adds("m", 1, -1)];
    let mut round = remote.round(first);
    assert_eq!(names(&remote.send(&round).await), "Again Again Again Again");
    // More goes along, some of it is refused too, and that reply is lost as well.
    round.extend(remote.round(vec![lpush("b"), lpush("a")]));
    assert_eq!(names(&remote.send(&round).await), "Again Again Again Again Again Again");
    remote.backend = node.shared();
    for _ in 0..2 {
        let told = remote.send(&round).await;
        assert_eq!(names(&told), "Refused LifeDiffers AlreadyThere AlreadyThere AlreadyThere Refused");
        let Verdict::LifeDiffers(keys) = &told[1] else { panic!() };
        assert_eq!(keys, &[Arc::from(&b"n"[..])]);
        let Verdict::Refused(error) = &told[5] else { panic!() };
        assert_eq!(error.code(), Some("WRONGTYPE"));
    }
    // It costs nothing once all of it is behind us.
    let seen = look(&*remote.backend, &mut remote.marks).await.unwrap();
    assert_eq!(seen, Seen::Same);
    let next = remote.round(vec![adds("m", 1, -1)]);
    assert_eq!(names(&remote.send(&next).await), "Applied");
    assert_eq!(remote.text("redfleet:mw:source").await, "8");
}

#[tokio::test]
async fn what_one_script_of_a_round_said_is_said_again_when_a_later_one_was_answered() {
    let mut remote = Remote::new(Embedded::new());
    let before = remote.round(vec![sets("k", "1")]);
    assert_eq!(names(&remote.send(&before).await), "Applied");
    let round = remote.round(vec![effect(&["LPUSH k x"], &[]), effect(&["EVAL return(1) 1 k"], &[])]);
    assert_eq!(names(&remote.send(&round).await), "Refused Applied");
    assert_eq!(names(&remote.send(&round).await), "Refused AlreadyThere");
}

#[tokio::test]
async fn of_a_round_in_other_company_only_what_is_new_is_carried_out() {
    let node = Embedded::new();
    let mut remote = deaf(&node).await;
    let mut round = remote.round((0..5).map(|_| adds("n", 1, -1)).collect());
    remote.send(&round).await;
    remote.backend = node.shared();
    round.remove(1);
    round.extend(remote.round(vec![adds("n", 10, -1)]));
    assert_eq!(
        names(&remote.send(&round).await),
        "AlreadyThere AlreadyThere AlreadyThere AlreadyThere Applied"
    );
    assert_eq!(remote.text("n").await, "15");
}

#[tokio::test]
async fn a_remote_that_lost_its_data_is_told_and_nothing_is_carried_out() {
    for with in ["FLUSHALL", "SET redfleet:mw:source 1", "SET redfleet:mw:source nonsense"] {
        let mut remote = Remote::new(Embedded::new());
        let first = remote.round(vec![adds("n", 1, -1), adds("n", 1, -1)]);
        assert_eq!(names(&remote.send(&first).await), "Applied Applied");
        remote.query::<String>(&super::world::words(with)).await;
        let second = remote.round(vec![sets("a", "1"), adds("n", 1, -1)]);
        assert_eq!(names(&remote.send(&second).await), "LostData LostData", "{with}");
        assert_eq!(remote.text("a").await, "(none)");
        // Told once: what comes after is built on the copy.
        let third = remote.round(vec![sets("a", "2")]);
        assert_eq!(names(&remote.send(&third).await), "Applied");
    }
}

#[tokio::test]
async fn a_look_tells_lost_data_although_nothing_is_written_and_lets_the_watermark_live() {
    let mut remote = Remote::new(Embedded::new());
    assert_eq!(look(&*remote.backend, &mut remote.marks).await.unwrap(), Seen::Same);
    let round = remote.round(vec![adds("n", 1, -1)]);
    remote.send(&round).await;
    remote.query::<i64>(cmd("PEXPIRE").arg("redfleet:mw:source").arg(1000)).await;
    assert_eq!(look(&*remote.backend, &mut remote.marks).await.unwrap(), Seen::Same);
    assert!(remote.query::<i64>(cmd("PTTL").arg("redfleet:mw:source")).await > 600_000_000);
    remote.query::<String>(&cmd("FLUSHALL")).await;
    assert_eq!(look(&*remote.backend, &mut remote.marks).await.unwrap(), Seen::LostData);
    assert_eq!(look(&*remote.backend, &mut remote.marks).await.unwrap(), Seen::Same);
}

#[tokio::test]
async fn what_was_acknowledged_before_a_restart_here_is_missed_on_a_remote_that_lost_it() {
    let mut remote = Remote::new(Embedded::new());
    remote.marks.resume(0, false, "source", 7);
    remote.seq = 7;
    let round = remote.round(vec![adds("n", 1, -1)]);
    assert_eq!(names(&remote.send(&round).await), "LostData");
}

#[tokio::test]
async fn seqs_of_any_size_and_with_gaps_are_compared_exactly() {
    for from in [1, 99_999_999_999_998, (1 << 53) - 100] {
        let node = Embedded::new();
        let mut remote = Remote::new(node);
        remote.seq = from;
        let mut round = remote.round((0..20).map(|_| adds("n", 1, -1)).collect());
        // Every third was replaced by a later one.
        round.retain(|entry| (entry.seq - from) % 3 != 0);
        let half = round.len() / 2;
        remote.send(&round[..half]).await;
        let told = names(&remote.send(&round).await);
        let expected = [vec!["AlreadyThere"; half], vec!["Applied"; round.len() - half]].concat();
        assert_eq!(told, expected.join(" "));
        assert_eq!(remote.text("redfleet:mw:source").await, round.last().unwrap().seq.to_string());
        assert_eq!(remote.text("n").await, round.len().to_string());
    }
}

/// What a queue and a network may do to rounds: any first part of the queue is sent, requests and replies are lost, requests
/// come late or twice, and what is superseded leaves the queue while nothing is under way.
#[tokio::test]
async fn under_any_losses_each_entry_is_carried_out_once_and_in_order() {
    for seed in 0..150 {
        let mut random = fastrand::Rng::with_seed(seed);
        let node = Embedded::new();
        let faults = Faults::seeded(seed).lose_requests(0.2).lose_replies(0.3).layer(node.shared());
        let mut remote = Remote::of(faults);
        let mut queue: Vec<Arc<Entry>> = Vec::new();
        let mut late: Vec<(Vec<Arc<Entry>>, Watermarks)> = Vec::new();
        let (mut total, mut log) = (0, Vec::new());
        for turn in 0..60 {
            for _ in 0..random.usize(..4) {
                let name = format!("{}", remote.seq + 1);
                let new = match random.u8(..4) {
                    0 => sets("last", &name),
                    1 => {
                        total += 1;
                        adds("total", 1, -1)
                    }
                    2 => {
                        log.push(name.clone());
                        effect(&[&format!("RPUSH log {name}")], &[("log", -1)])
                    }
                    _ => {
                        total += 2;
                        log.push(name.clone());
                        effect(&[&format!("RPUSH log {name}"), "INCRBY total 2", "INCR log"], &[])
                    }
                };
                if new.steps.len() == 1 && new.lives.is_empty() {
                    queue.retain(|entry| entry.effect.steps.len() > 1 || !entry.effect.lives.is_empty());
                }
                queue.extend(remote.round(vec![new]));
            }
            if turn == 59 {
                remote.backend = node.shared();
            }
            let most = if turn == 59 { queue.len() } else { random.usize(..=queue.len()) };
            let round = queue[..most].to_vec();
            if random.u8(..4) == 0 {
                late.push((round.clone(), remote.marks.clone()));
            }
            let told = remote.send(&round).await;
            let done = told.iter().filter(|verdict| verdict.lets_others_follow()).count();
            assert!(
                told[done..].iter().all(|verdict| matches!(verdict, Verdict::Again(_))),
                "{}",
                names(&told)
            );
            queue.drain(..done);
            if !late.is_empty() && random.bool() {
                let (round, mut marks) = late.swap_remove(random.usize(..late.len()));
                let guarantee = remote.guarantee;
                super::super::send(&round, &node, &mut marks, guarantee, "source").await;
            }
        }
        assert_eq!(queue.len(), 0);
        assert_eq!(remote.text("total").await, if total == 0 { "(none)".into() } else { total.to_string() });
        let there: Vec<String> = remote.query(cmd("LRANGE").arg("log").arg(0).arg(-1)).await;
        assert_eq!(there, log, "seed {seed}");
    }
}

//! Scripts that somebody vouched for.

use redfleet_core::{BackendExt, Embedded, Faults, Layer};
use redis::cmd;

use super::world::{Remote, adds, names, sets};
use crate::effect::{Effect, Kind, Life};
use crate::remote::ship::Verdict;

/// An EVAL of this text on these keys, as one of the steps of an effect.
fn eval(text: &str, keys: &[&str], args: &[&str]) -> Effect {
    let step = cmd("eval").arg(text).arg(keys.len()).arg(keys).arg(args).take();
    let keys = keys.iter().map(|key| key.as_bytes().into()).collect();
    Effect { steps: vec![step], keys, lives: Vec::new(), kind: Kind::Builds }
}

const APPEND: &str =
    "local all = redis.call('APPEND', KEYS[1], ARGV[1])\nif all > 100 then return 0 end\nreturn all -- done";

#[tokio::test]
async fn their_texts_are_carried_out_in_their_place_and_once() {
    let node = Embedded::new();
    let mut remote = Remote::new(node.clone());
    let mut twice = eval(APPEND, &["a"], &["3"]);
    twice.steps.push(cmd("APPEND").arg("a").arg("4").take());
    twice.steps.push(
        cmd("EVAL")
            .arg("return redis.call('APPEND', KEYS[1], ARGV[2])")
            .arg(1)
            .arg("a")
            .arg("x")
            .arg("5")
            .take(),
    );
    twice.lives.push((twice.keys[0].clone(), Life::Forever));
    let round = remote.round(vec![
        sets("a", "1"),
        eval(APPEND, &["a"], &["2"]),
        twice,
        adds("a", 1, -1),
        adds("n", 1, -1),
    ]);
    remote.backend = Faults::seeded(3).lose_replies(0.5).layer(node.shared());
    let mut said = Vec::new();
    while said.last().is_none_or(|last: &String| last.contains("Again")) {
        said.push(names(&remote.send(&round).await));
    }
    remote.backend = node.shared();
    assert!(said.len() > 1, "no reply was lost: {said:?}");
    assert_eq!(remote.text("a").await, "12346", "{said:?}");
    assert_eq!(remote.text("n").await, "1", "{said:?}");
}

#[tokio::test]
async fn one_that_fails_is_refused_with_its_words() {
    for (text, words) in [
        ("return redis.error_reply('MINE no')", "refused: MINE no"),
        ("error('x')", "refused: ERR user_script"),
        ("redis.call('INCR', KEYS[1]) return redis.call('LPUSH', KEYS[1], 1)", "refused: WRONGTYPE"),
        ("this is no script", "refused: ERR Error compiling script"),
        ("#!lua\nreturn 1", "EVAL is not supported here: its first line has flags"),
    ] {
        let mut remote = Remote::new(Embedded::new());
        let round = remote.round(vec![adds("n", 1, -1), eval(text, &["k"], &[]), adds("n", 1, -1)]);
        let told = remote.send(&round).await;
        assert_eq!(names(&told), "Applied Refused Applied", "{text}");
        let Verdict::Refused(error) = &told[1] else { panic!("{told:?}") };
        assert!(error.to_string().starts_with(words), "{error}");
        assert_eq!(remote.text("n").await, "2");
    }
}

#[tokio::test]
async fn what_comes_after_one_that_is_to_come_again_waits_for_it() {
    let node = Embedded::new();
    let mut remote = Remote::new(node.clone());
    let text = "if redis.call('EXISTS', 'open') == 0 then return redis.error_reply('TRYAGAIN later') end
                return redis.call('APPEND', KEYS[1], 'b')";
    let busy = eval(text, &["a", "open"], &[]);
    let round = remote.round(vec![sets("a", "a"), busy, sets("b", "1"), adds("n", 1, -1)]);
    assert_eq!(names(&remote.send(&round).await), "Applied Again Again Again");
    assert_eq!((remote.text("b").await, remote.text("a").await), ("(none)".into(), "a".into()));
    node.query::<String>(cmd("SET").arg("open").arg(1)).await.unwrap();
    let told = remote.send(&round).await;
    assert_eq!(names(&told), "AlreadyThere Applied Applied Applied");
    assert_eq!((remote.text("b").await, remote.text("a").await), ("1".into(), "ab".into()));
}

#[tokio::test]
async fn at_least_once_they_are_sent_as_they_are() {
    let mut remote = Remote::new(Embedded::new());
    remote.guarantee = crate::options::Guarantee::AtLeastOnce;
    let round = remote.round(vec![sets("a", "1"), eval(APPEND, &["a"], &["2"]), adds("n", 1, -1)]);
    assert_eq!(names(&remote.send(&round).await), "Applied Applied Applied");
    assert_eq!(remote.text("a").await, "12");
}

#[tokio::test]
async fn what_one_may_have_found_otherwise_where_it_comes_from_is_told_by_all_its_keys() {
    for guarantee in [crate::options::Guarantee::ExactlyOnce, crate::options::Guarantee::AtLeastOnce] {
        for missing in ["", "DEL", "PEXPIRE"] {
            let node = Embedded::new();
            let mut remote = Remote::new(node.clone());
            remote.guarantee = guarantee;
            let before = remote.round(vec![sets("a", "1"), sets("b", "1")]);
            assert_eq!(names(&remote.send(&before).await), "Applied Applied");
            if !missing.is_empty() {
                let mut command = cmd(missing);
                command.arg("b");
                if missing == "PEXPIRE" {
                    command.arg(1_000_000);
                }
                node.query::<i64>(command).await.unwrap();
            }
            let round = remote.round(vec![eval(APPEND, &["a", "b"], &["2"]), adds("n", 1, -1)]);
            let told = remote.send(&round).await;
            let expected = if missing.is_empty() { "Applied Applied" } else { "LifeDiffers Applied" };
            assert_eq!(names(&told), expected, "{guarantee:?} {missing}");
            if let Verdict::LifeDiffers(keys) = &told[0] {
                assert_eq!(keys.len(), 2);
            }
        }
    }
}

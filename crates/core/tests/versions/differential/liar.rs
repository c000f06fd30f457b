//! The suite can fail: a subject that lies is caught, and what it lied about is shrunk to a few lines.

use redfleet_core::test_util::TestImage;

use super::arena::Arena;
use super::command::{Words, name_of};
use super::differences;
use super::families::Family;
use super::generator::Generator;
use super::player::Fault;
use super::reply::Reply;
use super::report::Report;

/// Enough for any of these lies.
const COMMANDS: usize = 20_000;

/// What every version answers alike.
const PLAIN: Family = Family {
    name: "plain",
    share: 0,
    forms: &[
        (1, "! SADD set {member} {member}"),
        (1, "! SCARD set"),
        (1, "! RPUSH list {value}"),
        (1, "! LPUSHX list {value}"),
        (1, "! LLEN list"),
        (1, "! SET text {value}"),
        (1, "! GETEX text EX {far}"),
        (1, "! DEL set list text"),
    ],
    pools: &[],
};

async fn caught(fault: Fault) -> Report {
    let mut arena = Arena::enter().await;
    arena.duel.subject.fault = Some(fault);
    arena.max_reports = 1;
    let generator = Generator::new(&[&PLAIN], differences::lacking(TestImage::chosen()));
    let mut reports = arena.play(PLAIN.name, |seed| generator.plain(seed), COMMANDS).await;
    assert!(!reports.all.is_empty(), "nothing was found");
    reports.all.remove(0)
}

#[tokio::test]
async fn a_reply_that_is_wrong_now_and_then_is_caught_and_shrunk() {
    let lie = |words: &Words, reply: &Reply| {
        let is_it = name_of(words) == "SCARD" && *reply == Reply::Integer(2);
        is_it.then_some(Reply::Integer(3))
    };
    let report = caught(Fault::Reply(lie)).await;
    let commands = report.sequence.commands();
    assert!((2..=3).contains(&commands.len()), "{}", report.text());
    assert_eq!(
        (report.found.subject.clone(), report.found.server.clone()),
        (Reply::Integer(3), Reply::Integer(2))
    );
    let text = report.text();
    for part in
        ["seed ", "SCARD", "subject: (integer) 3", "server:  (integer) 2", "cargo xtask test core --seed"]
    {
        assert!(text.contains(part), "no {part} in {text}");
    }
}

#[tokio::test]
async fn a_write_that_did_something_else_is_caught_by_what_is_left() {
    let lie =
        |words: &Words| (name_of(words) == "LPUSHX").then(|| [&[b"RPUSHX".to_vec()], &words[1..]].concat());
    let report = caught(Fault::Request(lie)).await;
    assert!((2..=3).contains(&report.sequence.commands().len()), "{}", report.text());
    assert!(report.text().contains("LPUSHX"), "{}", report.text());
}

#[tokio::test]
async fn a_life_that_was_lost_is_caught() {
    let lie = |words: &Words| {
        (name_of(words) == "GETEX").then(|| vec![b"GET".to_vec(), words.get(1).cloned().unwrap_or_default()])
    };
    let report = caught(Fault::Request(lie)).await;
    assert!(report.sequence.commands().len() <= 3, "{}", report.text());
}

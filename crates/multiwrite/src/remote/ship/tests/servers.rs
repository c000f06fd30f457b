//! Rounds on real servers.

use std::sync::Arc;

use redfleet_core::test_util::{ClusterSet, Server, ServerOptions};
use redfleet_core::{Backend, Slot};
use redis::{Cmd, Value, cmd};

use super::world::{Remote, adds, effect, entry, names, sets, words};
use crate::entry::Entry;
use crate::options::Guarantee;
use crate::remote::ship::Verdict;

fn connect(url: &str) -> Arc<dyn Backend> {
    redfleet_core::connect(url).unwrap()
}

async fn ask(server: &Server, text: &str) -> Value {
    server.direct(&words(text)).await.unwrap()
}

#[tokio::test]
async fn increments_and_pushes_survive_lost_replies_requests_and_connections() {
    let server = ServerOptions::new().start().await;
    let mut remote = Remote::of(connect(&server.url()));
    let mut dice = fastrand::Rng::with_seed(11);
    let mut queue: Vec<Arc<Entry>> = Vec::new();
    let mut pushed = Vec::new();
    for turn in 0..120 {
        let name = turn.to_string();
        queue.extend(
            remote.round(vec![adds("n", 1, -1), effect(&[&format!("RPUSH log {name}")], &[("log", -1)])]),
        );
        pushed.push(name);
        match dice.u8(..5) {
            0 => server.proxy().lose_next_replies(1),
            1 => server.proxy().lose_next_requests(1),
            2 => server.proxy().disconnect(),
            _ => {}
        }
        let deadline = std::time::Duration::from_millis(200);
        let Ok(told) = tokio::time::timeout(deadline, remote.send(&queue)).await else {
            remote.backend.disconnect();
            continue;
        };
        let done = told.iter().filter(|verdict| verdict.lets_others_follow()).count();
        queue.drain(..done);
    }
    // What the last turns were to lose and did not, because their rounds were given up before.
    server.proxy().heal();
    let told = until_answered(&mut remote, &queue).await;
    assert!(told.iter().all(Verdict::lets_others_follow), "{}", names(&told));
    assert_eq!(remote.text("n").await, "120");
    assert_eq!(remote.query::<Vec<String>>(cmd("LRANGE").arg("log").arg(0).arg(-1)).await, pushed);
}

#[tokio::test]
async fn a_server_that_was_killed_goes_on_and_one_that_was_wiped_says_so() {
    let server = Server::start().await;
    for guarantee in [Guarantee::ExactlyOnce, Guarantee::AtLeastOnce] {
        let mut remote = Remote::of(connect(&server.url()));
        remote.guarantee = guarantee;
        let round = remote.round(vec![adds("n", 1, -1)]);
        assert_eq!(names(&remote.send(&round).await), "Applied");
        server.kill().await;
        let round = remote.round(vec![adds("n", 1, -1), sets("a", "1")]);
        assert_eq!(names(&remote.send(&round).await), "Again Again");
        server.restart_with_data().await;
        assert_eq!(names(&until_answered(&mut remote, &round).await), "Applied Applied");
        assert_eq!(remote.text("n").await, "2");
        server.restart_wiped().await;
        let round = remote.round(vec![adds("n", 1, -1)]);
        assert_eq!(names(&until_answered(&mut remote, &round).await), "LostData");
        assert_eq!(remote.text("n").await, "(none)");
    }
}

/// Sends a round until it is answered: the connection may still be the old one.
async fn until_answered(remote: &mut Remote, round: &[Arc<Entry>]) -> Vec<Verdict> {
    let mut told = remote.send(round).await;
    for _ in 0..6_000 {
        if !matches!(told.first(), Some(Verdict::Again(_))) {
            break;
        }
        tokio::time::sleep(std::time::Duration::from_millis(10)).await;
        told = remote.send(round).await;
    }
    told
}

#[tokio::test]
async fn a_thousand_entries_of_every_form_are_carried_out_and_skipped() {
    let server = ServerOptions::new().start().await;
    let mut remote = Remote::of(connect(&server.url()));
    let effects = (0..1000).map(|at| match at % 5 {
        0 => sets(&format!("s{at}"), "v"),
        1 => adds("n", 1, -1),
        2 => effect(&["INCR n", "PERSIST n"], &[("n", -1)]),
        3 => effect(&["RPUSH l x y z"], &[("l", -1)]),
        _ => effect(&["LPUSH n x"], &[]),
    });
    let round = remote.round(effects.collect());
    let expected = ["Applied Applied Applied Applied Refused"; 200].join(" ");
    assert_eq!(names(&remote.send(&round).await), expected);
    assert_eq!(names(&remote.send(&round).await), expected.replace("Applied", "AlreadyThere"));
    assert_eq!(remote.text("n").await, "400");
    let long = effect(&[&format!("RPUSH l{}", " x".repeat(6990))], &[]);
    let round = remote.round(vec![long]);
    assert_eq!(names(&remote.send(&round).await), "Applied");
    let Value::Int(ttl) = ask(&server, "PTTL redfleet:mw:source").await else { panic!("no number") };
    assert!(ttl > 604_000_000, "{ttl}");
}

#[tokio::test]
async fn ends_of_lives_are_compared_by_the_servers_own_clock() {
    let server = ServerOptions::new().start().await;
    let mut remote = Remote::of(connect(&server.url()));
    let (seconds, _): (i64, i64) = remote.query(&cmd("TIME")).await;
    let (past, later) = ((seconds - 5) * 1000, (seconds + 1000) * 1000 + 7);
    let round = remote.round(vec![
        effect(&["SET a 1", &format!("PEXPIREAT a {later}")], &[("a", later)]),
        adds("a", 1, later),
        adds("a", 1, later + 1),
        adds("b", 1, past),
        adds("c", 1, later),
        effect(&["SREM a2 x"], &[("a2", -2)]),
    ]);
    assert_eq!(names(&remote.send(&round).await), "Applied Applied LifeDiffers Applied LifeDiffers Applied");
    assert_eq!((remote.text("a").await, remote.text("b").await), ("3".into(), "(none)".into()));
}

#[tokio::test]
async fn a_server_out_of_memory_refuses_what_needs_some_and_does_the_rest() {
    let server = ServerOptions::new().start().await;
    let mut remote = Remote::of(connect(&server.url()));
    let round = remote.round(vec![sets("a", "1")]);
    assert_eq!(names(&remote.send(&round).await), "Applied");
    ask(&server, "CONFIG SET maxmemory 1").await;
    let round = remote.round(vec![sets("b", "1")]);
    let told = remote.send(&round).await;
    let Verdict::Refused(error) = &told[0] else { panic!("{told:?}") };
    assert_eq!(error.code(), Some("OOM"), "{error}");
    let round = remote.round(vec![sets("b", "1"), effect(&["DEL a"], &[])]);
    assert_eq!(names(&remote.send(&round).await), "Refused Applied");
    assert_eq!(remote.text("a").await, "(none)");
    ask(&server, "CONFIG SET maxmemory 0").await;
    let round = remote.round(vec![sets("b", "1")]);
    assert_eq!(names(&remote.send(&round).await), "Applied");
}

#[tokio::test]
async fn a_server_that_does_not_take_writes_for_a_while_is_tried_again() {
    let server = ServerOptions::new().start().await;
    for (shut, open) in [
        ("CONFIG SET min-replicas-to-write 1", "CONFIG SET min-replicas-to-write 0"),
        ("REPLICAOF 127.0.0.1 1", "REPLICAOF NO ONE"),
    ] {
        let mut remote = Remote::of(connect(&server.url()));
        ask(&server, "FLUSHALL").await;
        ask(&server, shut).await;
        let round =
            remote.round(vec![adds("n", 1, -1), sets("a", "1"), effect(&["SET b 1", "SET c 1"], &[])]);
        let told = remote.send(&round).await;
        assert_eq!(names(&told), "Again Again Again", "{told:?}");
        ask(&server, open).await;
        assert_eq!(names(&remote.send(&round).await), "Applied Applied Applied");
        assert_eq!(remote.text("n").await, "1");
    }
}

#[tokio::test]
async fn what_a_user_may_not_do_is_refused_or_halts_the_remote_with_what_to_do() {
    let options = ServerOptions::new()
        .user("ours on >pw ~* +@all -evalsha -eval")
        .user("some on >pw ~mine:* ~redfleet:mw:* +@all")
        .user("blind on >pw ~mine:* +@all")
        .user("nodel on >pw ~* +@all -del");
    let server = options.start().await;
    let send = async |user: &str, effects| {
        let mut remote = Remote::of(connect(&server.url_as(user, "pw")));
        ask(&server, "DEL redfleet:mw:source").await;
        let round = remote.round(effects);
        remote.send(&round).await
    };
    let told = send("ours", vec![sets("a", "1"), sets("b", "1")]).await;
    assert_eq!(names(&told), "Halted Halted");
    let Verdict::Halted(error) = &told[0] else { panic!("{told:?}") };
    assert!(error.to_string().contains("Guarantee::AtLeastOnce"), "{error}");
    let mixed =
        (0..20).map(|at| sets(&format!("{}:{at}", if at == 7 { "yours" } else { "mine" }), "1")).collect();
    let told = send("some", mixed).await;
    let expected: Vec<_> = (0..20).map(|at| if at == 7 { "Refused" } else { "Applied" }).collect();
    assert_eq!(names(&told), expected.join(" "));
    let told = send("blind", vec![sets("mine:1", "1"), sets("mine:2", "1")]).await;
    assert_eq!(names(&told), "Halted Halted");
    let told = send("nodel", vec![sets("a", "1"), effect(&["DEL a"], &[]), sets("b", "1")]).await;
    assert_eq!(names(&told), "Applied Refused Applied");
}

#[tokio::test]
async fn vouched_scripts_are_carried_out_once() {
    let server = ServerOptions::new().start().await;
    let mut remote = Remote::of(connect(&server.url()));
    // A list that is there already: what a script makes anew is copied.
    assert_eq!(remote.query::<i64>(cmd("RPUSH").arg("l").arg("0!")).await, 1);
    let text = "local n = redis.call('INCR', KEYS[1])\nreturn redis.call('RPUSH', KEYS[2], n .. ARGV[1])";
    let step: Cmd = cmd("EVAL").arg(text).arg(2).arg("n").arg("l").arg("!").take();
    let mut script = effect(&["PING"], &[]);
    script.steps = vec![step];
    script.keys = vec![Arc::from(&b"n"[..]), Arc::from(&b"l"[..])];
    let bad = effect(&["EVAL nonsense( 1 n"], &[]);
    let round = remote.round(vec![adds("n", 1, -1), script, bad, adds("n", 1, -1)]);
    for _ in 0..2 {
        let told = names(&remote.send(&round).await);
        assert!(
            ["Applied Applied Refused Applied", "AlreadyThere AlreadyThere Refused AlreadyThere"]
                .contains(&&*told),
            "{told}"
        );
    }
    assert_eq!(remote.query::<Vec<String>>(cmd("LRANGE").arg("l").arg(0).arg(-1)).await, ["0!", "2!"]);
    assert_eq!(remote.text("n").await, "3");
}

#[tokio::test]
async fn in_a_cluster_each_slot_keeps_its_order_while_slots_move_and_replies_are_lost() {
    let cluster = ClusterSet::start().await;
    let mut remote = Remote::of(connect(&cluster.url()));
    let keys: Vec<String> = (0..12).map(|at| format!("{{k{}}}log{}", at % 6, at)).collect();
    let slot = cluster.slot(&keys[0]).await;
    let mut dice = fastrand::Rng::with_seed(5);
    let mut queue: Vec<Arc<Entry>> = Vec::new();
    let (mut seq, mut expected) = (0, vec![Vec::new(); keys.len()]);
    for turn in 0..60 {
        for (key, log) in keys.iter().zip(&mut expected) {
            seq += 1;
            log.push(seq.to_string());
            let lane = Slot::of_key(key.as_bytes()).index();
            queue.push(entry(seq, lane, effect(&[&format!("RPUSH {key} {seq}")], &[(key, -1)])));
        }
        match dice.u8(..6) {
            0 => cluster.servers()[dice.usize(..3)].proxy().lose_next_replies(1),
            1 => cluster.servers()[dice.usize(..3)].proxy().disconnect(),
            _ => {}
        }
        if turn % 20 == 10 {
            let to = (cluster.owner(slot).await + 1) % 3;
            let migration = cluster.migrate(slot, to).await;
            step(&mut remote, &mut queue).await;
            migration.move_keys().await;
            step(&mut remote, &mut queue).await;
            migration.finish().await;
        }
        step(&mut remote, &mut queue).await;
    }
    for _ in 0..3_000 {
        if queue.is_empty() {
            break;
        }
        step(&mut remote, &mut queue).await;
        tokio::time::sleep(std::time::Duration::from_millis(20)).await;
    }
    assert_eq!(queue.len(), 0);
    cluster.servers().iter().for_each(|server| server.proxy().heal());
    cluster.await_whole().await;
    for (key, log) in keys.iter().zip(expected) {
        assert_eq!(remote.query::<Vec<String>>(cmd("LRANGE").arg(key).arg(0).arg(-1)).await, log, "{key}");
    }
}

/// One round of all that is queued; what is done leaves the queue.
async fn step(remote: &mut Remote, queue: &mut Vec<Arc<Entry>>) {
    let deadline = std::time::Duration::from_millis(500);
    let Ok(told) = tokio::time::timeout(deadline, remote.send(queue)).await else {
        remote.backend.overdue(deadline);
        return;
    };
    let is_right =
        |verdict: &Verdict| matches!(verdict, Verdict::Applied | Verdict::AlreadyThere | Verdict::Again(_));
    assert!(told.iter().all(is_right), "{told:?}");
    let mut done = told.iter().map(Verdict::lets_others_follow);
    queue.retain(|_| !done.next().unwrap_or_default());
}

//! Lost replies, lost requests, connections that break in the middle of a pipeline, and servers that are gone.

use std::time::Duration;

use redfleet_core::test_util::{Fault, Server, servers};
use redfleet_core::{BackendExt, Effect, connect};
use redfleet_pipe::{Deferred, Error};
use redis::cmd;
use tokio::time::{Instant, sleep};

use super::world::{DEADLINE, Ledger, PATIENCE, healed, key, pipes, stored};

/// Room for a slow machine on top of a deadline. Less than another one.
const SLACK: Duration = Duration::from_secs(4);

/// Breaks the connection now and then, in the middle of what is under way, until it is dropped.
async fn storm(server: &Server, seed: u64) -> ! {
    let mut dice = fastrand::Rng::with_seed(seed);
    loop {
        sleep(Duration::from_micros(dice.u64(200..6000))).await;
        match dice.u8(..4) {
            0 => server.proxy().lose_next_replies(1),
            1 => server.proxy().lose_next_requests(1),
            2 => server.proxy().disconnect(),
            _ => {
                let (requests, replies) = (Duration::from_millis(2), Duration::from_millis(2));
                server.proxy().set(Fault::Delay { requests, replies });
                sleep(Duration::from_millis(5)).await;
                server.proxy().set(Fault::None);
            }
        }
    }
}

#[tokio::test]
async fn no_increment_is_ever_applied_twice_and_what_was_told_is_what_happened() {
    let server = servers(1).await.remove(0);
    let pipes = pipes([("only", &server)]);
    let (counter, single) = (key("n"), key("single"));
    let mut ledger = Ledger::default();
    let mut singles: Vec<(String, Result<i64, Error>)> = Vec::new();
    let started = Instant::now();
    let work = async {
        for round in 0.. {
            // On a machine that is slower than the storm, it takes longer until enough has come through.
            let is_enough = ledger.told > 1000 && ledger.unknown > 100 || started.elapsed() > PATIENCE;
            if round >= 150 && is_enough {
                break;
            }
            let mut pipe = pipes.pipe();
            let counts: Vec<_> = (0..40).map(|_| pipe.incr(&counter, 1)).collect();
            let own = format!("{single}:{round}");
            let one = pipe.incr(&own, 1);
            let more: Vec<_> = (0..400).map(|_| pipe.incr(&counter, 1)).collect();
            drop(pipe.execute().await.unwrap());
            counts.into_iter().chain(more).for_each(|count| ledger.note(count.take()));
            singles.push((own, one.take()));
        }
    };
    tokio::select! { biased; () = work => {}, _ = storm(&server, 11) => {} }
    server.proxy().heal();
    healed(&pipes).await;
    ledger.judge(stored(&server, "GET", &counter).await);
    assert!(ledger.told > 1000 && ledger.unknown > 100, "the storm is one, and not the end: {ledger:?}");
    for (own, said) in singles {
        let count = stored::<Option<i64>>(&server, "GET", &own).await.unwrap_or_default();
        match said {
            Ok(said) => assert_eq!((said, count), (1, 1), "{own}"),
            Err(error) if error.effect() == Effect::None => assert_eq!(count, 0, "{own}: {error}"),
            Err(error) => assert!(count <= 1, "{own} counts {count}: {error}"),
        }
    }
}

#[tokio::test]
async fn a_block_is_whole_or_not_there_whenever_the_connection_breaks() {
    let server = servers(1).await.remove(0);
    let pipes = pipes([("only", &server)]);
    let (one, other) = (key("one"), key("other"));
    let (mut first, mut second) = (Ledger::default(), Ledger::default());
    let started = Instant::now();
    let work = async {
        for round in 0.. {
            let is_enough = first.told > 100 && first.unknown > 10 || started.elapsed() > PATIENCE;
            if round >= 150 && is_enough {
                break;
            }
            let mut pipe = pipes.pipe();
            let blocks: Vec<_> =
                (0..20).map(|_| pipe.atomic(|pipe| (pipe.incr(&one, 1), pipe.incr(&other, 1)))).collect();
            drop(pipe.execute().await.unwrap());
            for (one, other) in blocks {
                let (one, other) = (one.take(), other.take());
                assert!(
                    matches!((&one, &other), (Ok(one), Ok(other)) if one == other)
                        || one.is_err() && other.is_err()
                );
                first.note(one);
                second.note(other);
            }
        }
    };
    tokio::select! { biased; () = work => {}, _ = storm(&server, 12) => {} }
    server.proxy().heal();
    healed(&pipes).await;
    let counts: [i64; 2] = [stored(&server, "GET", &one).await, stored(&server, "GET", &other).await];
    assert_eq!(counts[0], counts[1]);
    first.judge(counts[0]);
    second.judge(counts[1]);
    assert!(first.told > 100 && first.unknown > 10, "{first:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nobody_ever_sees_half_a_block() {
    let server = servers(1).await.remove(0);
    let pipes = pipes([("only", &server)]);
    let (one, other) = (key("one"), key("other"));
    let work = async {
        for _ in 0..30 {
            // So long that the server reads it in many pieces, and serves others in between.
            let mut pipe = pipes.pipe();
            for _ in 0..2000 {
                pipe.atomic(|pipe| (pipe.incr(&one, 1), pipe.incr(&other, 1)));
            }
            pipe.execute().await.unwrap().all().unwrap();
        }
    };
    let (beside, both) = (connect(&server.direct_url()).unwrap(), [one.clone(), other.clone()]);
    // On a thread of its own, so that it looks in the midst of what is sent.
    let looks = tokio::spawn(async move {
        loop {
            let (one, other): (Option<i64>, Option<i64>) =
                beside.query(cmd("MGET").arg(&both)).await.unwrap();
            assert_eq!(one, other);
        }
    });
    work.await;
    assert!(!looks.is_finished(), "it saw half a block: {:?}", looks.await);
    looks.abort();
    assert_eq!(stored::<i64>(&server, "GET", &one).await, 60_000);
}

#[tokio::test]
async fn what_is_idempotent_is_repeated_and_answered_and_its_neighbours_are_not_repeated() {
    let server = servers(1).await.remove(0);
    let pipes = pipes([("only", &server)]);
    let (counter, value) = (key("n"), key("value"));
    let mut ledger = Ledger::default();
    for round in 0..30_i64 {
        healed(&pipes).await;
        if round % 3 == 0 {
            server.proxy().lose_next_requests(1);
        } else {
            server.proxy().lose_next_replies(1);
        }
        let mut pipe = pipes.pipe();
        let count = pipe.incr(&counter, 1);
        let (set, read) = pipe.idempotent(|pipe| (pipe.set(&value, round), pipe.get::<i64>(&value)));
        drop(pipe.execute().await.unwrap());
        set.take().unwrap();
        assert_eq!(read.take().unwrap(), Some(round));
        ledger.note(count.take());
    }
    ledger.judge(stored(&server, "GET", &counter).await);
    assert_eq!((ledger.told, ledger.unknown), (0, 30));
}

#[tokio::test]
async fn a_connection_that_is_dead_or_cut_in_the_middle_poisons_only_its_own_commands() {
    let trio = servers(3).await;
    let names = ["a", "b", "c"];
    let pipes = pipes(names.into_iter().zip(&trio));
    let counter = key("n");
    for (round, fault) in [Fault::Cut, Fault::LoseReplies, Fault::Garbage].into_iter().enumerate() {
        let mut pipe = pipes.pipe();
        let counts: Vec<Deferred<i64>> =
            (0..300).map(|at| pipe.on(names[at % 3]).incr(&counter, 1)).collect();
        trio[1].proxy().set(fault);
        let summary = pipe.execute().await.unwrap();
        trio[1].proxy().heal();
        assert_eq!((summary.commands(), summary.failures()), (300, 100), "{fault:?}");
        for (at, count) in counts.into_iter().enumerate() {
            match at % 3 {
                1 => drop(count.take().unwrap_err()),
                _ => assert_eq!(count.take().unwrap(), i64::try_from(round * 100 + at / 3 + 1).unwrap()),
            }
        }
    }
    let applied: i64 = stored::<Option<i64>>(&trio[1], "GET", &counter).await.unwrap_or_default();
    assert!(
        applied <= 200,
        "{applied}: of the three rounds, only the lost replies may have been carried out"
    );
}

#[tokio::test]
async fn a_hung_connection_costs_one_deadline_and_the_others_nothing() {
    let pair = servers(2).await;
    let pipes = pipes(["sound", "hung"].into_iter().zip(&pair));
    let counter = key("n");
    pipes.run(|pipe| [pipe.incr(&counter, 1), pipe.on("hung").incr(&counter, 1)]).await.unwrap();
    pair[1].proxy().set(Fault::Hang);
    let started = Instant::now();
    let mut pipe = pipes.pipe();
    let sound = pipe.incr(&counter, 1);
    let hung: Vec<_> = (0..10).map(|_| pipe.on("hung").incr(&counter, 1)).collect();
    pipe.on("hung").idempotent(|pipe| pipe.set(&counter, 7));
    drop(pipe.execute().await.unwrap());
    let took = started.elapsed();
    assert!(took >= DEADLINE && took < DEADLINE + SLACK, "{took:?}");
    assert_eq!(sound.take().unwrap(), 2);
    assert!(hung.iter().all(|count| count.get().unwrap_err().effect() == Effect::Unknown));
    pair[1].proxy().heal();
}

#[tokio::test]
async fn a_server_that_is_killed_in_the_middle_of_a_long_pipeline_is_told_as_it_was() {
    let server = Server::start().await;
    let pipes = pipes([("only", &server)]);
    let counter = key("n");
    let mut pipe = pipes.pipe();
    let counts: Vec<_> = (0..60_000).map(|_| pipe.incr(&counter, 1)).collect();
    let (summary, ()) = tokio::join!(pipe.execute(), async {
        sleep(Duration::from_millis(30)).await;
        server.kill().await;
    });
    let failures = summary.unwrap().failures();
    let mut ledger = Ledger::default();
    counts.into_iter().for_each(|count| ledger.note(count.take()));
    assert_eq!(ledger.last, ledger.told, "what was told is a beginning of what was sent");
    assert_eq!(usize::try_from(ledger.sent - ledger.told).unwrap(), failures);
}

//! One handle for many tasks: their commands share executions, and nobody is delayed.

use std::pin::pin;
use std::task::Poll;
use std::time::Duration;

use futures::future::{join_all, try_join_all};
use futures::poll;
use redfleet_core::redis::{Cmd, cmd};
use redfleet_core::test_util::{Proxy, Wire};
use redfleet_core::{Breaker, Embedded, Layer};
use redfleet_pipe::{AutoPipe, Error, Pipes};

async fn wire() -> redfleet_core::Result<(Wire, AutoPipe)> {
    let server = Wire::saying(":1\r\n");
    let node = server.backend();
    node.identify().await?;
    Ok((server, Pipes::new(node).auto()))
}

#[tokio::test]
async fn a_thousand_tasks_share_few_round_trips() {
    let (server, auto) = wire().await.unwrap();
    let (commands, round_trips) = (server.commands(), server.round_trips());
    let tasks = (0..1000).map(|number: i64| {
        let auto = auto.clone();
        tokio::spawn(async move { auto.add::<i64>(Cmd::incr(number, 1)).await })
    });
    for count in join_all(tasks).await {
        assert_eq!(count.unwrap().unwrap(), 1);
    }
    assert_eq!(server.commands() - commands, 1000);
    let round_trips = server.round_trips() - round_trips;
    assert!(round_trips <= 4, "the first alone, and the others together: {round_trips}");
}

#[tokio::test]
async fn one_caller_alone_sends_at_once_in_its_own_task() {
    let node = Embedded::builder().build();
    let auto = Pipes::new(std::sync::Arc::new(node)).auto();
    // An embedded node answers in the very poll that asks: so a single poll is enough, if nothing is put off.
    let answer = {
        let mut call = pin!(auto.add::<i64>(Cmd::incr("n", 1)));
        poll!(call.as_mut())
    };
    assert!(matches!(answer, Poll::Ready(Ok(1))), "{answer:?}");
}

#[tokio::test]
async fn each_caller_gets_its_own_reply_and_its_own_error() {
    let auto = Pipes::connect("embedded://auto-errors").unwrap().auto();
    auto.add::<()>(Cmd::set("text", "x")).await.unwrap();
    let calls = (0..200_i64).map(|number| {
        let auto = auto.clone();
        async move {
            if number % 10 == 9 {
                assert_eq!(auto.add::<i64>(Cmd::incr("text", 1)).await.unwrap_err().code(), Some("ERR"));
            } else {
                assert_eq!(auto.add::<i64>(cmd("ECHO").arg(number).take()).await.unwrap(), number);
            }
        }
    });
    join_all(calls).await;
}

#[tokio::test]
async fn a_caller_that_goes_away_takes_no_other_command_with_it() {
    let (server, auto) = wire().await.unwrap();
    let mut first = pin!(auto.add::<i64>(Cmd::incr("first", 1)));
    assert!(poll!(first.as_mut()).is_pending());
    {
        let mut collector = pin!(auto.add::<i64>(Cmd::incr("gone", 1)));
        assert!(poll!(collector.as_mut()).is_pending());
        let mut other = Box::pin(auto.add::<i64>(Cmd::incr("other", 1)));
        assert!(poll!(other.as_mut()).is_pending());
        // The one that was to see to the sending is dropped here; the other one stays.
        tokio::spawn({
            let auto = auto.clone();
            async move { auto.add::<i64>(Cmd::incr("late", 1)).await }
        });
        drop(collector);
        assert_eq!(other.await.unwrap(), 1);
    }
    assert_eq!(first.await.unwrap(), 1);
    assert!(server.commands() > 3);
}

#[tokio::test]
async fn what_is_refused_is_refused_to_its_caller_alone() {
    let auto = Pipes::connect("embedded://auto-refused").unwrap().auto();
    let (wrong, right) = futures::future::join(
        auto.run(|pipe| pipe.on("nowhere").incr("n", 1)),
        auto.run(|pipe| pipe.incr("n", 1)),
    )
    .await;
    assert!(matches!(wrong, Err(Error::UnknownConnection { .. })));
    assert_eq!(right.unwrap(), 1);
}

#[tokio::test]
async fn a_hung_server_costs_every_caller_one_deadline_and_no_more_are_taken_than_can_wait() {
    let server = Wire::saying(":1\r\n");
    let addr = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let proxy = Proxy::start(addr.local_addr().unwrap()).unwrap();
    drop(server);
    // Nobody accepts: the login hangs.
    let node = Breaker::default().layer(redfleet_core::connect(&proxy.url()).unwrap());
    let pipes =
        Pipes::builder().connection("hung", node).deadline(Duration::from_millis(100)).build().unwrap();
    let auto = pipes.auto();
    let calls = (0..50).map(|_| auto.add::<i64>(Cmd::incr("n", 1)));
    for answer in join_all(calls).await {
        assert!(matches!(answer, Err(Error::Command { .. } | Error::NotSent { .. })), "{answer:?}");
    }
    assert!(try_join_all([auto.add::<i64>(Cmd::incr("n", 1))]).await.is_err());
}

//! What a call costs in round trips, counted on the wire.

use futures::FutureExt;
use redfleet_core::test_util::Wire;
use redfleet_core::{BackendExt, Batch, Breaker, Fleet, Handle, Layer, Policy, Result};
use redis::{Value, cmd};

fn batch(commands: usize) -> Batch {
    (0..commands).map(|place| cmd("SET").arg(place).arg("v").take()).collect()
}

fn oks(replies: &[Result<Value>]) -> usize {
    replies.iter().filter(|reply| matches!(reply, Ok(Value::Okay))).count()
}

/// How many commands and round trips `work` costs on a connection that is up.
async fn cost(server: &Wire, work: impl Future<Output = ()>) -> (usize, usize) {
    let (commands, round_trips) = (server.commands(), server.round_trips());
    work.await;
    (server.commands() - commands, server.round_trips() - round_trips)
}

#[tokio::test]
async fn one_command_is_one_round_trip_through_every_layer_and_handle() -> Result<()> {
    let server = Wire::saying("+OK\r\n");
    let node = Breaker::default().layer(server.backend());
    node.identify().await?;
    let set = async || assert_eq!(node.call(cmd("SET").arg("k").arg("v")).await.unwrap(), Value::Okay);
    assert_eq!(cost(&server, set()).await, (1, 1));
    let typed = async || {
        let mut handle = Handle::new(node.clone());
        cmd("SET").arg("k").arg("v").exec_async(&mut handle).await.unwrap();
    };
    assert_eq!(cost(&server, typed()).await, (1, 1));
    Ok(())
}

#[tokio::test]
async fn the_first_command_costs_the_login_and_the_question_who_is_there() -> Result<()> {
    let server = Wire::saying("+OK\r\n");
    server.backend().call(cmd("SET").arg("k").arg("v")).await?;
    assert_eq!((server.commands(), server.round_trips()), (6, 3)); // HELLO and twice CLIENT SETINFO; INFO and CLIENT ID; SET
    Ok(())
}

#[tokio::test]
async fn a_fence_costs_nothing_where_nothing_was_lost_and_else_one_round_trip_on_a_connection() -> Result<()>
{
    let server = Wire::saying("+OK\r\n");
    let node = Breaker::default().layer(server.backend());
    let fence = async || node.fence().await.unwrap();
    assert_eq!(cost(&server, fence()).await, (0, 0), "not even a connection");
    node.call(&cmd("PING")).await?;
    assert_eq!(cost(&server, fence()).await, (0, 0));
    node.disconnect();
    node.identify().await?;
    assert_eq!(cost(&server, fence()).await, (0, 0), "lost with nothing in flight");
    for _ in 0..3 {
        node.identify().await?;
        assert!(node.call(&cmd("PING")).now_or_never().is_none(), "given up");
        node.disconnect();
    }
    node.identify().await?;
    assert_eq!(cost(&server, fence()).await, (3, 1), "one for all");
    assert_eq!(cost(&server, fence()).await, (0, 0), "and never again");
    Ok(())
}

#[tokio::test]
async fn a_batch_is_one_round_trip_however_long_it_is() -> Result<()> {
    let server = Wire::saying("+OK\r\n");
    let node = Breaker::default().layer(server.backend());
    node.identify().await?;
    for commands in [1, 2, 1000] {
        let run = async || assert_eq!(oks(&node.send_batch(&batch(commands)).await.unwrap()), commands);
        assert_eq!(cost(&server, run()).await, (commands, 1));
    }
    Ok(())
}

#[tokio::test]
async fn an_atomic_batch_is_one_round_trip() -> Result<()> {
    let server = Wire::saying("+OK\r\n");
    let node = server.backend();
    node.identify().await?;
    let run = async || assert_eq!(oks(&node.send_batch(&batch(100).atomic()).await.unwrap()), 100);
    assert_eq!(cost(&server, run()).await, (102, 1)); // MULTI and EXEC
    Ok(())
}

#[tokio::test]
async fn a_batch_with_blocks_is_one_round_trip() -> Result<()> {
    let server = Wire::saying("+OK\r\n");
    let node = server.backend();
    node.identify().await?;
    let mut batch = batch(100);
    batch.make_atomic(10..20);
    batch.make_atomic(20..30);
    let run = async || assert_eq!(oks(&node.send_batch(&batch).await.unwrap()), 100);
    assert_eq!(cost(&server, run()).await, (104, 1)); // MULTI and EXEC, twice
    Ok(())
}

#[tokio::test]
async fn an_empty_batch_costs_nothing_not_even_a_connection() -> Result<()> {
    let server = Wire::saying("+OK\r\n");
    let node = Breaker::default().layer(server.backend());
    for empty in [Batch::new(), Batch::new().atomic()] {
        assert!(node.call_batch(&empty).await?.is_empty());
        assert!(node.send_batch(&empty).await?.is_empty());
    }
    assert_eq!((server.commands(), server.round_trips()), (0, 0));
    Ok(())
}

#[tokio::test]
async fn a_fan_out_is_one_round_trip_a_node() -> Result<(), Box<dyn std::error::Error>> {
    let servers = ["n0", "n1", "n2"].map(|name| (name, Wire::saying("+OK\r\n")));
    let nodes =
        servers.iter().fold(Fleet::builder(), |fleet, (name, server)| fleet.node(*name, server.backend()));
    let fleet = nodes.build()?;
    let set =
        || fleet.run(Policy::All, |node| async move { node.query::<()>(cmd("SET").arg("k").arg("v")).await });
    assert!(set().await.is_reached());
    let counts = || servers.iter().map(|(_, server)| (server.commands(), server.round_trips()));
    let before: Vec<_> = counts().collect();
    assert!(set().await.is_reached());
    for ((commands, round_trips), before) in counts().zip(before) {
        assert_eq!((commands - before.0, round_trips - before.1), (1, 1));
    }
    Ok(())
}

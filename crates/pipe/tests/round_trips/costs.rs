//! Each way to queue, and what it costs.

use redfleet_core::Script;
use redfleet_core::test_util::{Scripted, Wire};
use redfleet_pipe::{Error, Pipe, Pipes, Result};
use redis::{Value, cmd};

/// A connection that is up.
async fn wire() -> (Wire, Pipes) {
    let server = Wire::saying(":1\r\n");
    let node = server.backend();
    node.identify().await.unwrap();
    (server, Pipes::new(node))
}

/// How many commands and round trips `work` costs.
async fn cost(server: &Wire, work: impl Future<Output = ()>) -> (usize, usize) {
    let (commands, round_trips) = (server.commands(), server.round_trips());
    work.await;
    (server.commands() - commands, server.round_trips() - round_trips)
}

/// What a pipe costs in which this is queued.
async fn cost_of<R>(queue: impl FnOnce(&mut Pipe) -> R) -> (usize, usize) {
    let (server, pipes) = wire().await;
    let mut pipe = pipes.pipe();
    queue(&mut pipe);
    cost(&server, async { drop(pipe.execute().await) }).await
}

#[tokio::test]
async fn any_number_of_commands_is_one_round_trip() {
    for commands in [1, 2, 1000] {
        let queue = |pipe: &mut Pipe| (0..commands).for_each(|_| drop(pipe.incr("n", 1)));
        assert_eq!(cost_of(queue).await, (commands, 1));
    }
}

#[tokio::test]
async fn one_round_trip_for_each_connection_that_has_commands() {
    let servers = [(); 3].map(|()| Wire::saying(":1\r\n"));
    let mut pipes = Pipes::builder();
    for (name, server) in ["a", "b", "c"].into_iter().zip(&servers) {
        let node = server.backend();
        node.identify().await.unwrap();
        pipes = pipes.connection(name, node);
    }
    let pipes = pipes.build().unwrap();
    let before = servers.each_ref().map(|server| (server.commands(), server.round_trips()));
    let run = pipes.run(|pipe| {
        let [one, two, three, four] = ["a", "c", "c", "a"].map(|name| pipe.on(name).incr("n", 1));
        (one, two, three, four)
    });
    run.await.unwrap();
    let costs: Vec<_> = servers
        .iter()
        .zip(before)
        .map(|(server, (commands, round_trips))| {
            (server.commands() - commands, server.round_trips() - round_trips)
        })
        .collect();
    assert_eq!(costs, [(2, 1), (0, 0), (2, 1)]);
}

#[tokio::test]
async fn nothing_queued_is_nothing_sent() {
    assert_eq!(cost_of(|_| ()).await, (0, 0));
    assert_eq!(cost_of(|pipe| pipe.on_execute(|| ())).await, (0, 0));
    assert_eq!(cost_of(|pipe| pipe.atomic(|_| ())).await, (0, 0));
    let taken_back = |pipe: &mut Pipe| {
        pipe.nest(|pipe| -> Result<()> {
            pipe.incr("n", 1);
            Err(Error::Dropped)
        })
    };
    assert_eq!(cost_of(taken_back).await, (0, 0));
    assert_eq!(cost_of(|pipe| drop(pipe.on("nowhere").incr("n", 1))).await, (0, 0));
    let cleared = |pipe: &mut Pipe| {
        pipe.incr("n", 1);
        pipe.clear();
    };
    assert_eq!(cost_of(cleared).await, (0, 0));
}

#[tokio::test]
async fn two_executions_send_once() {
    let (server, pipes) = wire().await;
    let mut pipe = pipes.pipe();
    pipe.incr("n", 1);
    let twice = async {
        pipe.execute().await.unwrap().all().unwrap();
        pipe.execute().await.unwrap().all().unwrap();
    };
    assert_eq!(cost(&server, twice).await, (1, 1));
}

#[tokio::test]
async fn nested_scopes_cost_nothing_more() {
    let nested = |pipe: &mut Pipe| {
        pipe.incr("n", 1);
        pipe.nest(|pipe| {
            pipe.incr("n", 1);
            pipe.nest(|pipe| {
                pipe.incr("n", 1);
                pipe.nest(|pipe| Ok::<_, Error>(pipe.incr("n", 1)))
            })
        })
    };
    assert_eq!(cost_of(nested).await, (4, 1));
}

#[tokio::test]
async fn blocks_cost_their_multi_and_exec_and_no_round_trip() {
    let blocks = |pipe: &mut Pipe| {
        pipe.incr("n", 1);
        pipe.atomic(|pipe| (pipe.incr("n", 1), pipe.atomic(|pipe| pipe.incr("n", 1))));
        pipe.incr("n", 1);
        pipe.idempotent(|pipe| pipe.atomic(|pipe| pipe.incr("n", 1)));
    };
    assert_eq!(cost_of(blocks).await, (5 + 2 * 2, 1));
}

#[tokio::test]
async fn a_script_is_one_command_and_goes_with_its_text_only_the_first_time() {
    let node =
        Scripted::new().with_run_id("r").on("EVAL", ":1\r\n").on("EVALSHA", ":2\r\n").on("INCRBY", ":3\r\n");
    let pipes = Pipes::new(node.shared());
    let call = Script::new("return 1").key("k");
    for (round, expected) in [(1, 1), (2, 2), (3, 2)] {
        let said = pipes.run(|pipe| (pipe.script::<i64>(&call), pipe.incr("n", 1))).await.unwrap();
        assert_eq!((said, node.round_trips()), ((expected, 3), round));
    }
    let names: Vec<_> =
        node.sent().iter().filter_map(|text| Some(text.split(' ').next()?.to_owned())).collect();
    assert_eq!(names, ["EVAL", "INCRBY", "EVALSHA", "INCRBY", "EVALSHA", "INCRBY"]);
}

#[tokio::test]
async fn a_script_that_was_forgotten_costs_one_round_trip_more_for_itself_alone() {
    let forgotten = "-NOSCRIPT No matching script.\r\n";
    let node =
        Scripted::new().with_run_id("r").on("EVAL", ":1\r\n").on("EVALSHA", forgotten).on("INCRBY", ":3\r\n");
    let pipes = Pipes::new(node.shared());
    let call = Script::new("return 1").key("k");
    pipes.run(|pipe| pipe.script::<i64>(&call)).await.unwrap();
    let before = (node.sent().len(), node.round_trips());
    let calls = pipes.run(|pipe| (pipe.script::<i64>(&call), pipe.incr("n", 1), pipe.script::<i64>(&call)));
    assert_eq!(calls.await.unwrap(), (1, 3, 1));
    assert_eq!(node.round_trips() - before.1, 2);
    let sent = node.sent().split_off(before.0);
    assert_eq!(sent.iter().filter(|text| text.starts_with("INCRBY")).count(), 1, "{sent:?}");
}

#[tokio::test]
async fn a_refused_command_costs_no_round_trip_more() {
    let node = Scripted::new().on("INCRBY", ":1\r\n").on("LPUSH", "-WRONGTYPE not a list\r\n");
    let pipes = Pipes::new(node.shared());
    let mut pipe = pipes.pipe();
    pipe.incr("n", 1);
    pipe.add::<Value>(cmd("LPUSH").arg("n").arg(1).take());
    pipe.incr("n", 1);
    assert_eq!(pipe.execute().await.unwrap().failures(), 1);
    assert_eq!((node.round_trips(), node.sent().len()), (1, 3));
}

#[tokio::test]
async fn a_clone_or_a_second_look_costs_nothing() {
    let (server, pipes) = wire().await;
    let looks = async {
        let mut pipe = pipes.pipe();
        let count = pipe.incr("n", 1);
        pipe.execute().await.unwrap().all().unwrap();
        for _ in 0..10 {
            assert_eq!(count.clone().take().unwrap(), count.get().unwrap());
        }
    };
    assert_eq!(cost(&server, looks).await, (1, 1));
}

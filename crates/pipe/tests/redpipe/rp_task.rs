//! RP-TASK: what RedPipe's task manager did is tokio's here.

use std::time::Duration;

use redfleet_core::test_util::{Condition, Scripted};
use redfleet_pipe::{Error, Pipes};
use tokio::time::Instant;

const SLEEP: Duration = Duration::from_millis(300);

fn slow() -> (Scripted, Pipes) {
    let node = Scripted::new().on("INCRBY", ":1\r\n").on("LPUSH", "-WRONGTYPE not a list\r\n");
    node.set(Condition::Slow(SLEEP));
    let pipes = Pipes::builder().connection("a", node.shared()).connection("b", node.shared());
    (node, pipes.build().unwrap())
}

#[tokio::test(start_paused = true)]
async fn rp_task_a_value_comes_after_its_time_in_a_task_and_in_place() {
    let (_, pipes) = slow();
    let started = Instant::now();
    assert_eq!(pipes.run(|pipe| pipe.incr("n", 1)).await.unwrap(), 1);
    assert_eq!(started.elapsed(), SLEEP);
    let own = pipes.clone();
    let task = tokio::spawn(async move { own.run(|pipe| pipe.incr("n", 1)).await });
    assert_eq!(task.await.unwrap().unwrap(), 1);
    assert_eq!(started.elapsed(), SLEEP * 2);
}

#[tokio::test(start_paused = true)]
async fn rp_task_two_connections_take_the_time_of_one() {
    let (_, pipes) = slow();
    let started = Instant::now();
    assert_eq!(pipes.run(|pipe| ["a", "b"].map(|name| pipe.on(name).incr("n", 1))).await.unwrap(), [1, 1]);
    assert_eq!(started.elapsed(), SLEEP);
}

#[tokio::test(start_paused = true)]
async fn rp_task_an_error_is_raised_where_the_result_is_asked_for() {
    let (_, pipes) = slow();
    let task = tokio::spawn(async move { pipes.run(|pipe| pipe.lpush("n", 1)).await });
    let error = task.await.unwrap().unwrap_err();
    assert!(matches!(error, Error::Command { .. }) && error.code() == Some("WRONGTYPE"));
}

//! A pipeline of a million commands.

use std::sync::Arc;
use std::sync::atomic::Ordering;

use redfleet_pipe::Pipes;

use super::counting::Counting;

const COMMANDS: usize = 1_000_000;
const BATCH: usize = 10_000;

#[tokio::test]
async fn a_million_commands_are_a_hundred_batches_in_order_and_what_is_encoded_at_a_time_is_bounded() {
    let node = Arc::new(Counting::default());
    let pipes = Pipes::builder().connection("only", Arc::clone(&node) as _).build().unwrap();
    let mut pipe = pipes.pipe();
    let first = pipe.incr("n", 1);
    (2..COMMANDS).for_each(|_| drop(pipe.incr("n", 1)));
    let last = pipe.incr("n", 1);
    assert_eq!(pipe.len(), COMMANDS);
    let summary = pipe.execute().await.unwrap();
    assert_eq!((summary.commands(), summary.failures()), (COMMANDS, 0));
    assert_eq!((first.get().unwrap(), last.get().unwrap()), (0, i64::try_from(COMMANDS).unwrap() - 1));
    assert_eq!(node.batches.load(Ordering::Relaxed), COMMANDS / BATCH);
    assert_eq!(node.longest.load(Ordering::Relaxed), BATCH);
}

#[tokio::test]
async fn a_batch_has_as_many_commands_as_was_said_and_a_rest() {
    for (batch, commands, batches) in [(1, 5, 5), (7, 7, 1), (7, 8, 2), (100, 1000, 10)] {
        let node = Arc::new(Counting::default());
        let pipes =
            Pipes::builder().connection("only", Arc::clone(&node) as _).max_batch(batch).build().unwrap();
        let numbers =
            pipes.run(|pipe| (0..commands).map(|_| pipe.incr("n", 1)).collect::<Vec<_>>()).await.unwrap();
        assert!(numbers.into_iter().eq(0..commands));
        assert_eq!(node.batches.load(Ordering::Relaxed), batches);
        assert!(node.longest.load(Ordering::Relaxed) <= batch);
    }
}

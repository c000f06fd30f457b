//! Running the closures of scopes, blocks and parts, also those that panic.

use super::Pipe;
use crate::error::Error;

impl Pipe {
    /// Runs the closure of something within this pipe. If it panics, and somebody catches that, the pipe is left refused
    /// and not half a block.
    pub(super) fn within<R>(&mut self, queue: impl FnOnce(&mut Self) -> R) -> R {
        self.depth += 1;
        let depth = Depth(self);
        queue(depth.0)
    }
}

/// One closure that is running.
struct Depth<'a>(&'a mut Pipe);

impl Drop for Depth<'_> {
    fn drop(&mut self) {
        self.0.depth -= 1;
        if std::thread::panicking() {
            self.0.abandon_block();
            self.0.refuse(Error::Dropped);
        }
    }
}

#[cfg(test)]
mod tests {
    use std::panic::{AssertUnwindSafe, catch_unwind};

    use redfleet_core::test_util::Wire;

    use crate::{Error, Pipe, Pipes};

    #[tokio::test]
    async fn a_closure_that_panics_leaves_the_pipe_refused() {
        let pipes = Pipes::connect("embedded://within").unwrap();
        let mut pipe = pipes.pipe();
        let caught = catch_unwind(AssertUnwindSafe(|| {
            pipe.atomic(|pipe| {
                pipe.incr("n", 1);
                panic!("on purpose");
            })
        }));
        assert!(caught.is_err());
        pipe.incr("n", 1);
        assert!(matches!(pipe.execute().await, Err(Error::Dropped)), "half a block is not sent");
        assert_eq!(pipe.incr("n", 1).get().unwrap_err().to_string(), Error::NotExecuted.to_string());
        assert_eq!(pipe.execute().await.unwrap().commands(), 1, "and then it may be used again");
    }

    #[tokio::test]
    async fn a_block_that_panics_in_a_scope_that_is_taken_back_is_not_left_open() {
        let server = Wire::saying(":1\r\n");
        let node = server.backend();
        node.identify().await.unwrap();
        let pipes = Pipes::builder().connection("n", node).max_batch(2).build().unwrap();
        let mut pipe = pipes.pipe();
        let nested = pipe.nest(|pipe| {
            let atomic = |pipe: &mut Pipe| pipe.atomic(|_| panic!("on purpose"));
            assert!(catch_unwind(AssertUnwindSafe(|| atomic(pipe))).is_err());
            Ok::<_, Error>(())
        });
        assert!(matches!(nested, Err(Error::Dropped)), "{nested:?}");
        let before = (server.commands(), server.round_trips());
        for _ in 0..10 {
            pipe.incr("n", 1);
        }
        pipe.execute().await.unwrap().all().unwrap();
        assert_eq!(
            (server.commands() - before.0, server.round_trips() - before.1),
            (10, 5),
            "batches of two"
        );
    }
}

//! The cluster backend against servers in memory.

mod fake;
mod fences;
mod following;
mod losses;
mod placing;

use redis::{Cmd, Value};

use crate::backend::{Backend, Batch};
use crate::error::Result;

/// `INCR a`.
fn command(text: &str) -> Cmd {
    let mut command = Cmd::new();
    text.split(' ').for_each(|word| {
        command.arg(word);
    });
    command
}

fn batch(texts: &[&str]) -> Batch {
    texts.iter().map(|text| command(text)).collect()
}

async fn call(backend: &(impl Backend + ?Sized), text: &str) -> Result<Value> {
    backend.call(&command(text)).await
}

/// The numbers of a batch's replies; no errors among them.
async fn numbers(backend: &impl Backend, batch: &Batch) -> Vec<i64> {
    let replies = backend.call_batch(batch).await.unwrap();
    replies.into_iter().map(|reply| redis::from_redis_value(reply.unwrap()).unwrap()).collect()
}

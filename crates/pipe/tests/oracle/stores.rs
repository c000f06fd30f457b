//! The servers of one side: a pipe's, or the oracle's.

use std::sync::Arc;

use redfleet_core::{Backend, BackendExt, Embedded};
use redfleet_pipe::{Pipes, PipesBuilder};
use redis::{Value, cmd};

use super::case::{CONNECTIONS, KEYS, What, key_name};
use super::held::Said;

pub(crate) struct Stores {
    backends: Vec<Arc<dyn Backend>>,
}

impl Stores {
    pub(crate) fn new() -> Self {
        Self { backends: CONNECTIONS.iter().map(|_| Embedded::builder().seed(1).build().shared()).collect() }
    }

    pub(crate) fn pipes(&self, batch: usize, limit: usize) -> Pipes {
        let connections = CONNECTIONS.iter().zip(&self.backends);
        let add = |builder: PipesBuilder, (name, backend): (&&str, &Arc<dyn Backend>)| {
            builder.connection(name, Arc::clone(backend))
        };
        connections.fold(Pipes::builder().max_batch(batch).max_commands(limit), add).build().unwrap()
    }

    /// Carries one command out, alone; the reply, or the first word of the refusal.
    pub(crate) async fn carry_out(&self, connection: usize, what: What) -> Result<Value, Said> {
        let result = match what.script() {
            Some(call) => call.run::<Value>(&*self.backends[connection]).await,
            None => self.backends[connection].call(&what.command()).await,
        };
        result.map_err(|error| error.code().unwrap_or("no code").to_owned())
    }

    /// Everything that is stored.
    pub(crate) async fn contents(&self) -> Vec<Value> {
        let mut contents = Vec::new();
        for backend in &self.backends {
            for key in 0..KEYS {
                contents.push(backend.call(cmd("DUMP").arg(key_name(key))).await.unwrap());
            }
            contents.push(backend.call(&cmd("DBSIZE")).await.unwrap());
        }
        contents
    }

    /// Forgets all keys. Scripts stay: what becomes of a pipe when they do not is told in another test.
    pub(crate) async fn clear(&self) {
        for backend in &self.backends {
            backend.query::<()>(&cmd("FLUSHALL")).await.unwrap();
        }
    }
}

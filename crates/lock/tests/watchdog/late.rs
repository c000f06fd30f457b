//! A node that carries out what puts leases back, or extends them, only after a while: whatever comes meanwhile comes first.

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use redfleet_core::test_util::{Between, around};
use redfleet_core::{Backend, Batch, Embedded, Result};
use redfleet_lock::redis::{Arg, Value};
use tokio::time::sleep;

#[derive(Debug)]
pub(crate) struct Late {
    extends: Duration,
    restores: Duration,
}

impl Late {
    pub(crate) fn node(node: &Embedded, extends: Duration, restores: Duration) -> Arc<dyn Backend> {
        around(node.shared(), &Arc::new(Self { extends, restores }))
    }
}

/// Of all that is sent in batches, what puts back alone concerns the last token.
fn is_restore(batch: &Batch) -> bool {
    let is_token = |arg: Arg<&[u8]>| matches!(arg, Arg::Simple(bytes) if bytes.ends_with(b":token"));
    batch.commands().any(|command| command.args_iter().any(is_token))
}

#[async_trait]
impl Between for Late {
    async fn call_batch(&self, behind: &dyn Backend, batch: &Batch) -> Result<Vec<Result<Value>>> {
        sleep(if is_restore(batch) { self.restores } else { self.extends }).await;
        behind.call_batch(batch).await
    }
}

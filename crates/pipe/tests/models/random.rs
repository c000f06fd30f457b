//! Random writes of records, on a node in this process; `versions_models` does the same on servers.

use crate::{patches, pipes};

#[tokio::test]
async fn random_writes_of_records_mean_what_they_should() {
    patches::agree(&pipes("random"), "random", 600, 1).await;
}

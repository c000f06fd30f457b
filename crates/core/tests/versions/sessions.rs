//! What a session may do beyond the contract: its own database.

use redfleet_core::BackendExt;
use redis::cmd;

use super::world::{key, node};

#[tokio::test]
async fn a_session_that_selects_another_database_is_alone_there() {
    let (_server, node) = node().await;
    let key = key("elsewhere");
    let session = node.session(None).await.unwrap();
    session.query::<()>(cmd("SELECT").arg(1)).await.unwrap();
    session.query::<()>(cmd("SET").arg(&key).arg(1)).await.unwrap();
    assert_eq!(node.query::<i64>(cmd("EXISTS").arg(&key)).await.unwrap(), 0);
    assert_eq!(session.query::<i64>(cmd("DEL").arg(&key)).await.unwrap(), 1);
}

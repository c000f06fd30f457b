//! Published messages: who hears what, in which order, and for how long.

use std::time::Duration;

use redfleet_core::{BackendExt, Message, Messages, Topic};
use redis::cmd;
use tokio::time::timeout;

use super::world::{key, node, until};

async fn next(messages: &mut Messages) -> Message {
    timeout(Duration::from_secs(60), messages.next()).await.expect("a message comes").expect("no end")
}

#[tokio::test]
async fn each_listener_hears_its_own_topics_in_order() {
    let (_server, node) = node().await;
    let (a, b) = (key("a"), key("b"));
    let mut both = node.subscribe(&[Topic::channel(a.clone()), Topic::channel(b.clone())]).await.unwrap();
    let mut pattern = node.subscribe(&[Topic::pattern(format!("{b}*"))]).await.unwrap();
    for (channel, text) in [(&a, "1"), (&b, "2")] {
        node.query::<()>(cmd("PUBLISH").arg(channel).arg(text)).await.unwrap();
    }
    assert_eq!(next(&mut both).await, Message::published(a, None::<&str>, "1"));
    assert_eq!(next(&mut both).await, Message::published(b.clone(), None::<&str>, "2"));
    assert_eq!(next(&mut pattern).await, Message::published(b.clone(), Some(format!("{b}*")), "2"));
}

#[tokio::test]
async fn the_last_listener_that_goes_ends_the_subscription() {
    let (_server, node) = node().await;
    let channel = key("news");
    let listeners = || async {
        let (_, count): (String, i64) = node.query(cmd("PUBSUB").arg("NUMSUB").arg(&channel)).await.unwrap();
        count
    };
    let one = node.subscribe(&[Topic::channel(channel.clone())]).await.unwrap();
    let two = node.subscribe(&[Topic::channel(channel.clone())]).await.unwrap();
    assert_eq!(listeners().await, 1, "one connection, one subscription");
    drop(one);
    drop(two);
    until("nobody listens", || async { listeners().await == 0 }).await;
}

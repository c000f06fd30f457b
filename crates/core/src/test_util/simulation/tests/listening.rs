//! Listeners in a world: messages get through, gaps are told, invalidations come to their session.

use redis::cmd;
use tokio::time::{sleep, timeout};

use super::{in_worlds, ms};
use crate::test_util::simulation::{Fault, Plan, Way, Which};
use crate::{BackendExt, Kept, Message, Messages, Topic};

async fn heard(messages: &mut Messages) -> String {
    match timeout(ms(30_000), messages.next()).await.unwrap() {
        Some(Message::Published { channel, pattern, payload }) => {
            let text = |bytes: Vec<u8>| String::from_utf8(bytes).unwrap();
            let by = pattern.map_or_else(String::new, |pattern| format!(" by {}", text(pattern)));
            format!("{} {}{by}", text(channel), text(payload))
        }
        Some(Message::Invalidated { keys }) => format!("invalidated {}", keys.map_or(0, |keys| keys.len())),
        Some(Message::Gap) => "gap".into(),
        None => "end".into(),
    }
}

fn publish(channel: &str, payload: u8) -> redis::Cmd {
    cmd("PUBLISH").arg(channel).arg(payload).take()
}

#[test]
fn messages_come_in_order_to_whoever_listens() {
    in_worlds(Plan::new(), |world| async move {
        let (one, other) = (world.client(0).link(0), world.client(1).link(0));
        let mut channel = one.subscribe(&[Topic::channel("c")]).await.unwrap();
        let mut pattern = one.subscribe(&[Topic::pattern("c*")]).await.unwrap();
        for payload in 1..=3 {
            other.query::<i64>(publish("c", payload)).await.unwrap();
        }
        other.query::<i64>(publish("d", 9)).await.unwrap();
        for payload in 1..=3 {
            assert_eq!(heard(&mut channel).await, format!("c {payload}"));
            assert_eq!(heard(&mut pattern).await, format!("c {payload} by c*"));
        }
        assert!(timeout(ms(100), channel.next()).await.is_err());
    });
}

#[test]
fn a_cut_holds_messages_up_and_a_lost_connection_is_a_gap_after_which_it_goes_on() {
    in_worlds(Plan::new(), |world| async move {
        let (one, other) = (world.client(0).link(0), world.client(1).link(0));
        let mut messages = one.subscribe(&[Topic::channel("c")]).await.unwrap();
        let way = Way::Replies;
        let cut = world.inject(Fault::Cut { client: Which::One(0), node: Which::One(0), way });
        other.query::<i64>(publish("c", 1)).await.unwrap();
        assert!(timeout(ms(100), messages.next()).await.is_err());
        cut.end();
        assert_eq!(heard(&mut messages).await, "c 1");

        let down = world.inject(Fault::Restart { node: 0, kept: Kept::All });
        sleep(ms(500)).await;
        down.end();
        assert_eq!(heard(&mut messages).await, "gap");
        other.query::<i64>(publish("c", 2)).await.unwrap();
        assert_eq!(heard(&mut messages).await, "c 2");
    });
}

#[test]
fn who_listens_no_more_is_not_connected_again() {
    in_worlds(Plan::new(), |world| async move {
        let link = world.client(0).link(0);
        let messages = link.subscribe(&[Topic::channel("c")]).await.unwrap();
        drop(messages);
        world.inject(Fault::Restart { node: 0, kept: Kept::All }).end();
        sleep(ms(10_000)).await;
        assert_eq!(link.incarnation(), None);
    });
}

#[test]
fn invalidations_belong_to_a_session_and_end_with_it() {
    in_worlds(Plan::new(), |world| async move {
        let link = world.client(0).link(0);
        assert!(link.subscribe(&[Topic::Invalidations]).await.is_err());
        let session = link.session(None).await.unwrap();
        assert!(session.subscribe(&[Topic::channel("c")]).await.is_err());
        let mut messages = session.subscribe(&[Topic::Invalidations]).await.unwrap();
        world.inject(Fault::Restart { node: 0, kept: Kept::All }).end();
        assert_eq!(heard(&mut messages).await, "end");
    });
}

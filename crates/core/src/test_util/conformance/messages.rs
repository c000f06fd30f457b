//! What listeners hear of published messages.

use std::time::Duration;

use redis::cmd;
use tokio::time::{Instant, timeout};

use super::clause::{Clause, Finding, Found};
use super::subject::{Ability, Subject};
use super::trial::{Trial, holds};
use crate::{Message, Topic};

const PART: &str = "subscribe()";
/// How long a message may take before it is published once more.
const AGAIN: Duration = Duration::from_millis(500);

/// A listener hears what is published on its channels, byte for byte, and nothing else.
pub fn a_listener_hears_its_channels(subject: &Subject) -> Clause<'_> {
    let clause = Clause::new(PART, "a_listener_hears_its_channels", subject, |trial| async move {
        let [a, b, other] = ["a", "b", "other"].map(|name| trial.name(name));
        let topics = [Topic::channel(a.clone()), Topic::channel(b.clone())];
        let mut messages = trial.subscribe(trial.node(), &topics).await?;
        // One after the other: servers of a cluster pass them on in no order.
        for (channel, payload) in [(&a, &b"1"[..]), (&b, b"\0\r\n\xff"), (&a, b"")] {
            publish(trial, &other, b"not for this listener").await?;
            publish(trial, channel, payload).await?;
            let heard = trial.next(&mut messages).await?;
            is_published(&heard, channel, None, payload)?;
        }
        Ok(())
    });
    clause.needing(&[Ability::Messages])
}

/// A listener hears what is published on channels that match its pattern, and which pattern that was.
pub fn a_listener_hears_its_patterns(subject: &Subject) -> Clause<'_> {
    let clause = Clause::new(PART, "a_listener_hears_its_patterns", subject, |trial| async move {
        let pattern = trial.name("p?-*");
        let mut messages = trial.subscribe(trial.node(), &[Topic::pattern(pattern.clone())]).await?;
        for name in ["p1-news", "p2-"] {
            let channel = trial.name(name);
            publish(trial, &trial.name("p-"), b"not for this listener").await?;
            publish(trial, &channel, name.as_bytes()).await?;
            let heard = trial.next(&mut messages).await?;
            is_published(&heard, &channel, Some(&pattern), name.as_bytes())?;
        }
        Ok(())
    });
    clause.needing(&[Ability::Messages])
}

/// Each of several listeners hears a message, whatever the others listen to.
pub fn every_listener_of_a_channel_hears_each_message(subject: &Subject) -> Clause<'_> {
    let name = "every_listener_of_a_channel_hears_each_message";
    let clause = Clause::new(PART, name, subject, |trial| async move {
        let channel = trial.name("a");
        let topics = [Topic::channel(channel.clone())];
        let mut one = trial.subscribe(trial.node(), &topics).await?;
        let gone = trial.subscribe(trial.node(), &topics).await?;
        let mut two = trial.subscribe(trial.node(), &topics).await?;
        drop(gone);
        publish(trial, &channel, b"all").await?;
        for messages in [&mut one, &mut two] {
            is_published(&trial.next(messages).await?, &channel, None, b"all")?;
        }
        Ok(())
    });
    clause.needing(&[Ability::Messages])
}

/// When the connection was lost, listeners are told that they may have missed something, and hear again from then on.
pub fn a_lost_connection_is_told_as_a_gap_and_listening_goes_on(subject: &Subject) -> Clause<'_> {
    let name = "a_lost_connection_is_told_as_a_gap_and_listening_goes_on";
    let clause = Clause::new(PART, name, subject, |trial| async move {
        trial.recover().await?;
        let channel = trial.name("a");
        let mut messages = trial.subscribe(trial.node(), &[Topic::channel(channel.clone())]).await?;
        trial.disruption()?.cut().await;
        trial.recover().await?;
        let gap = trial.next(&mut messages).await?;
        holds(gap == Message::Gap, "a gap after the connection was lost", || format!("{gap:?}"))?;
        let (started, limit) = (Instant::now(), trial.subject.how_long_at_most());
        while started.elapsed() < limit {
            publish(trial, &channel, b"again").await?;
            match timeout(AGAIN, messages.next()).await {
                Ok(Some(Message::Gap)) | Err(_) => {}
                Ok(heard) => {
                    return is_published(&heard.unwrap_or(Message::Gap), &channel, None, b"again");
                }
            }
        }
        let expected = format!("to hear again within {limit:?} after a gap");
        Err(Finding { expected, seen: "nothing".into() })
    });
    clause.needing(&[Ability::Messages, Ability::Disruption])
}

async fn publish(trial: Trial<'_>, channel: &str, payload: &[u8]) -> Found {
    trial.ask::<i64>(trial.node(), cmd("PUBLISH").arg(channel).arg(payload)).await.map(drop)
}

fn is_published(heard: &Message, channel: &str, pattern: Option<&str>, payload: &[u8]) -> Found {
    let expected = Message::published(channel, pattern, payload);
    holds(*heard == expected, format!("{expected:?}"), || format!("{heard:?}"))
}

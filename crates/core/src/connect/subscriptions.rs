//! Published messages on the shared connection, kept up across reconnections.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, Weak};
use std::time::Duration;

use futures::stream::{self, Stream};
use redis::{FromRedisValue, PushInfo, PushKind, Value};
use tokio::sync::broadcast;
use tokio::time::sleep;

use super::link::Link;
use super::server::Shared;
use crate::backend::{Message, Messages, Topic};
use crate::error::{Error, Result};
use crate::lock::lock;

/// How many messages a slow listener may be behind before it hears of a [`Message::Gap`] instead.
const MAX_BEHIND: usize = 4096;
/// How soon a lost connection is tried again while somebody listens, and how late at most.
const FIRST_RETRY: Duration = Duration::from_millis(50);
const LAST_RETRY: Duration = Duration::from_secs(5);

/// What a connection's server said unasked, for any number of listeners. Clones are the same.
#[derive(Clone, Debug)]
pub(super) struct Said {
    sender: broadcast::Sender<Message>,
}

impl Default for Said {
    fn default() -> Self {
        Self { sender: broadcast::Sender::new(MAX_BEHIND) }
    }
}

impl Said {
    /// Passes on what came from the wire; what nobody can subscribe to here is left out.
    pub(super) fn take(&self, push: PushInfo) {
        if let Some(message) = message(push) {
            self.tell(message);
        }
    }

    fn tell(&self, message: Message) {
        // Nobody may be listening, and that is fine.
        self.sender.send(message).ok();
    }

    pub(super) fn listener(&self) -> broadcast::Receiver<Message> {
        self.sender.subscribe()
    }
}

/// Who listens to what.
#[derive(Debug, Default)]
pub(super) struct Subscriptions {
    said: Said,
    /// How many listeners each topic has.
    topics: Mutex<BTreeMap<Vec<u8>, Counts>>,
    /// How many listeners have been told that they hear: they are told of gaps from then on.
    listening: AtomicUsize,
    /// Held while the server is told, so that a SUBSCRIBE and an UNSUBSCRIBE keep their order.
    telling: tokio::sync::Mutex<()>,
}

/// Listeners of one name: as a channel, and as a pattern.
#[derive(Debug, Default)]
struct Counts {
    channel: usize,
    pattern: usize,
}

impl Subscriptions {
    pub(super) fn said(&self) -> Said {
        self.said.clone()
    }

    pub(super) async fn subscribe(&self, server: &Arc<Shared>, topics: &[Topic]) -> Result<Messages> {
        if topics.contains(&Topic::Invalidations) {
            let instead = "tracking belongs to one connection: use a session";
            return Err(Error::unsupported("listening to invalidations", instead));
        }
        let listener = self.said.listener();
        let mut interest = Interest::new(server, topics);
        let link = server.link().await?;
        if !link.speaks_resp3() {
            return Err(Error::unsupported("SUBSCRIBE", "the server must speak RESP3"));
        }
        let telling = self.telling.lock().await;
        let (channels, patterns) = names(topics);
        link.subscribe(&channels, &patterns).await?;
        drop(telling);
        interest.hears();
        let messages = listen(listener, topics.to_vec());
        Ok(Messages::new(stream::unfold((Box::pin(messages), interest), |(mut messages, interest)| async {
            let message = stream::StreamExt::next(&mut messages).await?;
            Some((message, (messages, interest)))
        })))
    }

    /// Tells a new connection all that is listened to, and the listeners that they may have missed something.
    pub(super) async fn renew(&self, link: &Link) -> Result<()> {
        let telling = self.telling.lock().await;
        let topics = self.wanted();
        if topics.is_empty() || !link.speaks_resp3() {
            return Ok(());
        }
        let (channels, patterns) = names(&topics);
        match link.subscribe(&channels, &patterns).await {
            // What one listener may not hear must not keep everybody else from the server.
            Ok(()) | Err(Error::Refused { .. }) => {}
            Err(error) => return Err(error),
        }
        drop(telling);
        if self.listening.load(Ordering::Acquire) > 0 {
            self.said.tell(Message::Gap);
        }
        Ok(())
    }

    /// The connection ended: while somebody listens, a new one is made without waiting for the next call.
    pub(super) fn on_link_lost(&self, server: &Arc<Shared>) {
        if self.wanted().is_empty() {
            return;
        }
        // The connection may end because its runtime does: then the next call makes a new one.
        let Ok(runtime) = tokio::runtime::Handle::try_current() else { return };
        let server = Arc::downgrade(server);
        runtime.spawn(async move {
            let mut pause = FIRST_RETRY;
            loop {
                sleep(pause).await;
                let Some(server) = server.upgrade() else { return };
                if server.subscriptions().wanted().is_empty() || server.link().await.is_ok() {
                    return;
                }
                pause = (pause * 2).min(LAST_RETRY);
            }
        });
    }

    fn wanted(&self) -> Vec<Topic> {
        let topics = self.topics();
        let channels = topics.iter().filter(|(_, counts)| counts.channel > 0);
        let patterns = topics.iter().filter(|(_, counts)| counts.pattern > 0);
        let channels = channels.map(|(name, _)| Topic::channel(name.clone()));
        channels.chain(patterns.map(|(name, _)| Topic::pattern(name.clone()))).collect()
    }

    fn topics(&self) -> MutexGuard<'_, BTreeMap<Vec<u8>, Counts>> {
        lock(&self.topics)
    }

    /// Counts one listener more, or one less, of each topic.
    fn count(&self, topics: &[Topic], change: impl Fn(usize) -> usize) {
        let mut counts = self.topics();
        for topic in topics {
            match topic {
                Topic::Channel(name) => {
                    let count = &mut counts.entry(name.clone()).or_default().channel;
                    *count = change(*count);
                }
                Topic::Pattern(name) => {
                    let count = &mut counts.entry(name.clone()).or_default().pattern;
                    *count = change(*count);
                }
                Topic::Invalidations => {}
            }
        }
        counts.retain(|_, counts| counts.channel + counts.pattern > 0);
    }

    /// Tells the server about those of `topics` that nobody listens to any more.
    async fn forget(&self, server: &Shared, topics: &[Topic]) {
        let _telling = self.telling.lock().await;
        let wanted = self.wanted();
        let unwanted: Vec<_> = topics.iter().filter(|topic| !wanted.contains(topic)).cloned().collect();
        let (channels, patterns) = names(&unwanted);
        if let Some(link) = server.up() {
            link.unsubscribe(&channels, &patterns).await;
        }
    }
}

/// One listener's interest, until it is dropped.
struct Interest {
    server: Weak<Shared>,
    topics: Vec<Topic>,
    is_listening: bool,
}

impl Interest {
    fn new(server: &Arc<Shared>, topics: &[Topic]) -> Self {
        server.subscriptions().count(topics, |count| count + 1);
        Self { server: Arc::downgrade(server), topics: topics.to_vec(), is_listening: false }
    }

    /// The server has confirmed it.
    fn hears(&mut self) {
        if let Some(server) = self.server.upgrade() {
            server.subscriptions().listening.fetch_add(1, Ordering::AcqRel);
            self.is_listening = true;
        }
    }
}

impl Drop for Interest {
    fn drop(&mut self) {
        let Some(server) = self.server.upgrade() else { return };
        let topics = std::mem::take(&mut self.topics);
        if self.is_listening {
            server.subscriptions().listening.fetch_sub(1, Ordering::AcqRel);
        }
        server.subscriptions().count(&topics, |count| count.saturating_sub(1));
        if let Ok(runtime) = tokio::runtime::Handle::try_current() {
            runtime.spawn(async move { server.subscriptions().forget(&server, &topics).await });
        }
    }
}

/// Of all that is said, what belongs to `topics`.
pub(crate) fn listen(
    listener: broadcast::Receiver<Message>,
    topics: Vec<Topic>,
) -> impl Stream<Item = Message> + Send {
    stream::unfold((listener, topics), |(mut listener, topics)| async move {
        loop {
            let message = match listener.recv().await {
                Ok(message) => message,
                Err(broadcast::error::RecvError::Lagged(_)) => Message::Gap,
                Err(broadcast::error::RecvError::Closed) => return None,
            };
            if topics.iter().any(|topic| is_about(&message, topic)) {
                return Some((message, (listener, topics)));
            }
        }
    })
}

fn is_about(message: &Message, topic: &Topic) -> bool {
    match (message, topic) {
        (Message::Gap, _) | (Message::Invalidated { .. }, Topic::Invalidations) => true,
        (Message::Published { channel, pattern: None, .. }, Topic::Channel(name)) => channel == name,
        (Message::Published { pattern: Some(pattern), .. }, Topic::Pattern(name)) => pattern == name,
        (Message::Published { .. } | Message::Invalidated { .. }, _) => false,
    }
}

/// The channels and the patterns among `topics`.
fn names(topics: &[Topic]) -> (Vec<&[u8]>, Vec<&[u8]>) {
    let (mut channels, mut patterns) = (Vec::new(), Vec::new());
    for topic in topics {
        match topic {
            Topic::Channel(name) => channels.push(&**name),
            Topic::Pattern(name) => patterns.push(&**name),
            Topic::Invalidations => {}
        }
    }
    (channels, patterns)
}

fn message(push: PushInfo) -> Option<Message> {
    let PushInfo { kind, data } = push;
    let mut data = data.into_iter();
    let mut bytes = || data.next().and_then(|value| Vec::<u8>::from_redis_value(value).ok());
    match kind {
        PushKind::Message => Some(Message::Published { channel: bytes()?, pattern: None, payload: bytes()? }),
        PushKind::PMessage => {
            let pattern = Some(bytes()?);
            Some(Message::Published { channel: bytes()?, pattern, payload: bytes()? })
        }
        PushKind::Invalidate => {
            let keys = data.next().filter(|keys| *keys != Value::Nil);
            let keys = keys.map(Vec::from_redis_value).transpose().ok()?;
            Some(Message::Invalidated { keys })
        }
        // Confirmations are replies, and what newer servers may say nobody has asked for.
        PushKind::Disconnection
        | PushKind::Subscribe
        | PushKind::PSubscribe
        | PushKind::SSubscribe
        | PushKind::Unsubscribe
        | PushKind::PUnsubscribe
        | PushKind::SUnsubscribe
        | PushKind::SMessage
        | PushKind::Other(_)
        | _ => None,
    }
}

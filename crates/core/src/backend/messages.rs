//! What a server says unasked: published messages and invalidated keys.

use std::fmt;
use std::pin::Pin;
use std::task::{Context, Poll};

use futures::stream::{BoxStream, Stream, StreamExt};

/// What one wants to hear of.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Topic {
    /// Messages published on this channel.
    Channel(Vec<u8>),
    /// Messages published on the channels that match this glob pattern.
    Pattern(Vec<u8>),
    /// Keys that CLIENT TRACKING of this very connection says are no longer valid. Only on a session.
    Invalidations,
}

impl Topic {
    /// Messages published on `name`.
    pub fn channel(name: impl Into<Vec<u8>>) -> Self {
        Self::Channel(name.into())
    }

    /// Messages published on the channels that match the glob `pattern`.
    pub fn pattern(pattern: impl Into<Vec<u8>>) -> Self {
        Self::Pattern(pattern.into())
    }
}

/// One thing that the server said unasked. Its `Debug` tells the sizes of what was said, and not what.
#[derive(Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Message {
    /// Somebody published.
    #[non_exhaustive]
    Published {
        /// The channel it was published on.
        channel: Vec<u8>,
        /// The pattern that matched, if one was subscribed to.
        pattern: Option<Vec<u8>>,
        /// The message itself.
        payload: Vec<u8>,
    },
    /// These keys changed; with none named, all of them did.
    #[non_exhaustive]
    Invalidated {
        /// The keys, or none if the whole database was flushed.
        keys: Option<Vec<Vec<u8>>>,
    },
    /// Messages may have been missed here: the connection was lost and made anew, or the listener was too
    /// slow. Whoever must not miss one looks at the data itself now.
    Gap,
}

impl Message {
    /// Somebody published `payload` on `channel`; heard through `pattern`, if there is one.
    pub fn published(
        channel: impl Into<Vec<u8>>,
        pattern: Option<impl Into<Vec<u8>>>,
        payload: impl Into<Vec<u8>>,
    ) -> Self {
        Self::Published { channel: channel.into(), pattern: pattern.map(Into::into), payload: payload.into() }
    }

    /// These keys changed, or all of them.
    #[must_use]
    pub const fn invalidated(keys: Option<Vec<Vec<u8>>>) -> Self {
        Self::Invalidated { keys }
    }
}

impl fmt::Debug for Message {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Published { channel, pattern, payload } => f
                .debug_struct("Published")
                .field("channel", &String::from_utf8_lossy(channel))
                .field("pattern", &pattern.as_deref().map(String::from_utf8_lossy))
                .field("payload_bytes", &payload.len())
                .finish(),
            Self::Invalidated { keys } => {
                f.debug_struct("Invalidated").field("keys", &keys.as_ref().map(Vec::len)).finish()
            }
            Self::Gap => f.write_str("Gap"),
        }
    }
}

/// A stream of [`Message`]s. It ends when the backend is dropped, and that of a session when its connection ends;
/// dropping it ends the subscription.
pub struct Messages {
    stream: BoxStream<'static, Message>,
}

impl Messages {
    /// Messages from any stream: for backends.
    pub fn new(stream: impl Stream<Item = Message> + Send + 'static) -> Self {
        Self { stream: stream.boxed() }
    }

    /// The next message, or `None` when there will be no more.
    ///
    /// # Cancel safety
    ///
    /// Dropping the future loses no message.
    pub async fn next(&mut self) -> Option<Message> {
        self.stream.next().await
    }
}

impl Stream for Messages {
    type Item = Message;

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Message>> {
        self.stream.poll_next_unpin(cx)
    }
}

impl fmt::Debug for Messages {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Messages").finish_non_exhaustive()
    }
}

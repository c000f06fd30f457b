//! A server in memory that answers by a closure, over streams that can be broken.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use redfleet_core::Backend;
use redfleet_core::test_util::over;
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::sync::broadcast;

/// What the server answers to the words of a command; nothing at all if empty, and it hangs up at `None`.
type Answer = dyn Fn(&[String]) -> Option<String> + Send + Sync;

/// A server in memory, the connections made to it, and a way to break them all.
#[derive(Clone)]
pub(super) struct Memory {
    answer: Arc<Answer>,
    connections: Arc<AtomicUsize>,
    breaking: broadcast::Sender<()>,
}

impl Memory {
    pub(super) fn answering(answer: impl Fn(&[String]) -> Option<String> + Send + Sync + 'static) -> Self {
        Self { answer: Arc::new(answer), connections: Arc::default(), breaking: broadcast::Sender::new(1) }
    }

    pub(super) fn backend(&self) -> Arc<dyn Backend> {
        let server = self.clone();
        over(move || {
            let (server, mut broken) = (server.clone(), server.breaking.subscribe());
            server.connections.fetch_add(1, Ordering::SeqCst);
            async move {
                let (ours, theirs) = tokio::io::duplex(64 * 1024);
                tokio::spawn(async move {
                    tokio::select! {
                        biased;
                        _ = broken.recv() => {}
                        () = serve(theirs, &*server.answer) => {}
                    }
                });
                Ok(ours)
            }
        })
    }

    pub(super) fn connections(&self) -> usize {
        self.connections.load(Ordering::SeqCst)
    }

    pub(super) fn break_all(&self) {
        self.breaking.send(()).ok();
    }
}

/// Logs everybody in, answers PING, confirms subscriptions, and hangs at everything else.
pub(super) fn usual(words: &[String]) -> Option<String> {
    Some(match words[0].to_uppercase().as_str() {
        "HELLO" => "%1\r\n+proto\r\n:3\r\n".into(),
        "CLIENT" => "+OK\r\n".into(),
        "INFO" => "$11\r\nrun_id:abc\n\r\n".into(),
        "PING" => "+PONG\r\n".into(),
        "SUBSCRIBE" => format!(">3\r\n$9\r\nsubscribe\r\n${}\r\n{}\r\n:1\r\n", words[1].len(), words[1]),
        _ => String::new(),
    })
}

/// Serves one connection until it ends.
pub(super) async fn serve(mut stream: impl AsyncRead + AsyncWrite + Unpin, answer: &Answer) {
    let mut buffer = Vec::new();
    loop {
        while let Some((words, length)) = command(&buffer) {
            buffer.drain(..length);
            let Some(reply) = answer(&words) else { return };
            if stream.write_all(reply.as_bytes()).await.is_err() {
                return;
            }
        }
        if !matches!(stream.read_buf(&mut buffer).await, Ok(1..)) {
            return;
        }
    }
}

/// The first whole command in these bytes, and how many of them it is.
fn command(bytes: &[u8]) -> Option<(Vec<String>, usize)> {
    let line = |at: usize| {
        let end = at + bytes.get(at..)?.windows(2).position(|pair| pair == b"\r\n")?;
        Some((String::from_utf8_lossy(&bytes[at + 1..end]).parse::<usize>().unwrap(), end + 2))
    };
    let (count, mut at) = line(0)?;
    let mut words = Vec::new();
    for _ in 0..count {
        let (length, start) = line(at)?;
        words.push(String::from_utf8_lossy(bytes.get(start..start + length)?).into_owned());
        at = start + length + 2;
    }
    (at <= bytes.len()).then_some((words, at))
}

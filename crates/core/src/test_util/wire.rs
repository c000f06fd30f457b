//! A server in memory that says the same to every command: for counting what is sent, and for measuring.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use tokio::io::{AsyncReadExt, AsyncWriteExt, DuplexStream, duplex};

use super::over;
use crate::Backend;

/// How much each direction of a stream holds before its writer waits.
const BUFFER_BYTES: usize = 64 * 1024;

/// Makes every wire's run id another one, so that a fleet takes them for different servers.
static SERVERS: AtomicUsize = AtomicUsize::new(0);

/// A server in memory that logs everybody in, and gives one fixed reply to every command after that.
///
/// It reads the real protocol from real streams of bytes, so it can tell how often the client went to the
/// server: a round trip is a read that found at least one whole command, all of which are answered in one write. Requests of more than 64 KiB arrive in
/// several reads, and count as several.
///
/// # Example
///
/// ```
/// use redfleet_core::{Backend, test_util::Wire};
/// use redis::{Value, cmd};
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> redfleet_core::Result<()> {
/// let server = Wire::saying("+OK\r\n");
/// let node = server.backend();
/// node.identify().await?; // connects
/// let before = server.round_trips();
/// assert_eq!(node.call(cmd("SET").arg("k").arg("v")).await?, Value::Okay);
/// assert_eq!(server.round_trips() - before, 1);
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Debug)]
pub struct Wire {
    shared: Arc<Shared>,
}

#[derive(Debug)]
struct Shared {
    reply: Vec<u8>,
    info: Vec<u8>,
    commands: AtomicUsize,
    round_trips: AtomicUsize,
}

impl Wire {
    /// A server that answers `reply`, one whole reply as the protocol writes it, to every command but those of
    /// the login (HELLO, CLIENT, INFO) and of transactions.
    #[must_use]
    pub fn saying(reply: &str) -> Self {
        let text = format!("run_id:wire{}\r\n", SERVERS.fetch_add(1, Ordering::Relaxed));
        let info = format!("${}\r\n{text}\r\n", text.len()).into_bytes();
        let (commands, round_trips) = (AtomicUsize::new(0), AtomicUsize::new(0));
        Self { shared: Arc::new(Shared { reply: reply.into(), info, commands, round_trips }) }
    }

    /// A new connection to the server, which is served by a task until it is dropped.
    ///
    /// # Panics
    ///
    /// Outside of a runtime.
    #[must_use]
    pub fn connect(&self) -> DuplexStream {
        let (client, server) = duplex(BUFFER_BYTES);
        drop(tokio::spawn(self.clone().serve(server)));
        client
    }

    /// The backend of this server.
    #[must_use]
    pub fn backend(&self) -> Arc<dyn Backend> {
        let server = self.clone();
        over(move || {
            let stream = server.connect();
            async move { Ok(stream) }
        })
    }

    /// How many commands have arrived, those of logins included.
    #[must_use]
    pub fn commands(&self) -> usize {
        self.shared.commands.load(Ordering::Relaxed)
    }

    /// How often commands have arrived, those of logins included.
    #[must_use]
    pub fn round_trips(&self) -> usize {
        self.shared.round_trips.load(Ordering::Relaxed)
    }

    async fn serve(self, mut stream: DuplexStream) {
        let (mut input, mut output) = (Vec::new(), Vec::new());
        // How many commands wait for EXEC, within a transaction.
        let mut queued = None;
        loop {
            // Room for all that can have arrived, or one round trip would be read as several.
            input.reserve(BUFFER_BYTES);
            if !stream.read_buf(&mut input).await.is_ok_and(|bytes| bytes > 0) {
                return;
            }
            let mut rest = &*input;
            while let Some((name, after)) = command(rest) {
                self.shared.commands.fetch_add(1, Ordering::Relaxed);
                self.answer(name, &mut queued, &mut output);
                rest = after;
            }
            let done = input.len() - rest.len();
            input.drain(..done);
            if !output.is_empty() {
                self.shared.round_trips.fetch_add(1, Ordering::Relaxed);
                if stream.write_all(&output).await.is_err() {
                    return;
                }
                output.clear();
            }
        }
    }

    fn answer(&self, name: &[u8], queued: &mut Option<usize>, output: &mut Vec<u8>) {
        match (name, queued.as_mut()) {
            (b"HELLO", _) => output.extend_from_slice(b"%1\r\n$5\r\nproto\r\n:3\r\n"),
            (b"INFO", None) => output.extend_from_slice(&self.shared.info),
            // A number is what CLIENT ID and CLIENT KILL answer; nobody reads what the others do.
            (b"CLIENT", None) => output.extend_from_slice(b":1\r\n"),
            (b"MULTI", _) => {
                *queued = Some(0);
                output.extend_from_slice(b"+OK\r\n");
            }
            (b"EXEC", Some(count)) => {
                output.extend_from_slice(format!("*{count}\r\n").as_bytes());
                output.extend(self.shared.reply.repeat(*count));
                *queued = None;
            }
            (_, Some(count)) => {
                *count += 1;
                output.extend_from_slice(b"+QUEUED\r\n");
            }
            (_, None) => output.extend_from_slice(&self.shared.reply),
        }
    }
}

/// The name of the first command, and what comes after it; none if it has not arrived whole.
fn command(bytes: &[u8]) -> Option<(&[u8], &[u8])> {
    let (words, mut rest) = number(bytes.strip_prefix(b"*")?)?;
    let mut name = None;
    for _ in 0..words {
        let (length, after) = number(rest.strip_prefix(b"$")?)?;
        let (word, after) = after.split_at_checked(length)?;
        rest = after.strip_prefix(b"\r\n")?;
        name = name.or(Some(word));
    }
    Some((name?, rest))
}

fn number(bytes: &[u8]) -> Option<(usize, &[u8])> {
    let end = bytes.iter().position(|byte| *byte == b'\r')?;
    let (digits, rest) = bytes.split_at_checked(end)?;
    let number = std::str::from_utf8(digits).ok()?.parse().ok()?;
    Some((number, rest.strip_prefix(b"\r\n")?))
}

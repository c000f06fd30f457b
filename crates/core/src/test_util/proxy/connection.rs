//! One connection through the proxy: two pumps, each treating what arrives as the setting says.

use std::io;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::net::tcp::{ReadHalf, WriteHalf};
use tokio::sync::watch;
use tokio::time::{Instant, sleep_until};

use super::queue::Queue;
use super::{Fault, Setting, Shared};

const CHUNK_BYTES: usize = 64 * 1024;

/// What a client gets that has come to the wrong door.
const GARBAGE: &[u8] = b"HTTP/1.1 400 Bad Request\r\n\r\n";

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Direction {
    Requests,
    Replies,
}

/// Serves `client`, the connection of this number, which came after the proxy's `cuts`th cut, until either side closes or the proxy cuts.
///
/// Ends by closing both connections; what went wrong with them is for both ends to notice, not for us to tell.
pub(super) async fn serve(shared: &Shared, mut client: TcpStream, number: u64, cuts: u64) {
    let mut changes = shared.setting.subscribe();
    let is_over = move |setting: &Setting| setting.is_ended || setting.cuts != cuts;
    tokio::select! {
        biased;
        _ = changes.wait_for(is_over) => {}
        _ = converse(shared, &mut client, number) => {}
    }
}

async fn converse(shared: &Shared, client: &mut TcpStream, number: u64) -> io::Result<()> {
    let mut changes = shared.setting.subscribe();
    let now = *changes.wait_for(|setting| setting.fault != Fault::Hang).await.map_err(ended)?;
    if now.fault != Fault::Garbage {
        client.set_nodelay(true)?;
        let is_over = tokio::select! {
            biased;
            _ = changes.wait_for(|setting| setting.fault == Fault::Garbage) => false,
            forwarded = forward(shared, client, number, now) => { forwarded?; true }
        };
        if is_over {
            return Ok(());
        }
    }
    tokio::select! {
        biased;
        _ = changes.wait_for(|setting| setting.fault != Fault::Garbage) => Ok(()),
        said = babble(client) => said,
    }
}

async fn forward(shared: &Shared, client: &mut TcpStream, number: u64, setting: Setting) -> io::Result<()> {
    let mut server = match TcpStream::connect(setting.upstream).await {
        Ok(server) => server,
        Err(error) => {
            // A reset is as near to the refusal of a server that is not there as a connection once taken gets.
            client.set_zero_linger()?;
            return Err(error);
        }
    };
    server.set_nodelay(true)?;
    let (from_client, to_client) = client.split();
    let (from_server, to_server) = server.split();
    tokio::try_join!(
        pump(shared, Direction::Requests, number, from_client, to_server),
        pump(shared, Direction::Replies, number, from_server, to_client),
    )?;
    Ok(())
}

/// Carries bytes one way until the sender closes; then closes that way for the receiver too.
///
/// What is read is treated by the setting as it is then, not as it was when the wait began: a byte sent after
/// a switch is never treated by the setting before it.
async fn pump(
    shared: &Shared,
    direction: Direction,
    number: u64,
    mut from: ReadHalf<'_>,
    mut to: WriteHalf<'_>,
) -> io::Result<()> {
    let mut changes = shared.setting.subscribe();
    let mut queue = Queue::default();
    let mut buffer = vec![0; CHUNK_BYTES];
    let mut is_open = true;
    let mut has_lost = false;
    loop {
        let (fault, stranded) = {
            let setting = changes.borrow_and_update();
            (setting.fault, setting.stranded)
        };
        if has_lost && !direction.is_lost_by(fault) {
            return Err(hole());
        }
        let is_stranded = direction == Direction::Requests && number < stranded;
        if !is_open && queue.is_empty() && !is_stranded {
            return to.shutdown().await;
        }
        let is_moving = fault != Fault::Hang;
        // What is stranded is taken from its sender, and goes no further.
        let is_arriving = is_moving && !is_stranded;
        let due = queue.due();
        let is_due = due.is_some_and(|due| due <= Instant::now());
        tokio::select! {
            biased;
            changed = changes.changed() => changed.map_err(ended)?,
            written = to.write(queue.front()), if is_arriving && is_due => {
                queue.advance(written?);
            }
            () = wait(due), if is_arriving && !is_due => {}
            read = from.read(&mut buffer), if is_moving && is_open && !queue.is_full() => {
                let piece = buffer.get(..read?).unwrap_or_default();
                let fault = shared.setting().fault;
                if piece.is_empty() {
                    is_open = false;
                } else if direction.is_lost_by(fault) {
                    has_lost = true;
                    shared.lost_bytes.fetch_add(piece.len() as u64, Ordering::SeqCst);
                } else if take_one(direction.to_lose(shared)) {
                    shared.lost_bytes.fetch_add(piece.len() as u64, Ordering::SeqCst);
                    return Err(hole());
                } else {
                    direction.bytes(shared).fetch_add(piece.len() as u64, Ordering::SeqCst);
                    queue.push(Instant::now() + direction.delay(fault), piece);
                }
            }
        }
    }
}

/// Answers whatever comes with what is not RESP.
async fn babble(client: &mut TcpStream) -> io::Result<()> {
    let mut buffer = vec![0; CHUNK_BYTES];
    while client.read(&mut buffer).await? > 0 {
        client.write_all(GARBAGE).await?;
    }
    Ok(())
}

impl Direction {
    fn is_lost_by(self, fault: Fault) -> bool {
        match self {
            Self::Requests => fault == Fault::LoseRequests,
            Self::Replies => fault == Fault::LoseReplies,
        }
    }

    const fn delay(self, fault: Fault) -> Duration {
        match (self, fault) {
            (Self::Requests, Fault::Delay { requests, .. }) => requests,
            (Self::Replies, Fault::Delay { replies, .. }) => replies,
            _ => Duration::ZERO,
        }
    }

    const fn to_lose(self, shared: &Shared) -> &AtomicUsize {
        match self {
            Self::Requests => &shared.requests_to_lose,
            Self::Replies => &shared.replies_to_lose,
        }
    }

    const fn bytes(self, shared: &Shared) -> &AtomicU64 {
        match self {
            Self::Requests => &shared.request_bytes,
            Self::Replies => &shared.reply_bytes,
        }
    }
}

/// Waits until then, or forever.
async fn wait(due: Option<Instant>) {
    match due {
        Some(due) => sleep_until(due).await,
        None => std::future::pending().await,
    }
}

/// Counts down by one, unless nothing is left.
fn take_one(count: &AtomicUsize) -> bool {
    count.fetch_update(Ordering::SeqCst, Ordering::SeqCst, |left| left.checked_sub(1)).is_ok()
}

fn hole() -> io::Error {
    io::Error::new(io::ErrorKind::ConnectionAborted, "the stream has a hole")
}

fn ended(_: watch::error::RecvError) -> io::Error {
    io::Error::new(io::ErrorKind::ConnectionAborted, "the proxy has ended")
}

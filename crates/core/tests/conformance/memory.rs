//! A small server in memory that speaks the protocol, and a network to it that can be broken.

use std::io;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};

use async_trait::async_trait;
use redfleet_core::Backend;
use redfleet_core::test_util::conformance::Disrupt;
use redfleet_core::test_util::over;
use tokio::io::{AsyncReadExt, AsyncWriteExt, DuplexStream, duplex};
use tokio::sync::{mpsc, watch};

use super::store::{Store, Words};

/// The server and the network to it. Clones are the same.
#[derive(Clone, Debug)]
pub(crate) struct Memory {
    shared: Arc<Shared>,
}

#[derive(Debug)]
struct Shared {
    store: Mutex<Store>,
    /// Told after every command, for those that block.
    changed: watch::Sender<()>,
    network: watch::Sender<Network>,
    connections: AtomicU64,
}

#[derive(Clone, Copy, Debug, Default)]
struct Network {
    is_hung: bool,
    is_cut: bool,
    cuts: u64,
    loses_next: bool,
    /// The clients with lower numbers are stranded.
    stranded: u64,
}

impl Network {
    fn carries(&self, client: u64) -> bool {
        !self.is_hung && client >= self.stranded
    }
}

impl Memory {
    pub(crate) fn new() -> Self {
        let shared = Shared {
            store: Mutex::default(),
            changed: watch::Sender::new(()),
            network: watch::Sender::default(),
            connections: AtomicU64::new(0),
        };
        Self { shared: Arc::new(shared) }
    }

    /// The crate's own backend for one server, over streams to this one.
    pub(crate) fn backend(&self) -> Arc<dyn Backend> {
        let server = self.clone();
        over(move || {
            let server = server.clone();
            async move {
                let network = *server.shared.network.borrow();
                if network.is_cut {
                    return Err(io::ErrorKind::ConnectionRefused.into());
                }
                let (ours, theirs) = duplex(1024 * 1024);
                tokio::spawn(async move { server.take(theirs, network.cuts).await });
                Ok(ours)
            }
        })
    }

    async fn take(&self, stream: DuplexStream, cuts: u64) {
        let client = self.shared.connections.fetch_add(1, Ordering::SeqCst);
        let mut network = self.shared.network.subscribe();
        tokio::select! {
            biased;
            _ = network.wait_for(|network| network.cuts != cuts) => {}
            _ = self.serve(client, stream) => {}
        }
        self.shared.store.lock().unwrap().leave(client);
    }

    async fn serve(&self, client: u64, mut stream: DuplexStream) -> io::Result<()> {
        let (say, mut pushes) = mpsc::unbounded_channel();
        self.shared.store.lock().unwrap().enter(client, say);
        let mut network = self.shared.network.subscribe();
        let mut input = Vec::new();
        loop {
            let mut output = Vec::new();
            let is_open = tokio::select! {
                biased;
                push = pushes.recv() => { output.extend(push.unwrap_or_default()); true }
                read = stream.read_buf(&mut input) => read? > 0,
            };
            if !is_open {
                return Ok(());
            }
            network.wait_for(|network| network.carries(client)).await.ok();
            while let Some((words, length)) = command(&input) {
                input.drain(..length);
                if !self.shared.store.lock().unwrap().has(client) {
                    return Ok(());
                }
                output.extend(self.answer(client, &words).await);
                while let Ok(push) = pushes.try_recv() {
                    output.extend(push);
                }
                let loses = |network: &mut Network| std::mem::take(&mut network.loses_next);
                if self.shared.network.send_if_modified(loses) {
                    return Ok(());
                }
            }
            network.wait_for(|network| !network.is_hung).await.ok();
            stream.write_all(&output).await?;
        }
    }

    async fn answer(&self, client: u64, words: &Words) -> Vec<u8> {
        let mut changes = self.shared.changed.subscribe();
        loop {
            let answer = self.shared.store.lock().unwrap().carry_out(client, words);
            if let Some(answer) = answer {
                self.shared.changed.send_replace(());
                return answer;
            }
            changes.changed().await.ok();
        }
    }
}

#[async_trait]
impl Disrupt for Memory {
    async fn hang(&self) {
        self.shared.network.send_modify(|network| network.is_hung = true);
    }

    async fn strand(&self) {
        let stranded = self.shared.connections.load(Ordering::SeqCst);
        self.shared.network.send_modify(|network| network.stranded = stranded);
    }

    async fn cut(&self) {
        self.shared.network.send_modify(|network| {
            network.is_cut = true;
            network.cuts += 1;
        });
    }

    async fn lose_next_reply(&self) {
        self.shared.network.send_modify(|network| network.loses_next = true);
    }

    async fn heal(&self) {
        let cuts = self.shared.network.borrow().cuts;
        self.shared.network.send_replace(Network { cuts, ..Network::default() });
    }
}

/// The first whole command in these bytes, and how many of them it is.
fn command(bytes: &[u8]) -> Option<(Words, usize)> {
    let line = |at: usize| {
        let end = at + bytes.get(at..)?.windows(2).position(|pair| pair == b"\r\n")?;
        Some((std::str::from_utf8(&bytes[at + 1..end]).unwrap().parse::<usize>().unwrap(), end + 2))
    };
    let (count, mut at) = line(0)?;
    let mut words = Vec::new();
    for _ in 0..count {
        let (length, start) = line(at)?;
        words.push(bytes.get(start..start + length)?.to_vec());
        at = start + length + 2;
    }
    (at <= bytes.len()).then_some((words, at))
}

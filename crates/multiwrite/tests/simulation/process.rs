//! A process that can be killed: from then on nothing of it reaches anybody any more.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::Duration;
use std::{env, fs, io};

use async_trait::async_trait;
use redfleet_core::{Backend, Batch, Delivery, Incarnation, Messages, Result, Topic};
use redis::{Cmd, Value};
use tokio::sync::Notify;

/// The connections of a process.
#[derive(Debug)]
pub(crate) struct Process {
    links: Vec<Arc<dyn Backend>>,
    life: Arc<Life>,
}

#[derive(Debug, Default)]
struct Life {
    is_over: AtomicBool,
    end: Notify,
}

impl Process {
    pub(crate) fn new(links: Vec<Arc<dyn Backend>>) -> Self {
        Self { links, life: Arc::default() }
    }

    /// Its connections, which end with it.
    pub(crate) fn links(&self) -> Vec<Arc<dyn Backend>> {
        let mortal = |link: &Arc<dyn Backend>| -> Arc<dyn Backend> {
            Arc::new(Mortal { link: Arc::clone(link), life: Arc::clone(&self.life) })
        };
        self.links.iter().map(mortal).collect()
    }

    /// It ends without a word. What it has sent may arrive all the same.
    pub(crate) fn kill(&self) {
        self.life.is_over.store(true, Ordering::SeqCst);
        self.life.end.notify_waiters();
        self.links.iter().for_each(|link| link.disconnect());
    }
}

impl Life {
    async fn ended(&self) {
        let end = self.end.notified();
        tokio::pin!(end);
        end.as_mut().enable();
        if !self.is_over.load(Ordering::SeqCst) {
            end.await;
        }
    }

    /// What the process is told: nothing after its end.
    async fn during<T>(&self, asked: impl Future<Output = T>) -> T {
        tokio::select! {
            biased;
            () = self.ended() => std::future::pending().await,
            told = asked => told,
        }
    }
}

/// A connection of a process.
#[derive(Debug)]
struct Mortal {
    link: Arc<dyn Backend>,
    life: Arc<Life>,
}

#[async_trait]
impl Backend for Mortal {
    async fn call(&self, command: &Cmd) -> Result<Value> {
        self.life.during(self.link.call(command)).await
    }

    async fn call_batch(&self, batch: &Batch) -> Result<Vec<Result<Value>>> {
        self.life.during(self.link.call_batch(batch)).await
    }

    async fn session(&self, key: Option<&[u8]>) -> Result<Arc<dyn Backend>> {
        self.life.during(self.link.session(key)).await
    }

    async fn subscribe(&self, topics: &[Topic]) -> Result<Messages> {
        self.life.during(self.link.subscribe(topics)).await
    }

    async fn identify(&self) -> Result<Incarnation> {
        self.life.during(self.link.identify()).await
    }

    fn incarnation(&self) -> Option<Incarnation> {
        self.link.incarnation()
    }

    fn delivery(&self) -> Delivery {
        self.link.delivery()
    }

    fn overdue(&self, after: Duration) {
        self.link.overdue(after);
    }

    fn is_sharded(&self) -> bool {
        self.link.is_sharded()
    }

    async fn fence(&self) -> Result<()> {
        self.life.during(self.link.fence()).await
    }

    fn disconnect(&self) {
        if !self.life.is_over.load(Ordering::SeqCst) {
            self.link.disconnect();
        }
    }
}

/// A directory of one's own, which goes with this.
#[derive(Debug)]
pub(crate) struct Directory {
    path: PathBuf,
}

impl Directory {
    pub(crate) fn new() -> io::Result<Self> {
        static LAST: AtomicU64 = AtomicU64::new(0);
        let number = LAST.fetch_add(1, Ordering::Relaxed);
        let path = env::temp_dir().join(format!("redfleet-sim-{}-{number}", std::process::id()));
        fs::create_dir_all(&path)?;
        Ok(Self { path })
    }

    pub(crate) fn path(&self) -> &Path {
        &self.path
    }

    /// What a process that is killed now leaves, as another process finds it: the last file ends with the beginning of something
    /// that was being written.
    pub(crate) fn left(&self, torn_bytes: usize) -> io::Result<Self> {
        let left = Self::new()?;
        let mut files: Vec<_> = fs::read_dir(&self.path)?.collect::<io::Result<_>>()?;
        files.sort_by_key(fs::DirEntry::file_name);
        let is_segment = |path: &Path| path.metadata().is_ok_and(|file| file.len() > 0);
        let mut last = None;
        for file in files {
            let to = left.path.join(file.file_name());
            fs::copy(file.path(), &to)?;
            last = Some(to).filter(|to| is_segment(to)).or(last);
        }
        if let Some(last) = last {
            let mut bytes = fs::read(&last)?;
            // The length of a record that is longer than what is there of it.
            let torn = [0, 0, 0x0f, 0xff, 1, 2, 3, 4, 5, 6, 7];
            bytes.extend(torn.iter().take(torn_bytes));
            fs::write(&last, bytes)?;
        }
        Ok(left)
    }
}

impl Drop for Directory {
    fn drop(&mut self) {
        drop(fs::remove_dir_all(&self.path));
    }
}

//! What the process that is killed and the one that kills it have in common.

use std::path::PathBuf;
use std::time::Duration;

use redfleet_core::connect;
use redfleet_multiwrite::{Guarantee, MultiWrite, RemoteOptions, SpoolOptions};

/// How many tasks write at once.
pub(super) const WRITERS: usize = 4;

/// Which journal is tried.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Journal {
    Spool,
    Outbox,
}

/// Where everything is. It goes to the other process as text.
#[derive(Clone, Debug)]
pub(super) struct Place {
    pub(super) journal: Journal,
    /// Local's URL, and those of the remotes.
    pub(super) urls: [String; 3],
    pub(super) prefix: String,
    pub(super) directory: PathBuf,
    /// Which of the processes it is.
    pub(super) life: u64,
}

impl Place {
    pub(super) fn text(&self) -> String {
        let journal = if self.journal == Journal::Spool { "spool" } else { "outbox" };
        let [local, eu, us] = &self.urls;
        format!("{journal} {local} {eu} {us} {} {} {}", self.prefix, self.directory.display(), self.life)
    }

    pub(super) fn of(text: &str) -> Self {
        let words: Vec<&str> = text.split(' ').collect();
        let [journal, local, eu, us, prefix, directory, life] = words[..] else { panic!("{text}") };
        Self {
            journal: if journal == "spool" { Journal::Spool } else { Journal::Outbox },
            urls: [local, eu, us].map(str::to_owned),
            prefix: prefix.into(),
            directory: directory.into(),
            life: life.parse().unwrap(),
        }
    }

    /// The store, as each process has it: one remote exactly once, the other at least once.
    pub(super) fn store(&self) -> MultiWrite {
        let options = RemoteOptions::new().deadline(Duration::from_millis(500));
        let options = options.retries(Duration::from_millis(5), Duration::from_millis(100));
        let [local, eu, us] = self.urls.each_ref().map(|url| connect(url).unwrap());
        let builder = MultiWrite::builder(local)
            .only(&self.prefix)
            .seed(self.life)
            .local_deadline(Duration::from_secs(60))
            .remote_with("eu", eu, options.clone())
            .remote_with("us", us, options.guarantee(Guarantee::AtLeastOnce));
        let builder = match self.journal {
            Journal::Spool => {
                let small = SpoolOptions::new().segment_bytes(64 << 10);
                builder.spool(&self.directory, small)
            }
            Journal::Outbox => builder.outbox(&self.prefix),
        };
        builder.build().unwrap()
    }
}

//! Which life of which server answers.

use std::fmt;
use std::hash::{Hash, Hasher};
use std::sync::Arc;

use super::script::Loaded;

/// One life of one server, seen through one connection.
///
/// A server that restarts gets a new run id; one that may have lost its data therefore never looks like the
/// one before. Where INFO is not permitted the run id is unknown, which is not the same as absent.
///
/// It remembers which scripts were loaded through it, for all its clones: a backend makes it once a connection and hands
/// out clones. Two are equal whatever they remember.
#[derive(Clone, Debug)]
pub struct Incarnation {
    run_id: Option<Arc<str>>,
    link: u64,
    loaded: Arc<Loaded>,
}

impl Incarnation {
    /// The server with this run id, seen through the `link`th connection to it.
    #[must_use]
    pub fn new(run_id: Option<Arc<str>>, link: u64) -> Self {
        Self { run_id, link, loaded: Arc::default() }
    }

    /// The server's run id, if it may be asked.
    #[must_use]
    pub fn run_id(&self) -> Option<&str> {
        self.run_id.as_deref()
    }

    /// Which connection of this backend it is, counted from 1.
    #[must_use]
    pub const fn link(&self) -> u64 {
        self.link
    }

    /// The scripts that this server is known to have.
    pub(crate) fn loaded(&self) -> &Loaded {
        &self.loaded
    }

    /// Whether both are certainly the same life of the same server.
    #[must_use]
    pub fn is_same_server(&self, other: &Self) -> bool {
        self.run_id.is_some() && self.run_id == other.run_id
    }
}

impl PartialEq for Incarnation {
    fn eq(&self, other: &Self) -> bool {
        (&self.run_id, self.link) == (&other.run_id, other.link)
    }
}

impl Eq for Incarnation {}

impl Hash for Incarnation {
    fn hash<H: Hasher>(&self, state: &mut H) {
        (&self.run_id, self.link).hash(state);
    }
}

impl fmt::Display for Incarnation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} (link {})", self.run_id().unwrap_or("unknown"), self.link)
    }
}

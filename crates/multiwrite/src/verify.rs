//! Whether a remote is equal to local: both are gone through, and every key that differs is named.

mod canonical;
mod page;
mod side;

use std::collections::BTreeMap;
use std::fmt;
use std::future::Future;
use std::time::Duration;

use redfleet_core::Backend;

use crate::effect::Key;
use page::{Cursor, Glance, glances};
pub(crate) use side::{Failed, Side, Which};

/// How many keys that differ are told by name.
const MAX_TOLD: usize = 10_000;

/// What a comparison of local with a remote found.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Report {
    /// How many keys were looked at, on either side.
    pub compared: u64,
    /// The keys that differ, in their order; ten thousand of them at most.
    pub differences: Vec<Difference>,
    /// How many keys differ.
    pub differing: u64,
}

impl Report {
    /// Whether nothing differs.
    #[must_use]
    pub const fn is_equal(&self) -> bool {
        self.differing == 0
    }
}

/// `1200 keys compared, none differs`.
impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let keys = if self.compared == 1 { "key" } else { "keys" };
        match self.differing {
            0 => write!(f, "{} {keys} compared, none differs", self.compared),
            1 => write!(f, "{} {keys} compared, 1 differs", self.compared),
            differing => write!(f, "{} {keys} compared, {differing} differ", self.compared),
        }
    }
}

/// A key that differs. Its text does not name it: keys may be secret.
#[derive(Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Difference {
    /// The key.
    pub key: Key,
    /// How it differs.
    pub kind: Differs,
}

impl fmt::Debug for Difference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Difference").field("kind", &self.kind).finish_non_exhaustive()
    }
}

/// How a key differs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Differs {
    /// Local has it, the remote does not.
    OnlyLocal,
    /// The remote has it, local does not.
    OnlyRemote,
    /// Its values are not the same, or its types.
    Value,
    /// Its values are the same, but not the ends of their lives.
    Life,
}

/// The two sides of a comparison.
#[derive(Clone, Copy)]
pub(crate) struct Sides<'a> {
    local: Side<'a>,
    remote: Side<'a>,
}

impl<'a> Sides<'a> {
    /// Local and a remote, each with the time that it has to answer.
    pub(crate) const fn new(local: (&'a dyn Backend, Duration), remote: (&'a dyn Backend, Duration)) -> Self {
        Self { local: Side::new(Which::Local, local), remote: Side::new(Which::Remote, remote) }
    }

    /// Goes through both sides, and compares once more, alone, each key that seems to differ: under load a key differs as long
    /// as its last write is on its way. `hold` keeps the writers of a key back until the remote has all that was written, and lets
    /// them go when what it returns is dropped.
    ///
    /// # Cost
    ///
    /// Two round trips of each side a page of 256 keys (SCAN, and DUMP with PEXPIRETIME of each key), and a few more for each
    /// key that differs or whose form in memory does.
    ///
    /// # Errors
    ///
    /// What either side says, and which it was.
    pub(crate) async fn compare<H, F>(
        self,
        is_ours: impl Fn(&[u8]) -> bool,
        hold: impl Fn(Key) -> F,
    ) -> Result<Report, Failed>
    where
        F: Future<Output = H>,
    {
        let mut report = Report::default();
        let mut told = BTreeMap::new();
        let mut cursor = Cursor::start();
        while let Some(keys) = cursor.next(self.local, &is_ours).await? {
            report.compared += keys.len() as u64;
            let suspects = self.suspects(keys).await?;
            report.differing += self.look_closer(suspects, &hold, &mut told).await?;
        }
        let mut cursor = Cursor::start();
        while let Some(keys) = cursor.next(self.remote, &is_ours).await? {
            let on_local = glances(self.local, &keys).await?;
            let missing = keys.into_iter().zip(on_local).filter(|(_, glance)| glance.is_absent());
            let suspects: Vec<Key> = missing.map(|(key, _)| key).collect();
            report.compared += suspects.len() as u64;
            report.differing += self.look_closer(suspects, &hold, &mut told).await?;
        }
        report.differences = told.into_iter().map(|(key, kind)| Difference { key, kind }).collect();
        Ok(report)
    }

    /// Compares each of these keys alone while its writers are held back. How many differ that were not told before.
    async fn look_closer<H, F>(
        self,
        suspects: Vec<Key>,
        hold: impl Fn(Key) -> F,
        told: &mut BTreeMap<Key, Differs>,
    ) -> Result<u64, Failed>
    where
        F: Future<Output = H>,
    {
        let mut differing = 0;
        for key in suspects {
            // SCAN may name a key twice.
            if told.contains_key(&key) {
                continue;
            }
            let held = hold(Key::clone(&key)).await;
            let found = self.difference(&key).await?;
            drop(held);
            if let Some(kind) = found {
                differing += 1;
                if told.len() < MAX_TOLD {
                    told.insert(key, kind);
                }
            }
        }
        Ok(differing)
    }

    /// The keys whose dumps or lives are not the same.
    async fn suspects(self, keys: Vec<Key>) -> Result<Vec<Key>, Failed> {
        let (here, there) = futures::try_join!(glances(self.local, &keys), glances(self.remote, &keys))?;
        let pairs = here.into_iter().zip(there);
        Ok(keys
            .into_iter()
            .zip(pairs)
            .filter(|(_, (here, there))| here != there)
            .map(|(key, _)| key)
            .collect())
    }

    /// How this key differs now, if it does.
    async fn difference(self, key: &Key) -> Result<Option<Differs>, Failed> {
        let keys = [Key::clone(key)];
        let (here, there) = futures::try_join!(glances(self.local, &keys), glances(self.remote, &keys))?;
        let (Some(here), Some(there)) = (here.first(), there.first()) else { return Ok(None) };
        Ok(match (here.is_absent(), there.is_absent()) {
            (true, true) => None,
            (false, true) => Some(Differs::OnlyLocal),
            (true, false) => Some(Differs::OnlyRemote),
            (false, false) if !self.is_same_value(key, here, there).await? => Some(Differs::Value),
            (false, false) if here.ends() != there.ends() => Some(Differs::Life),
            (false, false) => None,
        })
    }

    /// The same value may have several forms in memory, and so several dumps.
    async fn is_same_value(self, key: &Key, here: &Glance, there: &Glance) -> Result<bool, Failed> {
        if here.is_same_dump(there) {
            return Ok(true);
        }
        let (here, there) =
            futures::try_join!(canonical::read(self.local, key), canonical::read(self.remote, key))?;
        // What cannot be read by its type, such as a module's, is what its dump says.
        Ok(here.is_some() && here == there)
    }
}

#[cfg(test)]
mod tests;

//! Which keys are written everywhere: all, or those with certain prefixes.

use std::sync::Arc;

use crate::effect::Key;
use crate::error::Error;

/// How the keys begin that are kept on servers for the store's own use.
const OWN: &[u8] = b"redfleet:mw:";

/// Which keys are written everywhere, copied and compared.
#[derive(Clone, Debug, Default)]
pub(crate) struct Scope {
    /// All keys, if there is none.
    prefixes: Vec<Arc<[u8]>>,
}

impl Scope {
    /// Adds a prefix.
    pub(crate) fn add(&mut self, prefix: &[u8]) {
        self.prefixes.push(prefix.into());
    }

    /// Whether the key is to be the same everywhere. The store's own keys are not.
    pub(crate) fn holds(&self, key: &[u8]) -> bool {
        !key.starts_with(OWN)
            && (self.prefixes.is_empty() || self.prefixes.iter().any(|prefix| key.starts_with(prefix)))
    }

    /// Whether a write may be taken: of these keys, or of everything.
    ///
    /// # Errors
    ///
    /// [`Error::OutOfScope`]; [`Error::OwnKey`].
    pub(crate) fn check(&self, keys: &[Key], touches_everything: bool) -> Result<(), Error> {
        if keys.iter().any(|key| key.starts_with(OWN)) {
            return Err(Error::OwnKey);
        }
        let is_in = |key: &Key| self.prefixes.iter().any(|prefix| key.starts_with(prefix));
        if self.prefixes.is_empty() || !touches_everything && keys.iter().all(is_in) {
            return Ok(());
        }
        let names: Vec<_> =
            self.prefixes.iter().map(|prefix| format!("`{}`", String::from_utf8_lossy(prefix))).collect();
        Err(Error::OutOfScope { prefixes: names.join(" or ").into() })
    }
}

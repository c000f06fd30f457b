//! Who holds: one id an acquisition, never used twice.

use std::fmt;
use std::hash::{BuildHasher, RandomState};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use redfleet_core::mutant;

/// Names one acquisition, and proves that it is the one that holds the lock: whoever knows it may release it.
///
/// It is what stands on the servers, so whoever may read there can read it too.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct LeaseId(Arc<str>);

impl LeaseId {
    /// The id that [`as_str`](Self::as_str) told, perhaps to another process.
    #[must_use]
    pub fn new(text: &str) -> Self {
        Self(text.into())
    }

    /// Its text, to be kept, or told to another process.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for LeaseId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl fmt::Debug for LeaseId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "LeaseId({})", self.0)
    }
}

/// Makes ids: the client's name, which no other client has, and a number.
#[derive(Debug)]
pub(crate) struct Ids {
    client: Arc<str>,
    next: AtomicU64,
}

impl Ids {
    /// A client with a name of 128 random bits; with a seed, of bits that follow from it, for simulations.
    pub(crate) fn new(seed: Option<u64>) -> Self {
        let bits = match seed {
            Some(seed) => fastrand::Rng::with_seed(seed).u128(..),
            // The standard library's keys come from the operating system.
            None => {
                let half = |salt: u8| u128::from(RandomState::new().hash_one((salt, std::process::id())));
                half(0) << 64 | half(1)
            }
        };
        Self { client: format!("{bits:032x}").into(), next: AtomicU64::new(0) }
    }

    /// Chance of this client's own: it follows from its name.
    pub(crate) fn dice(&self) -> fastrand::Rng {
        let bits = self.client.bytes().fold(0_u64, |bits, byte| bits.rotate_left(5) ^ u64::from(byte));
        fastrand::Rng::with_seed(bits)
    }

    /// The client's name: hexadecimal, without a colon.
    pub(crate) fn client(&self) -> &Arc<str> {
        &self.client
    }

    /// An id that was never there before.
    pub(crate) fn next(&self) -> LeaseId {
        if mutant::is_on("id_is_the_clients_name") {
            return LeaseId::new(&self.client);
        }
        LeaseId(format!("{}:{}", self.client, self.next.fetch_add(1, Ordering::Relaxed)).into())
    }
}

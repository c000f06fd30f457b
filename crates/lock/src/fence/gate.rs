//! A resource in this process that lets no holder write after a later one.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex};

use super::{Fence, Stale};
use redfleet_core::lock;

/// Keeps the greatest token that each resource has seen, and refuses smaller ones: for a service that writes for others.
///
/// # Guarantee
///
/// Once a token has passed, no smaller one passes for the same resource, as long as this gate lives. It is in memory: what has to
/// outlive the process keeps the token beside the data, as [`FencedWrite`](crate::FencedWrite) does, or a column of its own in SQL.
///
/// Between the check and the write another holder may pass: do both under the resource's own mutex, or in its own thread.
///
/// # Cost
///
/// No round trip; memory for at most [`max_resources`](Self::max_resources). Beyond them it forgets the one with the smallest token,
/// and from then on refuses whatever is smaller than that one where it knows nothing better: it may then refuse a holder that is one
/// still, and never lets one pass that is not.
///
/// # Example
///
/// ```
/// use redfleet_lock::{Fence, FenceGate};
///
/// let gate = FenceGate::new();
/// gate.check("invoice:7", Fence::new(33))?;
/// gate.check("invoice:7", Fence::new(34))?; // the next holder
/// gate.check("invoice:7", Fence::new(34))?; // again
/// let stale = gate.check("invoice:7", Fence::new(33)).unwrap_err(); // the one before wakes up
/// assert_eq!(stale.greatest, Fence::new(34));
/// # Ok::<(), redfleet_lock::Stale>(())
/// ```
#[derive(Debug)]
pub struct FenceGate {
    max_resources: usize,
    seen: Mutex<Seen>,
}

#[derive(Debug, Default)]
struct Seen {
    greatest: BTreeMap<Arc<str>, Fence>,
    /// The same by token, so that the smallest is found.
    by_fence: BTreeSet<(Fence, Arc<str>)>,
    /// The greatest token that was forgotten.
    forgotten: Fence,
}

impl FenceGate {
    /// A gate that has seen nothing, and will remember 10,000 resources.
    #[must_use]
    pub fn new() -> Self {
        Self { max_resources: 10_000, seen: Mutex::default() }
    }

    /// How many resources it remembers; with none it compares all with each other.
    #[must_use]
    pub const fn max_resources(mut self, max_resources: usize) -> Self {
        self.max_resources = max_resources;
        self
    }

    /// Lets the holder with this token pass, unless a later one has passed before.
    ///
    /// # Errors
    ///
    /// [`Stale`] if so: whoever shows this token does not hold the lock any more.
    pub fn check(&self, resource: &str, fence: Fence) -> Result<(), Stale> {
        let mut seen = lock(&self.seen);
        let known = seen.greatest.get_key_value(resource).map(|(name, known)| (Arc::clone(name), *known));
        let greatest = known.as_ref().map_or(seen.forgotten, |(_, known)| *known);
        if fence < greatest {
            return Err(Stale { resource: resource.into(), fence, greatest });
        }
        match known {
            Some((_, known)) if known == fence => {}
            Some((name, known)) => {
                seen.by_fence.remove(&(known, Arc::clone(&name)));
                seen.put(name, fence);
            }
            None => {
                seen.put(resource.into(), fence);
                seen.forget_beyond(self.max_resources);
            }
        }
        Ok(())
    }
}

impl Default for FenceGate {
    fn default() -> Self {
        Self::new()
    }
}

impl Seen {
    fn put(&mut self, name: Arc<str>, fence: Fence) {
        self.by_fence.insert((fence, Arc::clone(&name)));
        self.greatest.insert(name, fence);
    }

    fn forget_beyond(&mut self, max_resources: usize) {
        while self.greatest.len() > max_resources {
            let Some((fence, name)) = self.by_fence.pop_first() else { return };
            self.greatest.remove(&name);
            self.forgotten = self.forgotten.max(fence);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_smaller_token_is_refused_and_the_same_or_a_greater_one_is_not() {
        let gate = FenceGate::new();
        for (fence, passes) in
            [(5, true), (4, false), (5, true), (7, true), (6, false), (5, false), (7, true)]
        {
            assert_eq!(gate.check("a", Fence::new(fence)).is_ok(), passes, "{fence}");
        }
        assert!(gate.check("b", Fence::new(1)).is_ok(), "another resource has holders of its own");
    }

    #[test]
    fn what_was_forgotten_is_never_let_pass() {
        let mut rng = fastrand::Rng::with_seed(7);
        for max_resources in 0..4 {
            let gate = FenceGate::new().max_resources(max_resources);
            let mut greatest = BTreeMap::new();
            for _ in 0..2000 {
                let (resource, fence) = (rng.u8(..8), Fence::new(rng.u64(..200)));
                let known = greatest.entry(resource).or_insert(fence);
                if gate.check(&resource.to_string(), fence).is_ok() {
                    assert!(fence >= *known, "{fence} passed after {known}, with {max_resources} remembered");
                    *known = fence;
                }
            }
            let seen = lock(&gate.seen);
            assert!(seen.greatest.len() <= max_resources);
            assert_eq!(seen.greatest.len(), seen.by_fence.len());
        }
    }
}

//! Holds the writers of one key apart, from before local is asked until its effect is queued.
//!
//! So the effects on a key are queued in the order in which local carried them out. Keys share stripes, by their hash: two keys of
//! one stripe wait for each other needlessly now and then, and what the gate costs in memory does not depend on the keys.

mod hash;
#[cfg(test)]
mod tests;

use std::sync::Arc;

use redfleet_core::mutant;
use tokio::sync::Semaphore;

use crate::effect::Key;

/// The gate of one store.
#[derive(Debug)]
pub(crate) struct Gate {
    /// One passes each at a time, the others in the order in which they came. There is a power of two of them.
    stripes: Box<[Semaphore]>,
}

/// The way through the gate for some keys, until it is dropped.
#[derive(Debug)]
#[must_use = "others pass as soon as it is dropped"]
pub(crate) struct Entered {
    gate: Arc<Gate>,
    passed: Passed,
}

/// Which stripes are held.
#[derive(Debug)]
enum Passed {
    One(usize),
    Several(Vec<usize>),
}

impl Gate {
    /// A gate with so many stripes, rounded up to a power of two.
    pub(crate) fn new(stripes: usize) -> Arc<Self> {
        let stripes = stripes.clamp(1, 1 << 20).next_power_of_two();
        Arc::new(Self { stripes: (0..stripes).map(|_| Semaphore::new(1)).collect() })
    }

    /// Waits until nobody else is inside with a stripe of one of these keys.
    ///
    /// Stripes are passed in one order by everybody, so nobody waits for somebody who waits for them. Whoever is inside must not
    /// enter again.
    ///
    /// # Cancel safety
    ///
    /// A dropped future holds nothing.
    pub(crate) async fn enter(self: &Arc<Self>, keys: &[Key]) -> Entered {
        if mutant::is_on("gate_is_open") {
            return Entered { gate: Arc::clone(self), passed: Passed::Several(Vec::new()) };
        }
        if let [key] = keys {
            let stripe = self.stripe(key);
            self.pass(stripe).await;
            return Entered { gate: Arc::clone(self), passed: Passed::One(stripe) };
        }
        let mut stripes: Vec<_> = keys.iter().map(|key| self.stripe(key)).collect();
        stripes.sort_unstable();
        stripes.dedup();
        self.enter_stripes(stripes).await
    }

    /// Waits until nobody else is inside at all.
    ///
    /// # Cancel safety
    ///
    /// A dropped future holds nothing.
    pub(crate) async fn enter_all(self: &Arc<Self>) -> Entered {
        self.enter_stripes((0..self.stripes.len()).collect()).await
    }

    /// Waits until all have left who are inside now. Others may enter meanwhile.
    ///
    /// # Cancel safety
    ///
    /// Nobody is held up.
    pub(crate) async fn emptied(&self) {
        for stripe in &self.stripes {
            drop(stripe.acquire().await);
        }
    }

    async fn enter_stripes(self: &Arc<Self>, stripes: Vec<usize>) -> Entered {
        let mut entered =
            Entered { gate: Arc::clone(self), passed: Passed::Several(Vec::with_capacity(stripes.len())) };
        for stripe in stripes {
            self.pass(stripe).await;
            if let Passed::Several(passed) = &mut entered.passed {
                passed.push(stripe);
            }
        }
        entered
    }

    async fn pass(&self, stripe: usize) {
        let Some(semaphore) = self.stripes.get(stripe) else { return };
        // Mostly nobody is there. Who waits is let in by who leaves, so nobody comes between them.
        if let Ok(permit) = semaphore.try_acquire() {
            return permit.forget();
        }
        // It is never closed, so nobody is turned away.
        if let Ok(permit) = semaphore.acquire().await {
            permit.forget();
        }
    }

    fn leave(&self, stripe: usize) {
        if let Some(semaphore) = self.stripes.get(stripe) {
            semaphore.add_permits(1);
        }
    }

    fn stripe(&self, key: &[u8]) -> usize {
        hash::of(key) & (self.stripes.len() - 1)
    }
}

impl Drop for Entered {
    fn drop(&mut self) {
        match &self.passed {
            Passed::One(stripe) => self.gate.leave(*stripe),
            Passed::Several(stripes) => stripes.iter().for_each(|stripe| self.gate.leave(*stripe)),
        }
    }
}

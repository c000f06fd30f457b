//! Two arms that take turns in short blocks: ABBA, pair by pair.

use std::hint::black_box;
use std::io;
use std::time::Instant;

use crate::interval::{Interval, median};

/// How much is measured.
#[derive(Clone, Debug)]
#[expect(clippy::exhaustive_structs, reason = "an unpublished package, and its users set single fields")]
pub struct Plan {
    /// Operations in a block.
    pub block: usize,
    /// Pairs of blocks, one block of each arm.
    pub pairs: usize,
    /// Pairs of blocks that are run first and forgotten, so that both arms are warm.
    pub warm_up: usize,
    /// What is timed.
    pub timing: Timing,
}

impl Default for Plan {
    fn default() -> Self {
        Self { block: 500, pairs: 40, warm_up: 4, timing: Timing::EachOperation }
    }
}

/// What is timed in a block.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(clippy::exhaustive_enums, reason = "an unpublished package")]
pub enum Timing {
    /// Each operation by itself; a block's figure is the median of its operations. The clock costs some 25 ns an
    /// operation, in both arms.
    EachOperation,
    /// The block as a whole; its figure is the mean. For operations so short that the clock would be seen.
    WholeBlock,
}

/// What was measured: for each pair of blocks the nanoseconds an operation took in either arm.
#[derive(Clone, Debug)]
pub struct Comparison {
    name: String,
    pairs: Vec<Pair>,
}

#[derive(Clone, Copy, Debug)]
struct Pair {
    ours_ns: f64,
    theirs_ns: f64,
}

impl Comparison {
    /// What the row is called.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Nanoseconds an operation in our arm.
    #[must_use]
    pub fn ours_ns(&self) -> Interval {
        Interval::of(self.pairs.iter().map(|pair| pair.ours_ns))
    }

    /// Nanoseconds an operation in the peer's arm.
    #[must_use]
    pub fn theirs_ns(&self) -> Interval {
        Interval::of(self.pairs.iter().map(|pair| pair.theirs_ns))
    }

    /// Ours to theirs, from the pairs' own ratios: what slows both arms of a pair cancels.
    #[must_use]
    pub fn ratio(&self) -> Interval {
        Interval::of(self.pairs.iter().map(|pair| pair.ours_ns / pair.theirs_ns))
    }

    /// Ours less theirs, in nanoseconds an operation: what we add.
    #[must_use]
    pub fn overhead_ns(&self) -> Interval {
        Interval::of(self.pairs.iter().map(|pair| pair.ours_ns - pair.theirs_ns))
    }
}

/// Measures our arm against a peer's. One call of an arm is one operation; its value is kept from the optimiser.
///
/// # Cost
///
/// `2 * (warm_up + pairs) * block` operations, one after another.
///
/// # Panics
///
/// Not by itself; an arm that fails should, since a figure of failures means nothing.
pub async fn compare<A, B>(
    name: &str,
    plan: &Plan,
    mut ours: impl AsyncFnMut() -> A,
    mut theirs: impl AsyncFnMut() -> B,
) -> Comparison {
    let clock = clock();
    measure(name, plan, async |arm| match arm {
        Arm::Ours => block(plan, &clock, &mut ours).await,
        Arm::Theirs => block(plan, &clock, &mut theirs).await,
    })
    .await
}

/// Measures two arms that tell their own figures in nanoseconds, where a clock out here would not do: another process,
/// or time on the processor. A block's figure is the median of its operations; [`Plan::timing`] has no say.
pub async fn compare_told(
    name: &str,
    plan: &Plan,
    mut ours_ns: impl AsyncFnMut() -> f64,
    mut theirs_ns: impl AsyncFnMut() -> f64,
) -> Comparison {
    measure(name, plan, async |arm| {
        let mut told = Vec::with_capacity(plan.block);
        for _ in 0..plan.block {
            told.push(match arm {
                Arm::Ours => ours_ns().await,
                Arm::Theirs => theirs_ns().await,
            });
        }
        median(told)
    })
    .await
}

/// Measures one arm against itself: how far from 1 the ratio is by noise alone.
pub async fn noise<T>(name: &str, plan: &Plan, mut arm: impl AsyncFnMut() -> T) -> Comparison {
    let clock = clock();
    measure(name, plan, async |_| block(plan, &clock, &mut arm).await).await
}

/// Runs the whole measurement on a runtime of one thread, as one process with one connection would.
///
/// # Errors
///
/// If the runtime cannot be made.
pub fn block_on<T>(future: impl Future<Output = T>) -> io::Result<T> {
    Ok(tokio::runtime::Builder::new_current_thread().enable_all().build()?.block_on(future))
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Arm {
    Ours,
    Theirs,
}

async fn measure(name: &str, plan: &Plan, mut run: impl AsyncFnMut(Arm) -> f64) -> Comparison {
    eprintln!("  {name} .. {} pairs of {} operations", plan.pairs, plan.block);
    let mut pairs = Vec::with_capacity(plan.pairs);
    for turn in 0..plan.warm_up + plan.pairs {
        let pair = if turn.is_multiple_of(2) {
            let ours_ns = run(Arm::Ours).await;
            Pair { ours_ns, theirs_ns: run(Arm::Theirs).await }
        } else {
            let theirs_ns = run(Arm::Theirs).await;
            Pair { ours_ns: run(Arm::Ours).await, theirs_ns }
        };
        if turn >= plan.warm_up {
            pairs.push(pair);
        }
    }
    let comparison = Comparison { name: name.to_owned(), pairs };
    let ratio = comparison.ratio();
    eprintln!("  {name} .. {:.3} ({:.3} .. {:.3})", ratio.median, ratio.low, ratio.high);
    comparison
}

/// Nanoseconds an operation in one block, by this clock.
async fn block<T>(plan: &Plan, clock: &impl Fn() -> f64, operation: &mut impl AsyncFnMut() -> T) -> f64 {
    match plan.timing {
        Timing::EachOperation => {
            let mut times = Vec::with_capacity(plan.block);
            for _ in 0..plan.block {
                let start = clock();
                black_box(operation().await);
                times.push(clock() - start);
            }
            median(times)
        }
        Timing::WholeBlock => {
            let start = clock();
            for _ in 0..plan.block {
                black_box(operation().await);
            }
            let count = u32::try_from(plan.block).unwrap_or(u32::MAX);
            (clock() - start) / f64::from(count)
        }
    }
}

/// A clock that tells nanoseconds since now.
#[expect(clippy::disallowed_methods, reason = "real time is what is measured")]
fn clock() -> impl Fn() -> f64 {
    let start = Instant::now();
    move || start.elapsed().as_secs_f64() * 1e9
}

#[cfg(test)]
mod tests {
    use std::cell::{Cell, RefCell};

    use super::*;

    const PLAN: Plan = Plan { block: 5, pairs: 10, warm_up: 1, timing: Timing::EachOperation };

    #[test]
    fn the_arms_take_turns_as_abba_and_warm_up_is_forgotten() {
        let order = RefCell::new(String::new());
        let plan = Plan { block: 1, pairs: 3, ..PLAN };
        let ours = async || order.borrow_mut().push('A');
        let theirs = async || order.borrow_mut().push('B');
        let comparison = block_on(compare("order", &plan, ours, theirs)).unwrap();
        assert_eq!(order.borrow().as_str(), "ABBAABBA");
        assert_eq!(comparison.pairs.len(), 3);
    }

    /// One block whose operations take these times in turn.
    fn block_of(timing: Timing, times_ns: [f64; 5]) -> f64 {
        let (clock, next) = (Cell::new(0.0), Cell::new(0));
        let plan = Plan { timing, ..PLAN };
        let mut operation = async || {
            clock.set(clock.get() + times_ns[next.get()]);
            next.set(next.get() + 1);
        };
        block_on(block(&plan, &|| clock.get(), &mut operation)).unwrap()
    }

    #[test]
    fn a_block_tells_the_median_of_its_operations_or_the_mean_of_all() {
        let times = [10.0, 900.0, 20.0, 30.0, 40.0];
        assert_eq!(block_of(Timing::EachOperation, times), 30.0);
        assert_eq!(block_of(Timing::WholeBlock, times), 200.0);
    }

    #[test]
    fn arms_may_tell_their_own_figures() {
        let plan = Plan { block: 3, pairs: 2, ..PLAN };
        let told = RefCell::new([9.0, 2.0, 1.0].into_iter().cycle());
        let ours_ns = async || told.borrow_mut().next().unwrap();
        let comparison = block_on(compare_told("told", &plan, ours_ns, async || 4.0)).unwrap();
        assert_eq!((comparison.ours_ns().median, comparison.ratio().median), (2.0, 0.5));
    }

    #[test]
    fn what_slows_both_arms_of_a_pair_cancels() {
        let slow = |factor: f64| Pair { ours_ns: 200.0 * factor, theirs_ns: 100.0 * factor };
        let pairs = (1..=40).map(|turn| slow(f64::from(turn))).collect();
        let comparison = Comparison { name: "twice".into(), pairs };
        assert_eq!(comparison.ratio(), Interval { low: 2.0, median: 2.0, high: 2.0 });
        assert_eq!(comparison.overhead_ns().median, 2050.0);
    }

    #[test]
    fn the_real_clock_moves_on() {
        let clock = clock();
        let start = clock();
        while clock() <= start {}
    }
}

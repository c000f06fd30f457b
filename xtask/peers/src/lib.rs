//! How redfleet is measured against its peers: two arms, blocks in the order ABBA, an interval beside each figure.
//!
//! The machines that measure are small and noisy: over long blocks the same code differs by 13 %. So the two
//! arms take turns in short blocks, each pair of blocks gives one ratio, and what is told is the median of these
//! ratios with its 95 % interval. A row in which one arm is measured against itself shows the noise that is left.
//!
//! A budget is exceeded only if the interval's lower end is; `cargo xtask bench` decides that.
//!
//! # Example
//!
//! ```
//! use redfleet_peers::{Plan, Row, compare};
//!
//! let plan = Plan { block: 5, pairs: 10, ..Plan::default() };
//! let comparison = redfleet_peers::block_on(async {
//!     compare("yielding twice", &plan, async || tokio::task::yield_now().await, async || {
//!         tokio::task::yield_now().await;
//!         tokio::task::yield_now().await;
//!     })
//!     .await
//! })?;
//! let row = Row::ratio(&comparison, Some(1.1));
//! assert!(row.low.is_some());
//! # Ok::<(), std::io::Error>(())
//! ```

mod interval;
mod measure;
pub mod raw;
mod report;

pub use interval::Interval;
pub use measure::{Comparison, Plan, Timing, block_on, compare, compare_told, noise};
pub use report::{Report, Row, folder};

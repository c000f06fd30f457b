//! What clients did and were told, and pure checks of whether that can be right.
//!
//! A test records what happens and judges it afterwards: the checkers have no clock, no network and no task, so that
//! they are tested by themselves, on histories that are known to be good or bad.
//!
//! | question | answer by |
//! |---|---|
//! | could all of this have happened one after another? | [`linearizable`], [`linearizable_by_key`] |
//! | did two hold the same thing at once? | [`exclusive`], [`at_most`] |
//! | did every token come after those given before it? | [`monotone`] |
//! | do all nodes have the same in the end? | [`converged`] |

mod convergence;
mod exclusion;
mod linear;
mod record;
mod search;
mod tokens;
mod violation;

pub use convergence::converged;
pub use exclusion::{Hold, at_most, exclusive};
pub use linear::{Model, linearizable, linearizable_by_key};
pub use record::{End, History, Invocation, Moment, Operation};
pub use tokens::{Grant, monotone};
pub use violation::Violation;

//! One remote: what is to go there, and how it gets there.

pub(crate) mod at_least_once;
mod call;
mod exactly_once;
pub(crate) mod look;
mod pack;
mod refusal;
mod reply;
pub(crate) mod ship;
mod vouched;
pub(crate) mod watermark;

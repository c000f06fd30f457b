//! One remote: what is to go there, and how it gets there.

pub(crate) mod at_least_once;
mod exactly_once;
mod pack;
mod refusal;
mod reply;
pub(crate) mod ship;
mod vouched;
pub(crate) mod watermark;

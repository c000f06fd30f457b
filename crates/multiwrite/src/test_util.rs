//! What tests of a store are made of.

pub use crate::spool::memory::Disk;

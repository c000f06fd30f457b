//! Keys, values and what they are made of.

mod agenda;
mod chunks;
mod dict;
mod hash;
mod journal;
mod keyspace;
mod list;
pub(crate) mod packed;
mod ready;
mod set;
mod sorted_set;
mod stored;
mod stream;
pub(crate) mod weight;

use std::sync::Arc;

pub(crate) use chunks::{Chunks, Iter};
pub(crate) use dict::Dict;
pub(crate) use hash::{Field, Hash};
pub(crate) use keyspace::{Entry, Keyspace, Snapshot};
pub(crate) use list::List;
pub(crate) use ready::Signal;
pub(crate) use set::Set;
pub(crate) use sorted_set::SortedSet;
pub(crate) use stored::{Kind, Stored};
pub(crate) use stream::{Group, Keep, Pending, Stream, StreamEntry, StreamId, Trim};

/// Bytes that many may hold: a key, a member, a field or a value in a collection.
pub(crate) type Key = Arc<[u8]>;

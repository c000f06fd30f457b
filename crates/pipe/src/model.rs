//! Records that are stored as hashes: what they are made of, and what is done with them.
//!
//! A model is a struct that says `#[derive(Model)]` (feature `derive`), or implements [`Model`](crate::Model) by hand;
//! that trait has all that can be done with stored records. Here stand the types that its methods take and return.
//!
//! # What a record is in Redis
//!
//! One hash, called `KEYSPACE{KEY}`, with a field of the hash for each field of the struct but the key. The braces make the
//! key a cluster's hash tag, so everything that is stored of one key lies in one slot. A field that is `None` is not stored.

mod attribute;
mod change;
mod columns;
pub(crate) mod definition;
mod key;
mod number;
mod patch;
mod plain;
mod read;
mod record;
mod row;
mod selection;
mod written;

pub use attribute::{Attribute, Declared, Managed, Optional, Required, Settable};
pub use columns::Columns;
pub use number::Number;
pub use patch::Patch;
pub use record::Record;
pub use row::Row;
pub use selection::{Removal, Selection};
pub use written::Written;

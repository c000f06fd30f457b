//! Commands queued in one place, answered in another.

mod field;

#[cfg(feature = "json")]
pub use field::Json;
pub use field::{AsField, Ascii, Field, InvalidValue, StringList};

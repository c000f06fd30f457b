//! Whatever serde knows, as JSON: lists, maps, structs.

use std::ops::{Deref, DerefMut};

use serde::Serialize;
use serde::de::DeserializeOwned;

use super::{Field, InvalidValue};

/// A value that is stored as JSON, on one line and without spaces; read is any JSON of a `T`.
///
/// # Errors
///
/// What JSON cannot hold is refused before anything is sent: a map whose keys are no strings, for instance. Beware that
/// serde writes a float that is NaN or infinite as `null`, which is then no float when it is read.
///
/// # Example
///
/// ```
/// use redfleet_pipe::{Field, Json};
///
/// let mut out = Vec::new();
/// Json(vec![1, 2, 3]).encode(&mut out).unwrap();
/// assert_eq!(out, b"[1,2,3]");
/// assert_eq!(*Json::<Vec<u64>>::decode(b"[1, 2, 3]").unwrap(), [1, 2, 3]);
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[expect(clippy::exhaustive_structs, reason = "it is nothing but a mark on a value")]
pub struct Json<T>(pub T);

#[diagnostic::do_not_recommend]
impl<T: Serialize + DeserializeOwned> Field for Json<T> {
    fn encode(&self, out: &mut Vec<u8>) -> Result<(), InvalidValue> {
        serde_json::to_writer(out, &self.0).map_err(|_| InvalidValue::not("a value that JSON can hold"))
    }

    fn decode(bytes: &[u8]) -> Result<Self, InvalidValue> {
        serde_json::from_slice(bytes).map(Self).map_err(|_| InvalidValue::not("JSON of the type asked for"))
    }
}

impl<T> Deref for Json<T> {
    type Target = T;

    fn deref(&self) -> &T {
        &self.0
    }
}

impl<T> DerefMut for Json<T> {
    fn deref_mut(&mut self) -> &mut T {
        &mut self.0
    }
}

impl<T> From<T> for Json<T> {
    fn from(value: T) -> Self {
        Self(value)
    }
}

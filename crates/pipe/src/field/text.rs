//! Text: any, in UTF-8, and printable ASCII alone.

use std::ops::Deref;

use super::{Field, InvalidValue, text};

#[diagnostic::do_not_recommend]
impl Field for String {
    fn encode(&self, out: &mut Vec<u8>) -> Result<(), InvalidValue> {
        out.extend_from_slice(self.as_bytes());
        Ok(())
    }

    fn decode(bytes: &[u8]) -> Result<Self, InvalidValue> {
        text(bytes).map(str::to_owned).ok_or(InvalidValue::not("text"))
    }
}

/// Text of printable ASCII: space to tilde, and nothing else. It may be empty.
///
/// It is looked at when it is written and when it is read, not when it is made.
///
/// # Example
///
/// ```
/// use redfleet_pipe::{Ascii, Field};
///
/// let tea = Ascii("th\u{e9}".to_owned());
/// assert_eq!(tea.encode(&mut Vec::new()).unwrap_err().to_string(), "not ascii");
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[expect(clippy::exhaustive_structs, reason = "it is nothing but a mark on a string")]
pub struct Ascii(pub String);

#[diagnostic::do_not_recommend]
impl Field for Ascii {
    fn encode(&self, out: &mut Vec<u8>) -> Result<(), InvalidValue> {
        check(self.as_bytes())?;
        out.extend_from_slice(self.as_bytes());
        Ok(())
    }

    fn decode(bytes: &[u8]) -> Result<Self, InvalidValue> {
        check(bytes)?;
        String::decode(bytes).map(Self)
    }
}

fn check(bytes: &[u8]) -> Result<(), InvalidValue> {
    let is_ascii = bytes.iter().all(|byte| matches!(byte, b' '..=b'~'));
    if is_ascii { Ok(()) } else { Err(InvalidValue::not("ascii")) }
}

impl Deref for Ascii {
    type Target = str;

    fn deref(&self) -> &str {
        &self.0
    }
}

impl From<&str> for Ascii {
    fn from(text: &str) -> Self {
        Self(text.to_owned())
    }
}

impl From<String> for Ascii {
    fn from(text: String) -> Self {
        Self(text)
    }
}

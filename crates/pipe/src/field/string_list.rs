//! A list of strings with commas between them, as RedPipe writes it, from which nothing is lost.

use std::ops::{Deref, DerefMut};

use super::{Field, InvalidValue, text};

const WANTED: InvalidValue = InvalidValue::not("a list of strings");

/// Strings, stored with commas between them: `a,b,c`.
///
/// Inside a string, `\,` stands for a comma and `\\` for a backslash. No string at all is written as nothing, and one
/// empty string as `\e`, so that the two differ. So every list is read back as it was, and a list without commas,
/// backslashes and empty strings looks as RedPipe's does. (RedPipe drops empty strings and splits strings that have commas.)
///
/// # Example
///
/// ```
/// use redfleet_pipe::{Field, StringList};
///
/// let mut out = Vec::new();
/// StringList::from(["Lima", "Paris, Texas"]).encode(&mut out).unwrap();
/// assert_eq!(out, br"Lima,Paris\, Texas");
/// assert_eq!(StringList::decode(&out).unwrap().len(), 2);
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[expect(clippy::exhaustive_structs, reason = "it is nothing but a mark on a list")]
pub struct StringList(pub Vec<String>);

#[diagnostic::do_not_recommend]
impl Field for StringList {
    fn encode(&self, out: &mut Vec<u8>) -> Result<(), InvalidValue> {
        if matches!(self.as_slice(), [only] if only.is_empty()) {
            out.extend_from_slice(br"\e");
            return Ok(());
        }
        for (place, string) in self.iter().enumerate() {
            if place > 0 {
                out.push(b',');
            }
            for byte in string.bytes() {
                if matches!(byte, b',' | b'\\') {
                    out.push(b'\\');
                }
                out.push(byte);
            }
        }
        Ok(())
    }

    fn decode(bytes: &[u8]) -> Result<Self, InvalidValue> {
        let text = text(bytes).ok_or(WANTED)?;
        if text.is_empty() {
            return Ok(Self::default());
        }
        let mut strings = Vec::new();
        let mut string = String::new();
        let mut letters = text.chars();
        while let Some(letter) = letters.next() {
            match letter {
                ',' => strings.push(std::mem::take(&mut string)),
                '\\' => match letters.next() {
                    Some(escaped @ (',' | '\\')) => string.push(escaped),
                    Some('e') if text == r"\e" => {}
                    _ => return Err(WANTED),
                },
                _ => string.push(letter),
            }
        }
        strings.push(string);
        Ok(Self(strings))
    }
}

impl Deref for StringList {
    type Target = Vec<String>;

    fn deref(&self) -> &Vec<String> {
        &self.0
    }
}

impl DerefMut for StringList {
    fn deref_mut(&mut self) -> &mut Vec<String> {
        &mut self.0
    }
}

impl From<Vec<String>> for StringList {
    fn from(strings: Vec<String>) -> Self {
        Self(strings)
    }
}

impl<const N: usize> From<[&str; N]> for StringList {
    fn from(strings: [&str; N]) -> Self {
        strings.into_iter().collect()
    }
}

impl<S: Into<String>> FromIterator<S> for StringList {
    fn from_iter<I: IntoIterator<Item = S>>(strings: I) -> Self {
        Self(strings.into_iter().map(Into::into).collect())
    }
}

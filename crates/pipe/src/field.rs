//! What a value looks like in Redis: the trait of everything that can be a key, a member, a value or a model's field.

mod as_field;
mod bytes;
mod flag;
mod float;
mod integer;
mod invalid;
#[cfg(feature = "json")]
mod json;
mod string_list;
mod text;

pub use as_field::AsField;
pub use invalid::InvalidValue;
#[cfg(feature = "json")]
pub use json::Json;
pub use string_list::StringList;
pub use text::Ascii;

/// A value that is stored in Redis as bytes, and read back from them.
///
/// | type | what is written |
/// |---|---|
/// | `i8` to `i64`, `u8` to `u64` | decimal digits, exact to the last one |
/// | `f32`, `f64` | the shortest digits that read back as the same number |
/// | `bool` | `1`, or nothing |
/// | `String` | the text in UTF-8 |
/// | [`Ascii`] | text of printable ASCII |
/// | `Vec<u8>`, `[u8; N]` | the bytes as they are |
/// | [`StringList`] | the strings with commas between them |
/// | `Json<T>`, with the feature `json` | whatever serde makes of a `T` |
///
/// `Option` is no field: what is not there is not written, and whether something must be there is said by the model
/// or the command, not by its type.
///
/// # Guarantee
///
/// What one version of a program wrote, `decode` reads back as the same value, and two values that differ are
/// written differently. What cannot be written so is refused before anything is sent. Bytes that are no `Self` are
/// refused too, never guessed at; but several spellings may be read as one value (`0` and `false`, for instance).
/// What this crate writes for each of its types is fixed by a table that its tests execute.
///
/// # Example
///
/// A type of one's own: a colour as six hexadecimal digits.
///
/// ```
/// use redfleet_pipe::{Field, InvalidValue};
///
/// #[derive(Debug, PartialEq)]
/// struct Colour(u32);
///
/// impl Field for Colour {
///     fn encode(&self, out: &mut Vec<u8>) -> Result<(), InvalidValue> {
///         let fits = self.0 < 1 << 24;
///         let Self(colour) = self;
///         if fits { format!("{colour:06x}").encode(out) } else { Err(InvalidValue::not("a colour")) }
///     }
///
///     fn decode(bytes: &[u8]) -> Result<Self, InvalidValue> {
///         let text = String::decode(bytes).ok().filter(|text| text.len() == 6);
///         let colour = text.and_then(|text| u32::from_str_radix(&text, 16).ok());
///         colour.map(Self).ok_or(InvalidValue::not("a colour"))
///     }
/// }
///
/// let mut out = Vec::new();
/// Colour(0xff8800).encode(&mut out).unwrap();
/// assert_eq!(out, b"ff8800");
/// assert_eq!(Colour::decode(b"red").unwrap_err().to_string(), "not a colour");
/// ```
#[doc = include_str!("../fields.md")]
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot be stored: it is no `Field`",
    label = "no field",
    note = "fields are integers up to 64 bits, floats, `bool`, `String`, `Ascii`, `Vec<u8>`, `[u8; N]`, `StringList` and, with \
            the feature `json`, `Json<T>`; or implement `Field`"
)]
pub trait Field: Sized {
    /// Appends the value to `out`.
    ///
    /// # Errors
    ///
    /// [`InvalidValue`] if the value has no form in Redis. What `out` then holds after its old end is of no meaning.
    fn encode(&self, out: &mut Vec<u8>) -> Result<(), InvalidValue>;

    /// Reads a value.
    ///
    /// # Errors
    ///
    /// [`InvalidValue`] if `bytes` are no such value.
    fn decode(bytes: &[u8]) -> Result<Self, InvalidValue>;
}

/// The text of `bytes`, if they are text.
fn text(bytes: &[u8]) -> Option<&str> {
    std::str::from_utf8(bytes).ok()
}

//! A reply exactly as it came over the wire, so that nothing a client's library smooths over is lost.

use std::fmt::{self, Display, Formatter};

use super::words::quoted;

/// One reply of RESP2 or RESP3.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Reply {
    Simple(Vec<u8>),
    Error(Vec<u8>),
    Integer(i64),
    Bulk(Vec<u8>),
    /// RESP2's two kinds of nothing, and RESP3's one.
    NullBulk,
    NullArray,
    Null,
    Boolean(bool),
    Double(Vec<u8>),
    BigNumber(Vec<u8>),
    Verbatim(Vec<u8>),
    Array(Vec<Self>),
    Map(Vec<(Self, Self)>),
    Set(Vec<Self>),
    Push(Vec<Self>),
    /// There was none: the link broke, or nothing came in time.
    Lost(String),
}

impl Reply {
    pub(super) fn is_null(&self) -> bool {
        matches!(self, Self::NullBulk | Self::NullArray | Self::Null)
    }

    /// The text of a simple string, an error, a bulk or a number that is sent as text.
    pub(super) fn text(&self) -> Option<&[u8]> {
        match self {
            Self::Simple(text)
            | Self::Error(text)
            | Self::Bulk(text)
            | Self::Double(text)
            | Self::BigNumber(text)
            | Self::Verbatim(text) => Some(text),
            _ => None,
        }
    }

    pub(super) fn is_error_with(&self, start: &str) -> bool {
        matches!(self, Self::Error(text) if text.starts_with(start.as_bytes()))
    }

    /// The same, but that `other` may write doubles of 17 digits and more otherwise.
    pub(super) fn is_but_for_digits(&self, other: &Self) -> bool {
        let number = |text: &[u8]| std::str::from_utf8(text).ok()?.parse::<f64>().ok();
        let all = |left: &[Self], right: &[Self]| {
            left.len() == right.len()
                && left.iter().zip(right).all(|(left, right)| left.is_but_for_digits(right))
        };
        match (self, other) {
            (Self::Bulk(left), Self::Bulk(right)) | (Self::Double(left), Self::Double(right)) => {
                left == right
                    || ((left.len().max(right.len()) >= 17 || right.contains(&b'e'))
                        && number(left).is_some()
                        && number(left) == number(right))
            }
            (Self::Array(left), Self::Array(right)) => all(left, right),
            (Self::Map(left), Self::Map(right)) => {
                let values =
                    |pairs: &[(Self, Self)]| pairs.iter().map(|(_, value)| value.clone()).collect::<Vec<_>>();
                let names = left.iter().map(|(name, _)| name).eq(right.iter().map(|(name, _)| name));
                names && all(&values(left), &values(right))
            }
            _ => self == other,
        }
    }

    /// The elements of an array, a set or a push.
    pub(super) fn items(&self) -> Option<&[Self]> {
        match self {
            Self::Array(items) | Self::Set(items) | Self::Push(items) => Some(items),
            _ => None,
        }
    }

    fn write(&self, f: &mut Formatter<'_>, depth: usize) -> fmt::Result {
        match self {
            Self::Simple(text) => write!(f, "{}", String::from_utf8_lossy(text)),
            Self::Error(text) => write!(f, "(error) {}", String::from_utf8_lossy(text)),
            Self::Integer(number) => write!(f, "(integer) {number}"),
            Self::Bulk(text) => write!(f, "{}", quoted(text)),
            Self::NullBulk => write!(f, "(nil)"),
            Self::NullArray => write!(f, "(nil array)"),
            Self::Null => write!(f, "(null)"),
            Self::Boolean(is) => write!(f, "({is})"),
            Self::Double(text) => write!(f, "(double) {}", String::from_utf8_lossy(text)),
            Self::BigNumber(text) => write!(f, "(big number) {}", String::from_utf8_lossy(text)),
            Self::Verbatim(text) => write!(f, "(verbatim) {}", quoted(text)),
            Self::Lost(why) => write!(f, "(no reply: {why})"),
            Self::Array(items) => write_all(f, "array", items, depth),
            Self::Set(items) => write_all(f, "set", items, depth),
            Self::Push(items) => write_all(f, "push", items, depth),
            Self::Map(pairs) => {
                write!(f, "(map of {})", pairs.len())?;
                for (key, value) in pairs {
                    write!(f, "\n{:width$}", "", width = 2 * depth + 8)?;
                    key.write(f, depth + 1)?;
                    write!(f, " => ")?;
                    value.write(f, depth + 1)?;
                }
                Ok(())
            }
        }
    }
}

fn write_all(f: &mut Formatter<'_>, what: &str, items: &[Reply], depth: usize) -> fmt::Result {
    write!(f, "({what} of {})", items.len())?;
    for item in items {
        write!(f, "\n{:width$}", "", width = 2 * depth + 8)?;
        item.write(f, depth + 1)?;
    }
    Ok(())
}

impl Display for Reply {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        self.write(f, 0)
    }
}

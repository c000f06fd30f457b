//! Why a value cannot be written, or why stored bytes cannot be read.

use std::fmt;

/// A value that is not of the type that its place asks for.
///
/// It names the type, and the place if that is known, and never the value, which may be a secret.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct InvalidValue {
    place: Option<&'static str>,
    fault: Fault,
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Fault {
    Not(&'static str),
    Missing,
}

impl InvalidValue {
    /// The value is not `wanted`, which is a noun with its article: `an int`, `a colour`.
    #[must_use]
    pub const fn not(wanted: &'static str) -> Self {
        Self { place: None, fault: Fault::Not(wanted) }
    }

    /// There must be a value, and there is none.
    #[must_use]
    pub const fn missing() -> Self {
        Self { place: None, fault: Fault::Missing }
    }

    /// The same, said of this place: `KEYSPACE.FIELD` for a model's field. A place that is known already stays.
    #[must_use]
    pub const fn at(self, place: &'static str) -> Self {
        match self.place {
            Some(_) => self,
            None => Self { place: Some(place), fault: self.fault },
        }
    }

    /// Where the value is, or should be.
    #[must_use]
    pub const fn place(&self) -> Option<&'static str> {
        self.place
    }

    /// What the value should have been; `None` if there was no value at all.
    #[must_use]
    pub const fn wanted(&self) -> Option<&'static str> {
        match self.fault {
            Fault::Not(wanted) => Some(wanted),
            Fault::Missing => None,
        }
    }
}

impl fmt::Display for InvalidValue {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(place) = self.place {
            write!(f, "{place}: ")?;
        }
        match self.fault {
            Fault::Not(wanted) => write!(f, "not {wanted}"),
            Fault::Missing => f.write_str("required, but not there"),
        }
    }
}

impl std::error::Error for InvalidValue {}

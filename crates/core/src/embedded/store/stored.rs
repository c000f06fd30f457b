//! What a key can hold.

use super::hash::Hash;
use super::list::List;
use super::ready::Signal;
use super::set::Set;
use super::sorted_set::SortedSet;
use super::stream::Stream;

/// The value of a key.
#[derive(Clone, Debug)]
pub(crate) enum Stored {
    String(Vec<u8>),
    List(List),
    Set(Set),
    Hash(Hash),
    SortedSet(SortedSet),
    Stream(Stream),
}

impl Stored {
    /// The type's name, as TYPE says it.
    pub(crate) const fn type_name(&self) -> &'static str {
        match self {
            Self::String(_) => "string",
            Self::List(_) => "list",
            Self::Set(_) => "set",
            Self::Hash(_) => "hash",
            Self::SortedSet(_) => "zset",
            Self::Stream(_) => "stream",
        }
    }

    /// What those are told who wait for such a value; nothing, where there are no such commands.
    pub(crate) const fn signal(&self) -> Option<Signal> {
        match self {
            Self::List(_) => Some(Signal::List),
            Self::SortedSet(_) => Some(Signal::SortedSet),
            Self::Stream(_) => Some(Signal::Stream),
            Self::String(_) | Self::Set(_) | Self::Hash(_) => None,
        }
    }

    /// Whether it is a collection with nothing in it, which does not stay. A stream does.
    pub(crate) fn is_hollow(&self) -> bool {
        match self {
            Self::String(_) | Self::Stream(_) => false,
            Self::List(list) => list.is_empty(),
            Self::Set(set) => set.is_empty(),
            Self::Hash(hash) => hash.is_empty(),
            Self::SortedSet(sorted) => sorted.is_empty(),
        }
    }
}

/// One of the types that a key can hold.
pub(crate) trait Kind: Sized {
    fn of(value: &Stored) -> Option<&Self>;
    fn of_mut(value: &mut Stored) -> Option<&mut Self>;
    /// The value of a key that was not there.
    fn empty() -> Stored;
}

impl Kind for Vec<u8> {
    fn of(value: &Stored) -> Option<&Self> {
        if let Stored::String(inner) = value { Some(inner) } else { None }
    }
    fn of_mut(value: &mut Stored) -> Option<&mut Self> {
        if let Stored::String(inner) = value { Some(inner) } else { None }
    }
    fn empty() -> Stored {
        Stored::String(Self::new())
    }
}

impl Kind for List {
    fn of(value: &Stored) -> Option<&Self> {
        if let Stored::List(inner) = value { Some(inner) } else { None }
    }
    fn of_mut(value: &mut Stored) -> Option<&mut Self> {
        if let Stored::List(inner) = value { Some(inner) } else { None }
    }
    fn empty() -> Stored {
        Stored::List(Self::default())
    }
}

impl Kind for Set {
    fn of(value: &Stored) -> Option<&Self> {
        if let Stored::Set(inner) = value { Some(inner) } else { None }
    }
    fn of_mut(value: &mut Stored) -> Option<&mut Self> {
        if let Stored::Set(inner) = value { Some(inner) } else { None }
    }
    fn empty() -> Stored {
        Stored::Set(Self::default())
    }
}

impl Kind for Hash {
    fn of(value: &Stored) -> Option<&Self> {
        if let Stored::Hash(inner) = value { Some(inner) } else { None }
    }
    fn of_mut(value: &mut Stored) -> Option<&mut Self> {
        if let Stored::Hash(inner) = value { Some(inner) } else { None }
    }
    fn empty() -> Stored {
        Stored::Hash(Self::default())
    }
}

impl Kind for SortedSet {
    fn of(value: &Stored) -> Option<&Self> {
        if let Stored::SortedSet(inner) = value { Some(inner) } else { None }
    }
    fn of_mut(value: &mut Stored) -> Option<&mut Self> {
        if let Stored::SortedSet(inner) = value { Some(inner) } else { None }
    }
    fn empty() -> Stored {
        Stored::SortedSet(Self::default())
    }
}

impl Kind for Stream {
    fn of(value: &Stored) -> Option<&Self> {
        if let Stored::Stream(inner) = value { Some(inner) } else { None }
    }
    fn of_mut(value: &mut Stored) -> Option<&mut Self> {
        if let Stored::Stream(inner) = value { Some(inner) } else { None }
    }
    fn empty() -> Stored {
        Stored::Stream(Self::default())
    }
}

//! The forms in which commands are shipped.

use super::Key;

/// A word of a command that a plan keeps. It is shared, as keys are.
pub(super) type Word = Key;

/// How one command is shipped. Whatever the form, each step that comes of it reads and writes one key and no other: a remote
/// that lost a key to time earlier or later than local then has a wrong life at that very key, which is seen, and never a wrong
/// value at another.
#[derive(Clone, Debug)]
pub(super) enum Form {
    /// As it is: it changes nothing.
    Reads,
    /// Not at all: it changes nothing, and no script may call it.
    Silent,
    /// Everything is copied anew.
    Everything,
    /// As it is: it says something to whoever listens, and has no key.
    Message,
    /// As DEL or UNLINK of each key.
    Wipes { keys: Vec<Key>, by: &'static str },
    /// As SET of each key.
    Sets { pairs: Vec<(Key, Word)>, end: End, when: When },
    /// As it is, on its one key: what it leaves depends on what is there.
    Builds { key: Key, when: When },
    /// As these words, on its one key.
    As { key: Key, words: Vec<Word>, when: When },
    /// As it is: it adds to an integer.
    Adds { key: Key, by: i64 },
    /// As the end that local's key has afterwards.
    SetsLife { key: Key, when: When },
    /// As the whole value that local has afterwards.
    Whole { keys: Vec<Key>, when: When },
    /// As the values and ends that these fields of a hash have afterwards on local.
    Fields { key: Key, fields: Vec<Word>, when: When },
    /// As what the reply says that was done.
    Told(Told),
    /// As RESTORE with this payload.
    Restores { key: Key, payload: Word, end: End },
    /// As it is: somebody vouched for this script.
    Vouched(Vec<Key>),
}

/// Where the reply says what was done.
#[derive(Clone, Debug)]
pub(super) enum Told {
    /// SPOP: the members that were taken.
    Members(Key),
    /// ZPOPMIN, ZPOPMAX: the members and their scores.
    Scored(Key),
    /// ZMPOP: the key, the members and their scores.
    KeyAndScored(Vec<Key>),
    /// LMPOP: the key and the elements, taken from this end.
    KeyAndElements { keys: Vec<Key>, pop: &'static str },
    /// LMOVE, RPOPLPUSH: the element.
    Moved { from: Key, pop: &'static str, to: Key, push: &'static str },
    /// SMOVE: whether the member was there.
    MemberMoved { from: Key, to: Key, member: Word },
    /// INCRBYFLOAT: the new value.
    Value(Key),
    /// XADD: the id. `before` is what stands before the id, `after` what stands behind it.
    Id { key: Key, before: Vec<Word>, after: Vec<Word>, is_cut_to_length: bool },
    /// XTRIM, where it is not said how much goes: whether any went.
    CutToLength(Key),
}

/// The end of a life that a command gives.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum End {
    /// None.
    Never,
    /// This Unix time, in milliseconds.
    At { unix_ms: i64 },
    /// The one that local's key has afterwards.
    AsLocal,
}

/// How the reply tells that the command did what it does.
#[derive(Clone, Debug)]
pub(super) enum When {
    /// Any reply does.
    Always,
    /// Nil and numbers below one say that it did nothing.
    NotZero,
    /// Nil says that it did nothing.
    NotNil,
    /// Only nil says that it did.
    Nil,
    /// The reply is what was there, and only with this did it.
    Was(Word),
    /// The reply is what was there, and only without this did it.
    WasNot(Word),
    /// A refusal does not say that it did nothing: a script keeps what it wrote before it failed. Nor does NOSCRIPT, which a script
    /// may say as well.
    EvenRefused,
}

impl Form {
    /// The keys that it may write.
    pub(super) fn keys(&self) -> Vec<&Key> {
        match self {
            Self::Reads | Self::Silent | Self::Everything | Self::Message => Vec::new(),
            Self::Wipes { keys, .. } | Self::Whole { keys, .. } | Self::Vouched(keys) => {
                keys.iter().collect()
            }
            Self::Sets { pairs, .. } => pairs.iter().map(|(key, _)| key).collect(),
            Self::Builds { key, .. }
            | Self::As { key, .. }
            | Self::Adds { key, .. }
            | Self::SetsLife { key, .. }
            | Self::Fields { key, .. }
            | Self::Restores { key, .. } => vec![key],
            Self::Told(told) => told.keys(),
        }
    }

    /// Whether it changes nothing.
    pub(super) const fn is_read(&self) -> bool {
        matches!(self, Self::Reads | Self::Silent)
    }

    /// What it needs to know of a key that it may write, beside the reply.
    pub(super) const fn need(&self) -> Need {
        match self {
            Self::Reads
            | Self::Silent
            | Self::Everything
            | Self::Message
            | Self::Wipes { .. }
            | Self::Sets { end: End::Never | End::At { .. }, .. }
            | Self::Restores { end: End::Never | End::At { .. }, .. } => Need::Nothing,
            Self::Sets { .. } | Self::Restores { .. } | Self::Told(Told::Value(_)) => Need::LifeToSet,
            Self::SetsLife { .. } => Need::LifeToSetAlone,
            Self::Builds { .. }
            | Self::As { .. }
            | Self::Adds { .. }
            | Self::Fields { .. }
            | Self::Vouched(_) => Need::LifeToCompare,
            Self::Told(Told::CutToLength(_) | Told::Id { is_cut_to_length: true, .. }) => Need::Length,
            Self::Told(_) => Need::LifeToCompare,
            Self::Whole { .. } => Need::Whole,
        }
    }
}

impl Told {
    fn keys(&self) -> Vec<&Key> {
        match self {
            Self::Members(key)
            | Self::Scored(key)
            | Self::Value(key)
            | Self::Id { key, .. }
            | Self::CutToLength(key) => vec![key],
            Self::KeyAndScored(keys) | Self::KeyAndElements { keys, .. } => keys.iter().collect(),
            Self::Moved { from, to, .. } | Self::MemberMoved { from, to, .. } => vec![from, to],
        }
    }
}

/// What is to be asked on local about a key, right behind the command.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Need {
    /// Nothing: the command says it all.
    Nothing,
    /// Its end, for a remote to compare with.
    LifeToCompare,
    /// Its end, which the step gives it together with its value.
    LifeToSet,
    /// Its end, which is all that the step gives it.
    LifeToSetAlone,
    /// How many entries the stream has, and its end.
    Length,
    /// All of it.
    Whole,
}

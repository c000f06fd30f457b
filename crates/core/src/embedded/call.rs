//! What a command sees while it runs.

use super::client::{Client, Protocol};
use super::data::Data;
use super::number;
use super::refusal::Refusal;
use super::store::{Key, Keyspace};

/// One command on its way through the store.
///
/// Time stands still meanwhile, also for all the commands of a script or a transaction.
#[derive(Debug)]
pub(crate) struct Call<'a> {
    pub(crate) data: &'a mut Data,
    pub(crate) client: &'a mut Client,
    /// The command's words, its name first. There are as many as its arity says.
    pub(crate) words: &'a [&'a [u8]],
    /// Set by a command that found nothing and would rather wait. Where waiting is not possible, in a transaction
    /// or a script, its reply holds.
    pub(crate) wait: Option<Wait>,
}

/// What a blocking command waits for. It runs again when one of the keys is what it needs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Wait {
    pub(crate) needs: Need,
    pub(crate) keys: Vec<Key>,
    /// Unix time in milliseconds, by the node's own clock; for ever, if there is none.
    pub(crate) until: Option<i64>,
    /// What runs then, if it is not what was called: "from now on" means something else later.
    pub(crate) again: Option<Vec<Vec<u8>>>,
}

/// What a key must be to serve one who waits for it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Need {
    List,
    SortedSet,
    Stream,
    /// A stream, of which something may also happen to the group that one reads for: he hears of that.
    Group,
}

impl<'a> Call<'a> {
    pub(crate) fn new(data: &'a mut Data, client: &'a mut Client, words: &'a [&'a [u8]]) -> Self {
        Self { data, client, words, wait: None }
    }

    pub(crate) fn keys(&mut self) -> &mut Keyspace {
        &mut self.data.keyspace
    }

    /// Unix time, by the node's own clock.
    pub(crate) fn now_ms(&self) -> i64 {
        self.data.keyspace.now_ms()
    }

    pub(crate) fn is_resp3(&self) -> bool {
        self.client.protocol == Protocol::Resp3
    }

    /// The word at `index`, the name being the 0th.
    pub(crate) fn word(&self, index: usize) -> Result<&'a [u8], Refusal> {
        self.words.get(index).copied().ok_or(Refusal::SYNTAX)
    }

    /// The words from `index` on.
    pub(crate) fn rest(&self, index: usize) -> &'a [&'a [u8]] {
        self.words.get(index..).unwrap_or_default()
    }

    /// The word at `index` as a key, a member or a value to store.
    pub(crate) fn key(&self, index: usize) -> Result<Key, Refusal> {
        self.word(index).map(Key::from)
    }

    /// The word at `index` as an integer.
    pub(crate) fn int(&self, index: usize) -> Result<i64, Refusal> {
        number::integer(self.word(index)?).ok_or(Refusal::NO_INTEGER)
    }

    /// Whether the word at `index` is `keyword`, in upper or lower case.
    pub(crate) fn is(&self, index: usize, keyword: &str) -> bool {
        self.words.get(index).is_some_and(|word| word.eq_ignore_ascii_case(keyword.as_bytes()))
    }
}

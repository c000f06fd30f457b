//! A hash: fields with values, some of which expire.

use std::collections::BTreeSet;

use super::Key;
use super::dict::Dict;

/// Fields by name: iteration follows their hashes, the same in every run.
#[derive(Clone, Debug, Default)]
pub(crate) struct Hash {
    fields: Dict<Field>,
    /// When fields expire, the soonest first.
    due: BTreeSet<(i64, Key)>,
}

/// What a field holds.
#[derive(Clone, Debug)]
pub(crate) struct Field {
    pub(crate) value: Key,
    /// Unix time in milliseconds.
    pub(crate) expires_at: Option<i64>,
}

impl Hash {
    pub(crate) fn len(&self) -> usize {
        self.fields.len()
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.fields.is_empty()
    }

    pub(crate) fn field(&self, name: &[u8]) -> Option<&Field> {
        self.fields.get(name)
    }

    pub(crate) fn get(&self, name: &[u8]) -> Option<&Key> {
        self.field(name).map(|field| &field.value)
    }

    /// Sets a field for good: what was left of its life is forgotten. Whether it was not there yet.
    pub(crate) fn set(&mut self, name: Key, value: Key) -> bool {
        let before = self.fields.insert(name.clone(), Field { value, expires_at: None });
        if let Some(at) = before.as_ref().and_then(|field| field.expires_at) {
            self.due.remove(&(at, name));
        }
        before.is_none()
    }

    /// Changes a field's value and leaves its life as it is. Whether it was not there yet.
    pub(crate) fn set_value(&mut self, name: Key, value: Key) -> bool {
        match self.fields.get_mut(&name) {
            Some(field) => {
                field.value = value;
                false
            }
            None => self.set(name, value),
        }
    }

    /// Removes a field and returns what it held.
    pub(crate) fn remove(&mut self, name: &[u8]) -> Option<Key> {
        let (name, field) = self.fields.remove(name)?;
        if let Some(at) = field.expires_at {
            self.due.remove(&(at, name));
        }
        Some(field.value)
    }

    /// Sets when a field that is there expires, or that it does not. Whoever does tells the keyspace, by
    /// [`Keyspace::expect_fields`](super::Keyspace::expect_fields).
    pub(crate) fn set_expiry(&mut self, name: &[u8], at: Option<i64>) {
        let Some((name, before)) = self.fields.get_key_value(name) else { return };
        let (name, before) = (name.clone(), before.expires_at);
        if let Some(before) = before {
            self.due.remove(&(before, name.clone()));
        }
        if let Some(field) = self.fields.get_mut(&name) {
            field.expires_at = at;
        }
        if let Some(at) = at {
            self.due.insert((at, name));
        }
    }

    /// When the next field expires.
    pub(crate) fn next_expiry(&self) -> Option<i64> {
        self.due.first().map(|(at, _)| *at)
    }

    /// Removes what has expired by `now_ms`. How many fields that was.
    pub(crate) fn expire(&mut self, now_ms: i64) -> usize {
        let mut expired = 0;
        while let Some((at, name)) = self.due.first() {
            if *at > now_ms {
                break;
            }
            let name = name.clone();
            self.remove(&name);
            expired += 1;
        }
        expired
    }

    pub(crate) fn iter(&self) -> impl Iterator<Item = (&Key, &Field)> {
        self.fields.iter()
    }

    /// The field at this place of the iteration: with a random place, a random field.
    pub(crate) fn nth(&self, place: usize) -> Option<(&Key, &Field)> {
        self.fields.nth(place)
    }

    /// Some fields from this cursor on, and the cursor to go on from: 0 at the beginning and at the end.
    pub(crate) fn scan(&self, cursor: u64, count: usize) -> (u64, Vec<(&Key, &Field)>) {
        self.fields.scan(cursor, count)
    }
}

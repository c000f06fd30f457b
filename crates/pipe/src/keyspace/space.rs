//! Where the keys of a keyspace lie: its name, its connection, and the way from an id to a key and back.

use redfleet_core::mutant;

use crate::field::{AsField, Field, InvalidValue};

/// A name and a connection, either of which may be missing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Space {
    /// Before the ids; without one, the ids are the keys.
    pub(crate) name: Option<&'static str>,
    /// Which connection its commands are for; without one, whichever the pipe is at.
    pub(crate) connection: Option<&'static str>,
}

impl Space {
    /// Appends the key of `id`: `NAME{id}`.
    pub(crate) fn key<K: Field>(self, id: &impl AsField<K>, out: &mut Vec<u8>) -> Result<(), InvalidValue> {
        let Some(name) = self.name else { return id.encode_as(out) };
        out.extend_from_slice(name.as_bytes());
        out.push(b'{');
        id.encode_as(out).map_err(|error| error.at(name))?;
        out.push(b'}');
        Ok(())
    }

    /// The id whose key this is.
    pub(crate) fn id<K: Field>(self, key: &[u8]) -> Result<K, InvalidValue> {
        let Some(name) = self.name else { return K::decode(key) };
        let id = key.strip_prefix(name.as_bytes()).and_then(|key| key.strip_prefix(b"{")?.strip_suffix(b"}"));
        id.map_or(Err(InvalidValue::not("a key of this keyspace")), K::decode).map_err(|error| error.at(name))
    }

    /// The glob that matches the keys whose ids match the glob `ids`. The name stands for itself, whatever is in it.
    pub(crate) fn pattern(self, ids: &[u8]) -> Vec<u8> {
        let Some(name) = self.name else { return ids.to_vec() };
        let mut pattern = Vec::with_capacity(name.len() + ids.len() + 2);
        for byte in name.bytes() {
            let is_special = matches!(byte, b'*' | b'?' | b'[' | b']' | b'\\');
            if is_special && !mutant::is_on("names_of_keyspaces_are_globs") {
                pattern.push(b'\\');
            }
            pattern.push(byte);
        }
        pattern.push(b'{');
        pattern.extend_from_slice(ids);
        pattern.push(b'}');
        pattern
    }

    /// What SORT replaces by each element, or by its id in this keyspace: `NAME{*}`. SORT knows no escapes.
    pub(crate) fn placeholder(self) -> Result<Vec<u8>, InvalidValue> {
        let Some(name) = self.name else { return Ok(b"*".to_vec()) };
        if name.contains('*') {
            return Err(InvalidValue::not("a keyspace without `*` in its name").at(name));
        }
        Ok(format!("{name}{{*}}").into_bytes())
    }
}

#[cfg(test)]
mod tests {
    use redfleet_core::Slot;

    use super::*;

    const fn named(name: &'static str) -> Space {
        Space { name: Some(name), connection: None }
    }

    fn key(space: Space, id: &str) -> Vec<u8> {
        let mut key = Vec::new();
        space.key::<String>(&id, &mut key).unwrap();
        key
    }

    #[test]
    fn an_id_is_the_hash_tag_of_its_key() {
        assert_eq!(key(named("STRING"), "1"), b"STRING{1}");
        assert_eq!(key(Space { name: None, connection: None }, "1"), b"1");
        for id in ["1", "bob", "a b", "a}b", "a{b", "{a}", "{", "*"] {
            let slots: Vec<_> = ["A", "B", "C*"].map(|name| Slot::of_key(&key(named(name), id))).into();
            assert!(slots.iter().all(|slot| *slot == slots[0]), "{id} has one slot in all keyspaces");
        }
    }

    #[test]
    fn only_an_id_that_leaves_no_tag_has_another_slot_in_every_keyspace() {
        for id in ["", "}", "}a"] {
            assert_ne!(Slot::of_key(&key(named("A"), id)), Slot::of_key(&key(named("B"), id)), "{id:?}");
        }
    }

    #[test]
    fn every_key_leads_back_to_its_id_and_no_two_ids_share_one() {
        let space = named("F");
        let ids = ["", "1", "}", "{", "}{", "a}b", "{a}", "F{1}", "*"];
        for id in ids {
            assert_eq!(space.id::<String>(&key(space, id)).unwrap(), id);
        }
        for foreign in [&b"F"[..], b"F1", b"F{1", b"G{1}", b"FF{1}", b""] {
            assert!(space.id::<String>(foreign).is_err());
        }
    }

    #[test]
    fn random_ids_have_keys_of_their_own_and_the_same_slot_everywhere() {
        let seed = fastrand::u64(..);
        let mut random = fastrand::Rng::with_seed(seed);
        let mut keys = std::collections::BTreeMap::new();
        for _ in 0..5_000 {
            let id: Vec<u8> =
                (0..random.usize(..6)).map(|_| *random.choice(b"{}*a\x00\xff").unwrap()).collect();
            let of = |name| {
                let mut key = Vec::new();
                named(name).key::<Vec<u8>>(&id, &mut key).unwrap();
                key
            };
            let (key, other) = (of("A"), of("B"));
            assert_eq!(named("A").id::<Vec<u8>>(&key).unwrap(), id, "seed {seed}");
            assert!(named("B").id::<Vec<u8>>(&key).is_err(), "seed {seed}");
            if !matches!(id.first(), None | Some(b'}')) {
                assert_eq!(Slot::of_key(&key), Slot::of_key(&other), "seed {seed}: {id:?}");
            }
            assert_eq!(keys.entry(key).or_insert_with(|| id.clone()), &id, "seed {seed}");
        }
    }

    #[test]
    fn a_name_matches_itself_only() {
        assert_eq!(named("a*b").pattern(b"*"), br"a\*b{*}");
        assert_eq!(named(r"[a]?\").pattern(b"1?"), br"\[a\]\?\\{1?}");
        assert!(named("a*b").placeholder().is_err());
    }
}

//! The values that SORT's patterns name: `weight_*`, `object_*->field` and `#`.

use crate::embedded::store::{Hash, Key, Keyspace};

/// What `pattern` means for `item`: the item itself, or what the key or the field holds that it names.
pub(super) fn by_pattern(keys: &mut Keyspace, pattern: &[u8], item: &Key) -> Option<Key> {
    let readable = text(pattern);
    if readable == b"#" {
        return Some(item.clone());
    }
    let star = readable.iter().position(|byte| *byte == b'*')?;
    let (prefix, rest) = pattern.split_at_checked(star)?;
    let rest = rest.get(1..)?;
    let (suffix, field) = match arrow(rest) {
        Some((suffix, field)) => (suffix, Some(field)),
        None => (rest, None),
    };
    let key = [prefix, item, suffix].concat();
    match field {
        Some(field) => keys.read::<Hash>(&key).ok().flatten()?.get(field).cloned(),
        None => keys.read::<Vec<u8>>(&key).ok().flatten().map(|value| value.as_slice().into()),
    }
}

/// Whether a pattern names different keys for different items.
pub(super) fn has_star(pattern: &[u8]) -> bool {
    text(pattern).contains(&b'*')
}

/// What of it C takes for a text: what is before the first NUL.
pub(super) fn text(bytes: &[u8]) -> &[u8] {
    bytes.split(|byte| *byte == 0).next().unwrap_or_default()
}

/// What is before and behind the first arrow, if anything is behind it.
fn arrow(rest: &[u8]) -> Option<(&[u8], &[u8])> {
    let at = text(rest).windows(2).position(|pair| pair == b"->")?;
    let (before, field) = (rest.get(..at)?, rest.get(at + 2..)?);
    (!text(field).is_empty()).then_some((before, field))
}

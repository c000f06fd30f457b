//! `SORT` and `SORT_RO`: what a list, a set or a sorted set holds, in order, or what keys say of it.

mod lookup;
#[cfg(test)]
mod tests;

use std::cmp::Ordering;
use std::ops::Range;

use redis::Value;

use crate::embedded::call::Call;
use crate::embedded::number;
use crate::embedded::refusal::Refusal;
use crate::embedded::spec::{Keys, Spec};
use crate::embedded::store::{Key, List, Stored};

pub(super) const COMMANDS: &[Spec] =
    &[Spec::write("sort", -2, Keys::Sort, sort), Spec::read("sort_ro", -2, Keys::FIRST, sort_read_only)];

/// What is asked for.
#[derive(Debug)]
struct Options<'a> {
    /// The pattern of the keys to sort by. One without a star means that nothing is sorted.
    by: Option<&'a [u8]>,
    /// The patterns of what is returned instead of the items.
    get: Vec<&'a [u8]>,
    start: i64,
    count: i64,
    is_descending: bool,
    is_alphabetic: bool,
    store: Option<Key>,
}

impl<'a> Options<'a> {
    fn read(words: &[&'a [u8]], may_store: bool) -> Result<Self, Refusal> {
        let (mut options, mut rest) = (Self::default(), words);
        while let [name, after @ ..] = rest {
            rest = match (name.to_ascii_uppercase().as_slice(), after) {
                (b"ASC", after) => {
                    options.is_descending = false;
                    after
                }
                (b"DESC", after) => {
                    options.is_descending = true;
                    after
                }
                (b"ALPHA", after) => {
                    options.is_alphabetic = true;
                    after
                }
                (b"LIMIT", [start, count, after @ ..]) => {
                    options.start = number::integer(start).ok_or(Refusal::NO_INTEGER)?;
                    options.count = number::integer(count).ok_or(Refusal::NO_INTEGER)?;
                    after
                }
                (b"STORE", [key, after @ ..]) if may_store => {
                    options.store = Some(Key::from(*key));
                    after
                }
                (b"BY", [pattern, after @ ..]) => {
                    options.by = Some(*pattern);
                    after
                }
                (b"GET", [pattern, after @ ..]) => {
                    options.get.push(*pattern);
                    after
                }
                _ => return Err(Refusal::SYNTAX),
            };
        }
        Ok(options)
    }

    /// The places of those that are wanted, among `len`.
    fn window(&self, len: usize) -> Range<usize> {
        let start = usize::try_from(self.start).unwrap_or_default().min(len);
        let end = usize::try_from(self.count).map_or(len, |count| start.saturating_add(count).min(len));
        start..end
    }
}

impl Default for Options<'_> {
    fn default() -> Self {
        Self {
            by: None,
            get: Vec::new(),
            start: 0,
            count: -1,
            is_descending: false,
            is_alphabetic: false,
            store: None,
        }
    }
}

fn sort(call: &mut Call<'_>) -> Result<Value, Refusal> {
    let options = Options::read(call.rest(2), true)?;
    let output = output(call, &options)?;
    let Some(key) = options.store else {
        let found = output.into_iter().map(|item| item.map_or(Value::Nil, super::bulk));
        return Ok(Value::Array(found.collect()));
    };
    let list: List = output.into_iter().map(Option::unwrap_or_default).collect();
    let len = list.len();
    if len > 0 {
        call.keys().set(key, Stored::List(list), None);
    } else {
        call.keys().remove(&key);
    }
    Ok(super::integer(len))
}

fn sort_read_only(call: &mut Call<'_>) -> Result<Value, Refusal> {
    let options = Options::read(call.rest(2), false)?;
    let found = output(call, &options)?;
    Ok(Value::Array(found.into_iter().map(|item| item.map_or(Value::Nil, super::bulk)).collect()))
}

/// What is returned or stored.
fn output(call: &mut Call<'_>, options: &Options<'_>) -> Result<Vec<Option<Key>>, Refusal> {
    let sorted = sorted(call, options)?;
    let wanted = sorted.get(options.window(sorted.len())).unwrap_or_default();
    if options.get.is_empty() {
        return Ok(wanted.iter().cloned().map(Some).collect());
    }
    let pairs = wanted.iter().flat_map(|item| options.get.iter().map(move |pattern| (pattern, item)));
    Ok(pairs.map(|(pattern, item)| lookup::by_pattern(call.keys(), pattern, item)).collect())
}

/// All items, in order.
fn sorted(call: &mut Call<'_>, options: &Options<'_>) -> Result<Vec<Key>, Refusal> {
    let key = call.word(1)?;
    call.keys().mark_used(key);
    let mut is_set = false;
    let mut items: Vec<Key> = match call.keys().entry(key).map(|entry| &entry.value) {
        None => Vec::new(),
        Some(Stored::List(list)) => list.iter().cloned().collect(),
        Some(Stored::SortedSet(sorted)) => sorted.iter().map(|(member, _)| member.clone()).collect(),
        Some(Stored::Set(set)) => {
            is_set = true;
            set.iter().cloned().collect()
        }
        Some(Stored::String(_) | Stored::Hash(_) | Stored::Stream(_)) => return Err(Refusal::WRONG_TYPE),
    };
    let pattern = options.by.filter(|pattern| lookup::has_star(pattern));
    if options.by.is_some() && pattern.is_none() {
        if is_set {
            // They have no order of their own, and Redis wants one where they are stored, and in scripts.
            items.sort();
        }
        if options.is_descending {
            items.reverse();
        }
        return Ok(items);
    }
    if options.is_alphabetic {
        sort_alphabetically(call, &mut items, pattern, options.store.is_some());
    } else {
        sort_by_number(call, &mut items, pattern)?;
    }
    if options.is_descending {
        items.reverse();
    }
    Ok(items)
}

fn sort_by_number(call: &mut Call<'_>, items: &mut Vec<Key>, pattern: Option<&[u8]>) -> Result<(), Refusal> {
    let mut scored = Vec::with_capacity(items.len());
    for item in items.drain(..) {
        let weight = match pattern {
            Some(pattern) => lookup::by_pattern(call.keys(), pattern, &item),
            None => Some(item.clone()),
        };
        let score = weight.map_or(Some(0.0), |weight| number::range_end(&weight));
        let refusal = Refusal::fixed("ERR One or more scores can't be converted into double");
        scored.push((score.ok_or(refusal)?, item));
    }
    // The sum turns -0.0 into the 0.0 that it equals.
    let order = |left: &f64, right: &f64| (left + 0.0).total_cmp(&(right + 0.0));
    scored.sort_by(|(left, one), (right, other)| order(left, right).then_with(|| one.cmp(other)));
    items.extend(scored.into_iter().map(|(_, item)| item));
    Ok(())
}

/// What is not stored is compared as C compares texts, of which nothing counts behind a NUL.
fn sort_alphabetically(call: &mut Call<'_>, items: &mut [Key], pattern: Option<&[u8]>, is_stored: bool) {
    let compare = |left: &Key, right: &Key| -> Ordering {
        if is_stored { left.cmp(right) } else { lookup::text(left).cmp(lookup::text(right)) }
    };
    match pattern {
        None => items.sort_by(compare),
        Some(pattern) => items.sort_by_cached_key(|item| {
            let weight = lookup::by_pattern(call.keys(), pattern, item);
            weight.map(|weight| if is_stored { weight } else { lookup::text(&weight).into() })
        }),
    }
}

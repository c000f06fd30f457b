//! LCS: the longest sequence of bytes that two strings have in common, not necessarily in one piece.

use redis::Value;

use super::{STRING_MAX_BYTES, integer};
use crate::embedded::call::Call;
use crate::embedded::number;
use crate::embedded::refusal::Refusal;

/// What of it is wanted.
#[derive(Clone, Copy, Debug, Default)]
struct Options {
    wants_len: bool,
    wants_matches: bool,
    with_match_len: bool,
    match_min: usize,
}

impl Options {
    fn read(mut words: &[&[u8]]) -> Result<Self, Refusal> {
        let mut options = Self::default();
        while let Some((word, rest)) = words.split_first() {
            words = rest;
            match (word.to_ascii_uppercase().as_slice(), rest) {
                (b"IDX", _) => options.wants_matches = true,
                (b"LEN", _) => options.wants_len = true,
                (b"WITHMATCHLEN", _) => options.with_match_len = true,
                (b"MINMATCHLEN", [min, rest @ ..]) => {
                    let min = number::integer(min).ok_or(Refusal::NO_INTEGER)?;
                    options.match_min = usize::try_from(min).unwrap_or(0);
                    words = rest;
                }
                _ => return Err(Refusal::SYNTAX),
            }
        }
        if options.wants_matches && options.wants_len {
            let text = "ERR If you want both the length and indexes, please just use IDX.";
            return Err(Refusal::fixed(text));
        }
        Ok(options)
    }
}

pub(super) fn lcs(call: &mut Call<'_>) -> Result<Value, Refusal> {
    let (first, second) = (text(call, 1)?, text(call, 2)?);
    let options = Options::read(call.rest(3))?;
    let table = Table::new(&first, &second)?;
    if options.wants_len {
        return Ok(integer(table.len()));
    }
    let matches = table.matches();
    if !options.wants_matches {
        let parts = matches.iter().rev().filter_map(|part| first.get(part.first..part.first + part.len));
        return Ok(Value::BulkString(parts.flatten().copied().collect()));
    }
    let wanted = matches.iter().filter(|part| part.len >= options.match_min);
    let shown = wanted.map(|part| part.reply(options.with_match_len)).collect();
    let key = |text: &str| Value::BulkString(text.into());
    Ok(Value::Map(vec![(key("matches"), Value::Array(shown)), (key("len"), integer(table.len()))]))
}

/// The string of the key that is the word at `index`; an empty one if there is none.
fn text(call: &mut Call<'_>, index: usize) -> Result<Vec<u8>, Refusal> {
    let key = call.word(index)?;
    let found = call.keys().read::<Vec<u8>>(key);
    let found = found.map_err(|_| Refusal::fixed("ERR The specified keys must contain string values"))?;
    Ok(found.cloned().unwrap_or_default())
}

/// A piece that both have.
#[derive(Clone, Copy, Debug)]
struct Match {
    /// Where it is in the first, and in the second.
    first: usize,
    second: usize,
    len: usize,
}

impl Match {
    fn reply(&self, with_len: bool) -> Value {
        let range =
            |start: usize| Value::Array(vec![integer(start), integer(start + self.len.saturating_sub(1))]);
        let mut parts = vec![range(self.first), range(self.second)];
        if with_len {
            parts.push(integer(self.len));
        }
        Value::Array(parts)
    }
}

/// How long the longest common sequence of any two beginnings is.
struct Table<'a> {
    first: &'a [u8],
    second: &'a [u8],
    /// One row for each beginning of the first, the empty one included.
    cells: Vec<u32>,
}

impl<'a> Table<'a> {
    fn new(first: &'a [u8], second: &'a [u8]) -> Result<Self, Refusal> {
        let width = second.len() + 1;
        let count = (first.len() + 1).checked_mul(width).filter(|count| *count <= STRING_MAX_BYTES / 4);
        // A server would go on as long as there is memory. This is shared with the program around it.
        let count = count.ok_or(Refusal::fixed(
            "ERR Insufficient memory, transient memory for LCS exceeds proto-max-bulk-len",
        ))?;
        let mut cells = vec![0; count];
        for (row, byte) in first.iter().enumerate() {
            let (above, below) = cells.split_at_mut((row + 1) * width);
            let above = above.get(row * width..).unwrap_or_default();
            let mut left = 0;
            let columns = below.iter_mut().skip(1).zip(second).zip(above.windows(2));
            for ((cell, other), over) in columns {
                let [diagonal, over] = *over else { continue };
                left = if byte == other { diagonal + 1 } else { left.max(over) };
                *cell = left;
            }
        }
        Ok(Self { first, second, cells })
    }

    fn at(&self, first: usize, second: usize) -> usize {
        let cell = self.cells.get(first * (self.second.len() + 1) + second).copied().unwrap_or(0);
        usize::try_from(cell).unwrap_or(usize::MAX)
    }

    fn len(&self) -> usize {
        self.at(self.first.len(), self.second.len())
    }

    /// The pieces of one such sequence, the last first.
    fn matches(&self) -> Vec<Match> {
        let (mut first, mut second) = (self.first.len(), self.second.len());
        let mut found = Vec::new();
        let mut open: Option<Match> = None;
        while let (Some(before), Some(before_second)) = (first.checked_sub(1), second.checked_sub(1)) {
            if self.first.get(before) == self.second.get(before_second) {
                (first, second) = (before, before_second);
                let len = open.map_or(0, |part| part.len) + 1;
                open = Some(Match { first, second, len });
                continue;
            }
            found.extend(open.take());
            if self.at(before, second) > self.at(first, before_second) {
                first = before;
            } else {
                second = before_second;
            }
        }
        found.extend(open);
        found
    }
}

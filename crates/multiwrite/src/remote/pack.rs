//! A round of one lane as the words of one script call. What they are is said in `scripts/ship.lua`.

use redfleet_core::mutant;
use redis::{Arg, Cmd};

use super::watermark::{Mark, TTL_MS};
use crate::effect::{Effect, Life};
use crate::entry::Entry;

/// The form of an effect of one command on its one key, which stands right behind its name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Form<'a> {
    name: &'a [u8],
    /// How many words come after the key.
    rest: usize,
    has_life: bool,
}

/// The call: `EVALSHA hash` or `EVAL text`, by `verb` and `script`.
pub(super) fn pack(verb: &str, script: &str, mark: &Mark, entries: &[&Entry]) -> Cmd {
    let (words, bytes) =
        entries.iter().fold((12, 200 + script.len()), |(words, bytes), entry| size(entry, words, bytes));
    let mut call = Cmd::with_capacity(words, bytes);
    let keys: usize = entries.iter().map(|entry| entry.effect.keys.len()).sum();
    call.arg(verb).arg(script).arg(keys + 1).arg(&mark.key[..]);
    for key in entries.iter().flat_map(|entry| &entry.effect.keys) {
        call.arg(&key[..]);
    }
    let seqs = || entries.iter().map(|entry| entry.seq);
    let (first, last) =
        (entries.first().map_or(0, |entry| entry.seq), entries.last().map_or(0, |entry| entry.seq));
    let acked = if mutant::is_on("lost_data_is_not_noticed") { 0 } else { mark.acked };
    call.arg(first).arg(last).arg(gaps(first, seqs())).arg(acked).arg(TTL_MS);
    let mut rest = entries;
    while let Some(entry) = rest.first() {
        let form = Form::of(&entry.effect);
        let alike = form
            .map_or(1, |form| rest.iter().take_while(|entry| Form::of(&entry.effect) == Some(form)).count());
        let (these, others) = rest.split_at(alike);
        match form {
            Some(form) => write_alike(&mut call, form, these),
            None => write_single(&mut call, &entry.effect),
        }
        rest = others;
    }
    call
}

/// How much each seq is above the first; nothing if each is one more than the one before.
fn gaps(first: u64, seqs: impl Iterator<Item = u64> + Clone) -> String {
    if seqs.clone().zip(first..).all(|(seq, next)| seq == next) {
        return String::new();
    }
    let above: Vec<_> = seqs.map(|seq| seq.saturating_sub(first).to_string()).collect();
    above.join(" ")
}

impl<'a> Form<'a> {
    fn of(effect: &'a Effect) -> Option<Self> {
        let ([step], [key]) = (&effect.steps[..], &effect.keys[..]) else { return None };
        let mut words = step.args_iter();
        let rest = words.len().checked_sub(2)?;
        let (Some(Arg::Simple(name)), Some(Arg::Simple(own))) = (words.next(), words.next()) else {
            return None;
        };
        let has_life = match &effect.lives[..] {
            [] => false,
            [(of, _)] if of == key => true,
            _ => return None,
        };
        (own == &key[..]).then_some(Self { name, rest, has_life })
    }
}

fn write_alike(call: &mut Cmd, form: Form<'_>, entries: &[&Entry]) {
    call.arg(entries.len()).arg(form.rest).arg(u8::from(form.has_life)).arg(form.name);
    for entry in entries {
        for step in &entry.effect.steps {
            write_words(call, step, 2);
        }
        for (_, life) in &entry.effect.lives {
            call.arg(life_word(*life));
        }
    }
}

fn write_single(call: &mut Cmd, effect: &Effect) {
    call.arg(0).arg(effect.steps.len()).arg(effect.lives.len()).arg(effect.keys.len());
    for step in &effect.steps {
        call.arg(step.args_iter().len());
        write_words(call, step, 0);
    }
    for (key, life) in &effect.lives {
        call.arg(&key[..]).arg(life_word(*life));
    }
}

fn write_words(call: &mut Cmd, step: &Cmd, from: usize) {
    for word in step.args_iter().skip(from) {
        // What is no word is a cursor, where a scan begins.
        if let Arg::Simple(word) = word {
            call.arg(word)
        } else {
            call.arg(0)
        };
    }
}

/// An end of life as PEXPIRETIME says it.
pub(super) const fn life_word(life: Life) -> i64 {
    match life {
        Life::Forever => -1,
        Life::Gone => -2,
        Life::Until { unix_ms } => unix_ms,
    }
}

/// At least as many words and bytes as an entry takes.
fn size(entry: &Entry, words: usize, bytes: usize) -> (usize, usize) {
    let effect = &entry.effect;
    let (mut own_words, mut own_bytes) = (effect.keys.len() + 2 * effect.lives.len() + 4, 0);
    for step in &effect.steps {
        own_words += step.args_iter().len() + 1;
        own_bytes += step
            .args_iter()
            .map(|word| if let Arg::Simple(word) = word { word.len() } else { 1 })
            .sum::<usize>();
    }
    let keys = effect.keys.iter().chain(effect.lives.iter().map(|(key, _)| key)).map(|key| key.len() + 20);
    (words + own_words, bytes + own_bytes + keys.sum::<usize>())
}

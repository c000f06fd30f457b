//! Commands of streams.

use crate::effect::form::{Form, Told, When, Word};
use crate::effect::words::Words;

/// XADD key [NOMKSTREAM] [MAXLEN | MINID [= | ~] threshold [LIMIT count]] * | id field value ..
///
/// How much a trim by `~` takes depends on how the entries lie in memory, so the stream is cut to the length that it has on
/// local: a trim takes the oldest, whatever it is told.
pub(super) fn add(words: &Words<'_>) -> Option<Form> {
    let (mut at, mut is_cut_to_length) = (2, false);
    let mut before: Vec<Word> = vec![words.at(0).into(), words.at(1).into()];
    loop {
        match words.upper(at).as_slice() {
            b"NOMKSTREAM" => at += 1,
            name @ (b"MAXLEN" | b"MINID") => {
                let is_about = words.is(at + 1, "~");
                let threshold = if is_about || words.is(at + 1, "=") { at + 2 } else { at + 1 };
                if !is_about {
                    before.extend([name, b"=", words.at(threshold)].map(Word::from));
                }
                is_cut_to_length |= is_about;
                at = threshold + 1;
                if words.is(at, "LIMIT") {
                    at += 2;
                }
            }
            _ => break,
        }
    }
    // An option that is not known here is no id.
    let is_id = words.is(at, "*") || words.at(at).first().is_some_and(u8::is_ascii_digit);
    let after: Vec<Word> = words.from(at + 1).iter().map(|word| (*word).into()).collect();
    let is_known = is_id && !after.is_empty() && after.len().is_multiple_of(2);
    is_known.then(|| Form::Told(Told::Id { key: words.at(1).into(), before, after, is_cut_to_length }))
}

/// XTRIM key MAXLEN | MINID [= | ~] threshold [LIMIT count]
pub(super) fn trim(words: &Words<'_>) -> Option<Form> {
    let key = words.at(1).into();
    Some(if words.is(3, "~") {
        Form::Told(Told::CutToLength(key))
    } else {
        Form::Builds { key, when: When::NotZero }
    })
}

/// XGROUP CREATE | SETID | DESTROY | CREATECONSUMER | DELCONSUMER key group ..
pub(super) fn group(words: &Words<'_>) -> Option<Form> {
    let key: Word = words.at(2).into();
    match words.upper(1).as_slice() {
        b"CREATE" | b"SETID" => Some(Form::Builds { key, when: When::Always }),
        // No entry pends, and the group is gone, or the consumer was.
        b"DESTROY" => Some(Form::Builds { key, when: When::NotZero }),
        b"DELCONSUMER" => Some(Form::Builds { key, when: When::Always }),
        // When it was last seen is kept too.
        b"CREATECONSUMER" => Some(Form::Whole { keys: vec![key], when: When::NotZero }),
        b"HELP" => Some(Form::Silent),
        _ => None,
    }
}

//! Scripts that somebody vouched for: an EVAL among the steps of an entry. A script cannot call another, so their texts become
//! functions of ours.

use redfleet_core::Error;
use redis::{Arg, Cmd};

use crate::entry::Entry;

/// Whether an entry has such a step.
pub(super) fn is_in(entry: &Entry) -> bool {
    texts(entry).next().is_some()
}

/// The functions, to be put in front of the script of a round.
///
/// # Errors
///
/// [`Error::Unsupported`] if one of the texts cannot be a function.
pub(super) fn functions(entry: &Entry) -> Result<String, Error> {
    let mut all = String::from("local vouched = {");
    for text in texts(entry) {
        let Ok(text) = std::str::from_utf8(text) else {
            return Err(Error::unsupported(
                "EVAL",
                "its text is not UTF-8: do not vouch for it, so that its keys are copied",
            ));
        };
        if text.starts_with("#!") {
            let instead = "its first line has flags, which cannot be kept: do not vouch for it, so that its keys are copied";
            return Err(Error::unsupported("EVAL", instead));
        }
        all.push_str("function(KEYS, ARGV)\n");
        all.push_str(text);
        all.push_str("\nend, ");
    }
    all.push_str("}\n");
    Ok(all)
}

/// The functions of a round that has none.
pub(super) const NONE: &str = "local vouched = {}\n";

fn texts(entry: &Entry) -> impl Iterator<Item = &[u8]> {
    let is_script = |step: &&Cmd| word(step, 0).is_some_and(|name| name.eq_ignore_ascii_case(b"EVAL"));
    entry.effect.steps.iter().filter(is_script).filter_map(|step| word(step, 1))
}

fn word(step: &Cmd, index: usize) -> Option<&[u8]> {
    if let Arg::Simple(word) = step.args_iter().nth(index)? { Some(word) } else { None }
}

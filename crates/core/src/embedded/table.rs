//! Every command by its name.

use std::collections::HashMap;
use std::sync::OnceLock;

use super::commands::FAMILIES;
use super::refusal::{MAX_TOLD_BYTES, Refusal, told};
use super::spec::Spec;

/// No command's name is longer.
const MAX_NAME_BYTES: usize = 32;

/// All commands, in the order of their families.
pub(crate) fn all() -> impl Iterator<Item = &'static Spec> {
    FAMILIES.iter().copied().flatten()
}

/// The command with this name, in upper or lower case.
pub(crate) fn named(name: &[u8]) -> Option<&'static Spec> {
    static BY_NAME: OnceLock<HashMap<&'static [u8], &'static Spec>> = OnceLock::new();
    let by_name = BY_NAME.get_or_init(|| all().map(|spec| (spec.name.as_bytes(), spec)).collect());
    let mut lower = [0; MAX_NAME_BYTES];
    let lower = lower.get_mut(..name.len())?;
    lower.copy_from_slice(name);
    lower.make_ascii_lowercase();
    by_name.get(&*lower).copied()
}

/// The command that these words call, if it may have as many.
pub(crate) fn find(words: &[&[u8]]) -> Result<&'static Spec, Refusal> {
    let name = words.first().copied().unwrap_or_default();
    let Some(mut spec) = named(name) else { return Err(unknown(name, words)) };
    if let Some(word) = words.get(1).filter(|_| !spec.subcommands.is_empty()) {
        let unknown = || Refusal::unknown_subcommand(&spec.name.to_uppercase(), word);
        spec = spec.subcommand(word).ok_or_else(unknown)?;
    }
    if spec.takes(words.len()) { Ok(spec) } else { Err(Refusal::wrong_arity(spec.name)) }
}

/// As Redis says it: with the beginning of the words, as far as they fit.
fn unknown(name: &[u8], words: &[&[u8]]) -> Refusal {
    let mut args = Vec::new();
    for word in words.iter().skip(1) {
        let Some(room @ 1..) = MAX_TOLD_BYTES.checked_sub(args.len()) else { break };
        args.extend([b"'", told(word, room), b"' "].concat());
    }
    let (name, args) = (told(name, MAX_TOLD_BYTES), args.as_slice());
    let text = [b"ERR unknown command '", name, b"', with args beginning with: ", args].concat();
    Refusal::new(String::from_utf8_lossy(&text))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_command_is_in_the_table_once_and_in_lower_case() {
        let mut names: Vec<_> = all().map(|spec| spec.name).collect();
        let count = names.len();
        names.sort_unstable();
        names.dedup();
        assert_eq!(names.len(), count);
        assert!(names.iter().all(|name| name.len() <= MAX_NAME_BYTES && *name == name.to_lowercase()));
    }

    #[test]
    fn an_unknown_command_is_told_with_its_words() {
        let refusal = find(&[b"FOO", b"a", b"b"]).unwrap_err();
        assert_eq!(refusal.text(), "ERR unknown command 'FOO', with args beginning with: 'a' 'b' ");
        let refusal = find(&[b"F\x00OO", b"\x00", b"a\r\nb"]).unwrap_err();
        assert_eq!(refusal.text(), "ERR unknown command 'F', with args beginning with: '' 'a  b' ");
        assert_eq!(find(&[b"GET"]).unwrap_err().text(), "ERR wrong number of arguments for 'get' command");
    }
}

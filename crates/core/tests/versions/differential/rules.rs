//! How replies are compared, command by command: exactly, unless Redis leaves something open.

use std::time::Duration;

use super::command::name_of;

/// How far what the clock says may be apart: the lives that sequences use differ by much more.
const TOLERANCE: Duration = Duration::from_millis(TOLERANCE_MS);
pub(super) const TOLERANCE_MS: u64 = 20_000;

#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Rule {
    /// Byte by byte.
    Exact,
    /// The same elements in any order.
    AnyOrder,
    /// The same pairs in any order: a map, or a list of names and values by turns.
    Pairs,
    /// Numbers that come from the clock may differ by what a busy machine needs, in the command's own unit.
    Clock(u64),
    /// Of the same form: the same types of reply, the same lengths of lists.
    Form,
    /// Chosen at random: as many, all there before. See [`super::compare::is_drawn`].
    Drawn,
    /// A report by names; of these names only the form counts.
    Report(&'static [&'static str]),
    /// The third number of each entry says how long ago something was.
    Idle,
    /// Whether there is a text is all that counts.
    Text,
    /// One page of a walk: what is on it, and where the next one begins, is the server's own business.
    Page,
}

/// What is measured from the clock or from memory in XINFO's reports.
const XINFO: &[&str] =
    &["radix-tree-keys", "radix-tree-nodes", "idle", "inactive", "seen-time", "active-time"];

/// What says who the server is.
const HELLO: &[&str] = &["server", "version", "id", "modules"];

pub(super) fn rule(words: &[Vec<u8>]) -> Rule {
    let second = words.get(1).map(|word| String::from_utf8_lossy(word).to_uppercase()).unwrap_or_default();
    match name_of(words).as_str() {
        "KEYS" | "SMEMBERS" | "SUNION" | "SINTER" | "SDIFF" | "HKEYS" | "HVALS" | "@SCAN" | "@SSCAN" => {
            Rule::AnyOrder
        }
        "@HSCAN" | "@ZSCAN" if has(words, "NOVALUES") => Rule::AnyOrder,
        "HGETALL" | "@HSCAN" | "@ZSCAN" => Rule::Pairs,
        // Pops all, or goes with a reading of the set before and its end after it.
        "SPOP" => Rule::AnyOrder,
        "SORT" | "SORT_RO" if is_unsorted(words) && !has(words, "STORE") => Rule::AnyOrder,
        "SRANDMEMBER" | "HRANDFIELD" | "ZRANDMEMBER" | "RANDOMKEY" | "@SPOP" => Rule::Drawn,
        "TTL" | "EXPIRETIME" | "HTTL" | "HEXPIRETIME" => Rule::Clock(TOLERANCE.as_secs()),
        "PTTL" | "PEXPIRETIME" | "HPTTL" | "HPEXPIRETIME" => Rule::Clock(TOLERANCE_MS),
        "SCAN" | "SSCAN" | "HSCAN" | "ZSCAN" => Rule::Page,
        "TIME" | "LASTSAVE" => Rule::Form,
        "INFO" | "DUMP" | "@RESTORE" => Rule::Text,
        "OBJECT" if second == "IDLETIME" => Rule::Form,
        "OBJECT" if second == "ENCODING" => Rule::Text,
        "CLIENT" if matches!(second.as_str(), "ID" | "LIST" | "INFO") => Rule::Text,
        "MEMORY" => Rule::Form,
        "HELLO" => Rule::Report(HELLO),
        "XINFO" if second != "HELP" => Rule::Report(XINFO),
        "XPENDING" if words.len() > 3 => Rule::Idle,
        _ => Rule::Exact,
    }
}

/// Whether SORT is told to leave the order as it is, which of a set is any. `keep` says so where it is of something else.
fn is_unsorted(words: &[Vec<u8>]) -> bool {
    let by = words.iter().position(|word| word.eq_ignore_ascii_case(b"BY"));
    let pattern = by.and_then(|by| words.get(by + 1));
    pattern.is_some_and(|pattern| !pattern.contains(&b'*') && pattern != b"keep")
}

fn has(words: &[Vec<u8>], option: &str) -> bool {
    words.iter().any(|word| word.eq_ignore_ascii_case(option.as_bytes()))
}

/// Whether a command is more than one round trip, or changes what the following ones mean.
pub(super) fn is_whole_step(words: &[Vec<u8>]) -> bool {
    let name = name_of(words);
    name.starts_with('@')
        || ["MULTI", "EXEC", "DISCARD", "WATCH", "RESET", "HELLO", "QUIT", "AUTH"].contains(&name.as_str())
}

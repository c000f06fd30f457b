//! What an error says about the entries that it came back for: pure.

use redfleet_core::{Effect, Error};

use super::ship::Verdict;

/// What the server is, and not what the command is, makes it refuse with these: the same command can succeed later. They
/// stand in `scripts/ship.lua` too.
const OF_THE_SERVER: [&str; 10] = [
    "LOADING",
    "READONLY",
    "MASTERDOWN",
    "CLUSTERDOWN",
    "TRYAGAIN",
    "BUSY",
    "MISCONF",
    "NOREPLICAS",
    "MOVED",
    "ASK",
];

/// What is said of a server that cannot keep a watermark at all.
const USE_AT_LEAST_ONCE: &str = "exactly-once effect needs EVAL and EVALSHA on this remote: permit them, or choose \
                                 Guarantee::AtLeastOnce for it";

/// Whether a server refused with this code because of what it is at the time.
pub(super) fn is_of_the_server(code: &str) -> bool {
    OF_THE_SERVER.contains(&code)
}

/// The verdict on all entries of a script call that came back with an error. The script raises none of its own after its
/// first write.
pub(super) fn of_call(error: Error) -> Verdict {
    let Error::Refused { error: refusal, .. } = &error else { return of_no_reply(error) };
    let details = refusal.details().unwrap_or_default();
    match refusal.code() {
        // OOM comes from the script's own watermark, and NOAUTH after the password was changed.
        code if is_of_the_server(code) => Verdict::Again(error),
        "NOSCRIPT" | "NOAUTH" | "OOM" | "EXECABORT" => Verdict::Again(error),
        "NOPERM" => Verdict::Halted(Error::unsupported("EVALSHA", USE_AT_LEAST_ONCE)),
        "ERR" if is_unknown_command(details) => {
            Verdict::Halted(Error::unsupported("EVALSHA", USE_AT_LEAST_ONCE))
        }
        // SCRIPT KILL does nothing to a script that wrote.
        "ERR" if details.contains("Script killed by user") => Verdict::Again(error),
        "ERR" if details.starts_with("Error compiling script") => Verdict::Refused(error),
        // Another type than a watermark has; keys of several slots where a member of a cluster is taken for a single server.
        "WRONGTYPE" | "CROSSSLOT" => Verdict::Halted(error),
        // A proxy's own words, perhaps: nobody knows.
        _ => Verdict::MayBeThere(error),
    }
}

/// Whether a script call was refused for one of its keys, so that its other entries may still be carried out.
pub(super) fn is_of_a_key(error: &Error) -> bool {
    let Error::Refused { error, .. } = error else { return false };
    error.code() == "NOPERM" && error.details().is_some_and(|details| details.contains("key"))
}

/// The verdict where nobody refused: with a watermark whatever arrived is skipped when it comes again.
fn of_no_reply(error: Error) -> Verdict {
    match &error {
        Error::Unsupported { .. } | Error::Duplicate { .. } | Error::Policy { .. } => Verdict::Halted(error),
        Error::Panicked { .. } => Verdict::MayBeThere(error),
        _ => Verdict::Again(error),
    }
}

/// The verdict on one entry whose command was refused by itself, outside of a script.
pub(super) fn of_command(error: Error) -> Verdict {
    match &error {
        Error::Refused { error: refusal, .. }
            if !is_of_the_server(refusal.code()) && refusal.code() != "NOAUTH" =>
        {
            Verdict::Refused(error)
        }
        Error::Unsupported { .. } => Verdict::Refused(error),
        Error::Duplicate { .. } | Error::Policy { .. } => Verdict::Halted(error),
        other if other.effect() == Effect::Unknown => Verdict::MayBeThere(error),
        _ => Verdict::Again(error),
    }
}

fn is_unknown_command(details: &str) -> bool {
    details.to_ascii_lowercase().starts_with("unknown command")
}

/// What a script was told by a command, as an error.
pub(super) fn told(text: &str) -> Error {
    let (code, details) = text.split_once(' ').unwrap_or((text, ""));
    match Error::refused_with(code, details) {
        // What a server quotes of arguments is left out.
        Error::Refused { error, .. } => Error::refused(error),
        other => other,
    }
}

//! What an error says about the entries that it came back for: pure.

use redfleet_core::Error;

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
        code if is_of_the_server(code) => Verdict::Again(error),
        // Scripts were flushed just now, the password was changed, or the server does not even begin scripts without memory.
        "NOSCRIPT" | "NOAUTH" | "OOM" => Verdict::Again(error),
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
    // What panicked may do so each time.
    if matches!(error, Error::Panicked { .. }) { Verdict::MayBeThere(error) } else { of_unsent(error) }
}

/// The verdict on what was not sent.
pub(super) fn of_unsent(error: Error) -> Verdict {
    let is_for_good =
        matches!(error, Error::Unsupported { .. } | Error::Duplicate { .. } | Error::Policy { .. });
    if is_for_good { Verdict::Halted(error) } else { Verdict::Again(error) }
}

/// The verdict on one entry whose command was refused by itself, outside of a script, or not sent.
pub(super) fn of_command(error: Error) -> Verdict {
    match error.code() {
        Some(code) if is_of_the_server(code) || code == "NOAUTH" => Verdict::Again(error),
        Some(_) => Verdict::Refused(error),
        None if matches!(error, Error::Unsupported { .. }) => Verdict::Refused(error),
        None => of_unsent(error),
    }
}

fn is_unknown_command(details: &str) -> bool {
    details.to_ascii_lowercase().starts_with("unknown command")
}

/// What a script was told by a command, as an error.
pub(super) fn told(text: &str) -> Error {
    let (code, details) = text.split_once(' ').unwrap_or((text, ""));
    let error = Error::refused_with(code, details);
    // What a server quotes of arguments is left out.
    if let Error::Refused { error, .. } = error { Error::refused(error) } else { error }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn name(verdict: &Verdict) -> &'static str {
        match verdict {
            Verdict::Again(_) => "Again",
            Verdict::Refused(_) => "Refused",
            Verdict::Halted(_) => "Halted",
            Verdict::MayBeThere(_) => "MayBeThere",
            Verdict::Applied | Verdict::AlreadyThere | Verdict::LifeDiffers(_) | Verdict::LostData => {
                "no error"
            }
        }
    }

    #[test]
    fn each_refusal_has_its_verdict_for_a_round_and_for_one_command() {
        for (said, of_a_call, of_one) in [
            ("LOADING Redis is loading the dataset in memory", "Again", "Again"),
            ("READONLY You can't write against a read only replica.", "Again", "Again"),
            ("MASTERDOWN Link with MASTER is down", "Again", "Again"),
            ("CLUSTERDOWN The cluster is down", "Again", "Again"),
            ("TRYAGAIN Multiple keys request during rehashing of slot", "Again", "Again"),
            ("BUSY Redis is busy running a script.", "Again", "Again"),
            ("MISCONF Redis is configured to save RDB snapshots", "Again", "Again"),
            ("NOREPLICAS Not enough good replicas to write.", "Again", "Again"),
            ("MOVED 1 127.0.0.1:7000", "Again", "Again"),
            ("ASK 1 127.0.0.1:7000", "Again", "Again"),
            ("NOAUTH Authentication required.", "Again", "Again"),
            ("NOSCRIPT No matching script.", "Again", "Refused"),
            ("OOM command not allowed when used memory > 'maxmemory'.", "Again", "Refused"),
            (
                "ERR Error running script (call to f_x): Script killed by user with SCRIPT KILL...",
                "Again",
                "Refused",
            ),
            ("ERR Error compiling script (new function): user_script:1:", "Refused", "Refused"),
            ("NOPERM User u has no permissions to run the 'eval' command", "Halted", "Refused"),
            ("ERR unknown command 'EVALSHA', with args beginning with: 'a'", "Halted", "Refused"),
            ("ERR unknown command `EVAL`", "Halted", "Refused"),
            ("WRONGTYPE Operation against a key holding the wrong kind of value", "Halted", "Refused"),
            ("CROSSSLOT Keys in request don't hash to the same slot", "Halted", "Refused"),
            ("BUSYKEY Target key name already exists.", "MayBeThere", "Refused"),
            ("ERR no such key", "MayBeThere", "Refused"),
        ] {
            assert_eq!(name(&of_call(told(said))), of_a_call, "{said}");
            assert_eq!(name(&of_command(told(said))), of_one, "{said}");
        }
    }

    #[test]
    fn each_error_without_a_reply_has_its_verdict() {
        let lost = |effect| Error::link(redfleet_core::LinkError::closed("n"), effect);
        for (error, of_a_call, of_one) in [
            (lost(redfleet_core::Effect::None), "Again", "Again"),
            (lost(redfleet_core::Effect::Unknown), "Again", "Again"),
            (Error::deadline(std::time::Duration::from_secs(1)), "Again", "Again"),
            (Error::Unanswered, "Again", "Again"),
            (Error::Shutdown, "Again", "Again"),
            (Error::conversion::<i64>(&redis::Value::Nil), "Again", "Again"),
            (Error::unsupported("EVALSHA", "no"), "Halted", "Refused"),
        ] {
            let text = error.to_string();
            assert_eq!(name(&of_call(error.clone())), of_a_call, "{text}");
            assert_eq!(name(&of_command(error)), of_one, "{text}");
        }
    }

    #[test]
    fn the_script_knows_the_same_codes() {
        let line = format!("local codes = ' {} '", OF_THE_SERVER.join(" "));
        assert!(include_str!("../scripts/ship.lua").contains(&line), "{line}");
    }

    #[test]
    fn what_a_server_quotes_of_a_command_is_left_out() {
        let error = told("ERR unknown command 'X', with args beginning with: 'hunter2' ");
        assert_eq!(error.to_string(), "refused: ERR unknown command 'X'");
    }
}

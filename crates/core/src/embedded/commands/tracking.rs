//! CLIENT TRACKING and its like: being told when what one has read changes.

use redis::Value;

use crate::embedded::call::Call;
use crate::embedded::client::ClientId;
use crate::embedded::refusal::Refusal;
use crate::embedded::store::Key;
use crate::embedded::tracking::Mode;

/// CLIENT TRACKING ON or OFF, with its options.
pub(super) fn tracking(call: &mut Call<'_>) -> Result<Value, Refusal> {
    let (mode, is_broadcast) = options(call)?;
    if call.is(2, "ON") {
        start(call, mode, is_broadcast)?;
    } else if call.is(2, "OFF") {
        call.client.tracking = None;
        call.data.tracking.stop(call.client.id);
    } else {
        return Err(Refusal::SYNTAX);
    }
    Ok(Value::Okay)
}

/// What the options say, and whether BCAST is among them.
fn options(call: &Call<'_>) -> Result<(Mode, bool), Refusal> {
    let mut mode = Mode::default();
    let mut is_broadcast = false;
    let mut prefixes = Vec::new();
    let mut index = 3;
    while index < call.words.len() {
        let has_value = index + 1 < call.words.len();
        if call.is(index, "REDIRECT") && has_value {
            index += 1;
            if mode.redirect.is_some() {
                return Err(Refusal::fixed("ERR A client can only redirect to a single other client"));
            }
            let id = ClientId::try_from(call.int(index)?).unwrap_or_default();
            if !call.data.mailboxes.contains_key(&id) {
                let text = "ERR The client ID you want redirect to does not exist";
                return Err(Refusal::fixed(text));
            }
            mode.redirect = Some(id);
        } else if call.is(index, "BCAST") {
            is_broadcast = true;
        } else if call.is(index, "OPTIN") {
            mode.is_opt_in = true;
        } else if call.is(index, "OPTOUT") {
            mode.is_opt_out = true;
        } else if call.is(index, "NOLOOP") {
            mode.is_no_loop = true;
        } else if call.is(index, "PREFIX") && has_value {
            index += 1;
            prefixes.push(call.key(index)?);
        } else {
            return Err(Refusal::SYNTAX);
        }
        index += 1;
    }
    if !is_broadcast && !prefixes.is_empty() {
        return Err(Refusal::fixed("ERR PREFIX option requires BCAST mode to be enabled"));
    }
    if is_broadcast {
        if prefixes.is_empty() {
            prefixes.push(Key::from(b"".as_slice()));
        }
        mode.prefixes = Some(prefixes);
    }
    Ok((mode, is_broadcast))
}

fn start(call: &mut Call<'_>, mut mode: Mode, is_broadcast: bool) -> Result<(), Refusal> {
    if mode.is_opt_in && mode.is_opt_out {
        return Err(Refusal::fixed("ERR You can't specify both OPTIN mode and OPTOUT mode"));
    }
    if is_broadcast && (mode.is_opt_in || mode.is_opt_out) {
        return Err(Refusal::fixed("ERR OPTIN and OPTOUT are not compatible with BCAST"));
    }
    if let Some(before) = &call.client.tracking {
        if before.prefixes.is_some() != is_broadcast {
            let text = "ERR You can't switch BCAST mode on/off before disabling tracking for this client, and then \
                        re-enabling it with a different mode.";
            return Err(Refusal::fixed(text));
        }
        if (mode.is_opt_in && before.is_opt_out) || (mode.is_opt_out && before.is_opt_in) {
            let text = "ERR You can't switch OPTIN/OPTOUT mode before disabling tracking for this client, and then \
                        re-enabling it with a different mode.";
            return Err(Refusal::fixed(text));
        }
    }
    if let Some(new) = &mut mode.prefixes {
        let old =
            call.client.tracking.as_ref().and_then(|before| before.prefixes.as_deref()).unwrap_or_default();
        must_not_overlap(new, old)?;
        new.extend_from_slice(old);
        new.sort();
    }
    call.data.tracking.start(call.client, mode);
    Ok(())
}

/// No prefix may begin with another one.
fn must_not_overlap(new: &[Key], old: &[Key]) -> Result<(), Refusal> {
    for (index, prefix) in new.iter().enumerate() {
        let overlaps = |other: &&Key| prefix.starts_with(other) || other.starts_with(prefix);
        let existing = old.iter().find(overlaps).map(|other| (other, "an existing"));
        let provided = || new.iter().skip(index + 1).find(overlaps).map(|other| (other, "another provided"));
        if let Some((other, which)) = existing.or_else(provided) {
            return Err(Refusal::new(format!(
                "ERR Prefix '{}' overlaps with {which} prefix '{}'. Prefixes for a single client must not overlap.",
                String::from_utf8_lossy(prefix),
                String::from_utf8_lossy(other)
            )));
        }
    }
    Ok(())
}

/// CLIENT CACHING YES or NO: what the next command's keys are.
pub(super) fn caching(call: &mut Call<'_>) -> Result<Value, Refusal> {
    let said = call.word(2)?.to_ascii_uppercase();
    let Some(mode) = &mut call.client.tracking else {
        let text = "ERR CLIENT CACHING can be called only when the client is in tracking mode with OPTIN or OPTOUT \
                    mode enabled";
        return Err(Refusal::fixed(text));
    };
    mode.caching = match said.as_slice() {
        b"YES" if mode.is_opt_in => Some(true),
        b"NO" if mode.is_opt_out => Some(false),
        b"YES" => {
            return Err(Refusal::fixed(
                "ERR CLIENT CACHING YES is only valid when tracking is enabled in OPTIN mode.",
            ));
        }
        b"NO" => {
            return Err(Refusal::fixed(
                "ERR CLIENT CACHING NO is only valid when tracking is enabled in OPTOUT mode.",
            ));
        }
        _ => return Err(Refusal::SYNTAX),
    };
    Ok(Value::Okay)
}

/// CLIENT GETREDIR: whom the messages go to, 0 for nobody else, -1 without tracking.
pub(super) fn redirection(call: &mut Call<'_>) -> Result<Value, Refusal> {
    let id = match &call.client.tracking {
        None => -1,
        Some(mode) => mode.redirect.and_then(|id| i64::try_from(id).ok()).unwrap_or_default(),
    };
    Ok(Value::Int(id))
}

/// CLIENT TRACKINGINFO.
pub(super) fn info(call: &mut Call<'_>) -> Result<Value, Refusal> {
    let text = |text: &str| Value::BulkString(text.into());
    let mut flags = Vec::new();
    let mut prefixes = Vec::new();
    match &call.client.tracking {
        None => flags.push(text("off")),
        Some(mode) => {
            flags.push(text("on"));
            let caching = mode.caching;
            for (name, is_set) in [
                ("bcast", mode.prefixes.is_some()),
                ("optin", mode.is_opt_in),
                ("caching-yes", caching == Some(true)),
                ("optout", mode.is_opt_out),
                ("caching-no", caching == Some(false)),
                ("noloop", mode.is_no_loop),
                ("broken_redirect", mode.redirect.is_some_and(|to| !call.data.mailboxes.contains_key(&to))),
            ] {
                if is_set {
                    flags.push(text(name));
                }
            }
            let named = mode.prefixes.iter().flatten();
            prefixes.extend(named.map(|prefix| Value::BulkString(prefix.to_vec())));
        }
    }
    Ok(Value::Map(vec![
        (text("flags"), Value::Set(flags)),
        (text("redirect"), redirection(call)?),
        (text("prefixes"), Value::Array(prefixes)),
    ]))
}

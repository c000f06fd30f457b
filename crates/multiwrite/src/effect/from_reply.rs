//! The steps of one command, from its words, its reply and the answers behind it.

use redfleet_core::{keys_of, mutant};
use redis::{Cmd, Value};

use super::form::{End, Form, Told, When, Word};
use super::questions::Answered;
use super::said::{bytes, integer, items, scored};
use super::steps::Steps;
use super::words::command;
use super::{Key, Kind, Life};

impl Form {
    /// How the reply tells that the command did what it does.
    pub(super) const fn when(&self) -> &When {
        match self {
            Self::Sets { when, .. }
            | Self::Builds { when, .. }
            | Self::As { when, .. }
            | Self::SetsLife { when, .. }
            | Self::Whole { when, .. }
            | Self::Fields { when, .. } => when,
            Self::Told(_) => &When::NotNil,
            Self::Reads
            | Self::Silent
            | Self::Everything
            | Self::Message
            | Self::Wipes { .. }
            | Self::Adds { .. }
            | Self::Restores { .. }
            | Self::Vouched(_) => &When::Always,
        }
    }

    /// Whether the steps need no reply.
    pub(super) const fn is_known_beforehand(&self) -> bool {
        matches!(
            self,
            Self::Reads
                | Self::Silent
                | Self::Message
                | Self::Wipes { .. }
                | Self::Sets { when: When::Always, .. }
        )
    }

    /// A key that is shipped whole is so at the end of the block, whatever each of its commands did.
    fn add_wholes(&self, steps: &mut Steps, answered: &Answered<'_>) -> Option<()> {
        for key in self.keys().into_iter().filter(|key| answered.is_whole(key)) {
            steps.whole(key, answered)?;
        }
        Some(())
    }

    /// Adds the steps of the command at this place, which did what it does; nothing if that cannot be said.
    pub(super) fn add_to(
        &self,
        steps: &mut Steps,
        original: &Cmd,
        reply: &Value,
        answered: &Answered<'_>,
        at: usize,
    ) -> Option<()> {
        self.add_wholes(steps, answered)?;
        let is_apart = |key: &&Key| !answered.is_whole(key);
        match self {
            Self::Silent | Self::Whole { .. } | Self::Everything => {}
            Self::Reads => {
                steps.add(keys_of(original).map(Key::from).collect(), Kind::Reads, original.clone());
            }
            Self::Message => steps.add(Vec::new(), Kind::Builds, original.clone()),
            Self::Vouched(keys) => {
                let ends = |key: &Key| matches!(answered.life(key), Some(Life::Until { .. }) | None);
                // One key that came to its end sooner than here would change what is written to the others.
                if keys.len() > 1 && keys.iter().any(ends) {
                    return None;
                }
                steps.add(keys.clone(), Kind::Builds, original.clone());
            }
            Self::Wipes { keys, by } => {
                for key in keys.iter().filter(is_apart) {
                    steps.words(key, Kind::Overwrites, &[by.as_bytes(), key]);
                }
            }
            Self::Sets { pairs, end: End::AsLocal, .. } if mutant::is_on("relative_life_is_kept") => {
                let keys = pairs.iter().map(|(key, _)| key.clone()).collect();
                steps.add(keys, Kind::Overwrites, original.clone());
            }
            Self::Sets { pairs, end, .. } => {
                for (key, value) in pairs.iter().filter(|(key, _)| is_apart(&key)) {
                    steps.set(key, value, end.life(key, answered)?);
                }
            }
            Self::Told(Told::Members(key)) if mutant::is_on("what_was_popped_is_popped_again") => {
                steps.add(vec![key.clone()], Kind::Builds, original.clone());
            }
            Self::Told(told) => told.add_to(steps, reply, answered)?,
            Self::Builds { key, .. } if is_apart(&key) => {
                steps.add(vec![key.clone()], Kind::Builds, original.clone());
            }
            Self::As { key, words, .. } if is_apart(&key) => {
                steps.add(vec![key.clone()], Kind::Builds, command(words.iter().map(|word| &**word)));
            }
            Self::Adds { key, by } if is_apart(&key) => {
                steps.add(vec![key.clone()], Kind::Adds(*by), original.clone());
            }
            Self::SetsLife { key, .. } if is_apart(&key) => live(steps, key, answered.life(key)?),
            Self::Fields { key, fields, .. } if is_apart(&key) => {
                change_fields(steps, key, &answered.fields(at, fields)?);
            }
            Self::Restores { key, payload, end } if is_apart(&key) => {
                let payload = Value::BulkString(payload.to_vec());
                let restoring = super::state::restoring(key, &payload, end.life(key, answered)?)?;
                steps.add(vec![key.clone()], Kind::Overwrites, restoring);
            }
            Self::Builds { .. }
            | Self::As { .. }
            | Self::Adds { .. }
            | Self::SetsLife { .. }
            | Self::Fields { .. }
            | Self::Restores { .. } => {}
        }
        Some(())
    }
}

impl End {
    fn life(self, key: &Key, answered: &Answered<'_>) -> Option<Life> {
        match self {
            Self::Never => Some(Life::Forever),
            Self::At { unix_ms } => Some(Life::Until { unix_ms }),
            Self::AsLocal => answered.life(key),
        }
    }
}

/// A life by itself.
fn live(steps: &mut Steps, key: &Key, life: Life) {
    match life {
        Life::Forever => steps.words(key, Kind::SetsLife, &[b"PERSIST", key]),
        Life::Until { unix_ms } => {
            steps.words(key, Kind::SetsLife, &[b"PEXPIREAT", key, unix_ms.to_string().as_bytes()]);
        }
        Life::Gone => steps.wipe(key),
    }
}

/// Fields as they are on local: HSET takes a field's end away, so it is given again.
fn change_fields(steps: &mut Steps, key: &Key, fields: &[super::questions::Field<'_>]) {
    for (field, value, end) in fields {
        match value {
            Some(value) => steps.words(key, Kind::Builds, &[b"HSET", key, field, value]),
            None => steps.words(key, Kind::Builds, &[b"HDEL", key, field]),
        }
        if let (Some(end), Some(_)) = (end, value) {
            let end = end.to_string();
            steps.words(key, Kind::Builds, &[b"HPEXPIREAT", key, end.as_bytes(), b"FIELDS", b"1", field]);
        }
    }
}

impl Told {
    fn add_to(&self, steps: &mut Steps, reply: &Value, answered: &Answered<'_>) -> Option<()> {
        let is_apart = |key: &Key| !answered.is_whole(key);
        match self {
            Self::Members(key) if is_apart(key) => {
                let members = match bytes(reply) {
                    Some(member) => vec![member],
                    None => items(reply)?.iter().map(bytes).collect::<Option<_>>()?,
                };
                take(steps, key, "SREM", &members);
            }
            Self::Scored(key) if is_apart(key) => take(steps, key, "ZREM", &scored(reply)?),
            Self::KeyAndScored(keys) => {
                let (key, rest) = popped(keys, reply)?;
                if is_apart(key) {
                    take(steps, key, "ZREM", &scored(rest)?);
                }
            }
            Self::KeyAndElements { keys, pop } => {
                let (key, rest) = popped(keys, reply)?;
                if is_apart(key) {
                    steps.list(key, pop, [Word::from(items(rest)?.len().to_string().as_bytes())]);
                }
            }
            Self::Moved { from, pop, to, push } => {
                let element = bytes(reply)?;
                if is_apart(from) {
                    steps.list(from, pop, []);
                }
                if is_apart(to) {
                    steps.list(to, push, [element.into()]);
                }
            }
            Self::MemberMoved { from, to, member } if integer(reply)? > 0 => {
                if is_apart(from) {
                    steps.list(from, "SREM", [member.clone()]);
                }
                if is_apart(to) {
                    steps.list(to, "SADD", [member.clone()]);
                }
            }
            Self::Value(key) if is_apart(key) => steps.set(key, bytes(reply)?, answered.life(key)?),
            Self::Id { key, before, after, is_cut_to_length } if is_apart(key) => {
                let id = bytes(reply)?;
                let words =
                    before.iter().map(|word| &**word).chain([id]).chain(after.iter().map(|word| &**word));
                steps.add(vec![key.clone()], Kind::Builds, command(words));
                if *is_cut_to_length {
                    cut(steps, key, answered.length(key)?);
                }
            }
            Self::CutToLength(key) if is_apart(key) && integer(reply)? > 0 => {
                cut(steps, key, answered.length(key)?);
            }
            Self::Members(_)
            | Self::Scored(_)
            | Self::MemberMoved { .. }
            | Self::Value(_)
            | Self::Id { .. }
            | Self::CutToLength(_) => {}
        }
        Some(())
    }
}

fn take(steps: &mut Steps, key: &Key, name: &str, members: &[&[u8]]) {
    if !members.is_empty() {
        steps.list(key, name, members.iter().map(|member| Word::from(*member)));
    }
}

fn cut(steps: &mut Steps, key: &Key, length: i64) {
    steps.words(key, Kind::Builds, &[b"XTRIM", key, b"MAXLEN", b"=", length.to_string().as_bytes()]);
}

/// The key that something was taken from, and what.
fn popped<'a, 'r>(keys: &'a [Key], reply: &'r Value) -> Option<(&'a Key, &'r Value)> {
    let [key, rest] = items(reply)? else { return None };
    let key = bytes(key)?;
    Some((keys.iter().find(|known| ***known == *key)?, rest))
}

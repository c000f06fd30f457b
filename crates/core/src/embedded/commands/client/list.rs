//! CLIENT LIST and CLIENT INFO: connections as lines of text.

use redis::{Value, VerbatimFormat};

use super::is_listening;
use crate::embedded::call::Call;
use crate::embedded::client::{ClientId, Protocol};
use crate::embedded::data::Data;
use crate::embedded::hub::Names;
use crate::embedded::number;
use crate::embedded::refusal::Refusal;
use crate::embedded::roster::Member;

/// Which kind of connection it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Type {
    Normal,
    /// Those two there are never.
    Master,
    Replica,
    Pubsub,
}

impl Type {
    pub(super) fn read(word: &[u8]) -> Result<Self, Refusal> {
        match word.to_ascii_lowercase().as_slice() {
            b"normal" => Ok(Self::Normal),
            b"master" => Ok(Self::Master),
            b"slave" | b"replica" => Ok(Self::Replica),
            b"pubsub" => Ok(Self::Pubsub),
            _ => {
                let word = Refusal::shown(word);
                Err(Refusal::new(format!("ERR Unknown client type '{word}'")))
            }
        }
    }

    pub(super) fn of(data: &Data, id: ClientId) -> Self {
        if is_listening(data, id) { Self::Pubsub } else { Self::Normal }
    }
}

pub(super) fn info(call: &mut Call<'_>) -> Result<Value, Refusal> {
    let (data, id) = (&*call.data, call.client.id);
    Ok(verbatim(data.roster.get(id).map(|member| line(data, id, member)).unwrap_or_default()))
}

pub(super) fn list(call: &mut Call<'_>) -> Result<Value, Refusal> {
    let data = &*call.data;
    let all = data.roster.iter();
    let text: String = match call.rest(2) {
        [] => all.map(|(id, member)| line(data, id, member)).collect(),
        [word, kind] if word.eq_ignore_ascii_case(b"TYPE") => {
            let kind = Type::read(kind)?;
            let wanted = all.filter(|(id, _)| Type::of(data, *id) == kind);
            wanted.map(|(id, member)| line(data, id, member)).collect()
        }
        [word, ids @ ..] if word.eq_ignore_ascii_case(b"ID") && !ids.is_empty() => {
            let mut text = String::new();
            for id in ids {
                let id = number::integer(id).ok_or(Refusal::fixed("ERR Invalid client ID"))?;
                let id = ClientId::try_from(id).unwrap_or_default();
                text.extend(data.roster.get(id).map(|member| line(data, id, member)));
            }
            text
        }
        [..] => return Err(Refusal::SYNTAX),
    };
    Ok(verbatim(text))
}

fn verbatim(text: String) -> Value {
    Value::VerbatimString { format: VerbatimFormat::Text, text }
}

/// One connection, with its line's end. What a node in a process does not have, such as buffers, is 0.
fn line(data: &Data, id: ClientId, member: &Member) -> String {
    let now_ms = data.keyspace.now_ms();
    let seconds = |since_ms: i64| (now_ms - since_ms).max(0) / 1000;
    let interests = |names| data.hub.names(id, names).len();
    let mode = data.tracking.mode(id);
    let redirection = match mode {
        None => -1,
        Some(mode) => mode.redirect.and_then(|id| i64::try_from(id).ok()).unwrap_or_default(),
    };
    format!(
        "id={id} addr={} laddr={} fd=-1 name={} age={} idle={} flags={} db=0 sub={} psub={} ssub=0 multi={} watch={} \
         qbuf=0 qbuf-free=0 argv-mem=0 multi-mem=0 rbs=0 rbp=0 obl=0 oll=0 omem=0 tot-mem=0 events=r cmd={} \
         user=default redir={redirection} resp={} lib-name={} lib-ver={} io-thread=0\n",
        member.address,
        member.local_address,
        String::from_utf8_lossy(&member.name),
        seconds(member.connected_ms),
        seconds(member.used_ms),
        flags(data, id, member),
        interests(Names::Channels),
        interests(Names::Patterns),
        member.queued.map_or_else(|| "-1".to_owned(), |queued| queued.to_string()),
        data.watches.watched_by(id),
        member.command,
        if member.protocol == Protocol::Resp3 { 3 } else { 2 },
        String::from_utf8_lossy(&member.library),
        String::from_utf8_lossy(&member.library_version),
    )
}

fn flags(data: &Data, id: ClientId, member: &Member) -> String {
    let mode = data.tracking.mode(id);
    let lost = mode.and_then(|mode| mode.redirect).is_some_and(|to| data.roster.get(to).is_none());
    let flags: String = [
        ('P', is_listening(data, id)),
        ('x', member.queued.is_some()),
        ('b', data.blocked.has(id)),
        ('t', mode.is_some()),
        ('R', lost),
        ('B', mode.is_some_and(|mode| mode.prefixes.is_some())),
        ('d', data.watches.is_disturbed(id)),
        ('e', member.is_no_evict),
        ('T', member.is_no_touch),
    ]
    .iter()
    .filter_map(|(flag, is_set)| is_set.then_some(*flag))
    .collect();
    if flags.is_empty() { "N".into() } else { flags }
}

//! PUBLISH, SUBSCRIBE and what tells who listens.

use redis::{PushKind, Value};

use super::help::help;
use crate::embedded::call::Call;
use crate::embedded::glob;
use crate::embedded::hub::Names;
use crate::embedded::refusal::Refusal;
use crate::embedded::spec::Spec;
use crate::embedded::store::Key;

pub(super) const COMMANDS: &[Spec] = &[
    Spec::other("psubscribe", -2, |call| subscribe(call, Names::Patterns)).not_in_scripts(),
    Spec::other("publish", 3, publish),
    Spec::container("pubsub", PUBSUB),
    Spec::other("punsubscribe", -1, |call| unsubscribe(call, Names::Patterns)).not_in_scripts(),
    Spec::other("subscribe", -2, |call| subscribe(call, Names::Channels)).not_in_scripts(),
    Spec::other("unsubscribe", -1, |call| unsubscribe(call, Names::Channels)).not_in_scripts(),
];

const PUBSUB: &[Spec] = &[
    Spec::other("pubsub|channels", -2, channels),
    Spec::other("pubsub|help", 2, |_call| Ok(help("PUBSUB", HELP))),
    Spec::other("pubsub|numpat", 2, |call| Ok(count(call.data.hub.patterns()))),
    Spec::other("pubsub|numsub", -2, listeners),
];

fn publish(call: &mut Call<'_>) -> Result<Value, Refusal> {
    Ok(count(call.data.hub.publish(call.word(1)?, call.word(2)?)))
}

/// One confirmation a name, which take the place of the reply.
fn subscribe(call: &mut Call<'_>, names: Names) -> Result<Value, Refusal> {
    let kind = match names {
        Names::Channels => PushKind::Subscribe,
        Names::Patterns => PushKind::PSubscribe,
    };
    for name in call.rest(1) {
        let interests = call.data.hub.subscribe(call.client.id, &call.client.mailbox, names, (*name).into());
        call.client.confirmations.push(confirmation(kind.clone(), Some(name), interests));
    }
    Ok(Value::Nil)
}

/// Of these names, or of all; there is a confirmation even if there was none.
fn unsubscribe(call: &mut Call<'_>, names: Names) -> Result<Value, Refusal> {
    let kind = match names {
        Names::Channels => PushKind::Unsubscribe,
        Names::Patterns => PushKind::PUnsubscribe,
    };
    let id = call.client.id;
    let ended: Vec<Key> = match call.rest(1) {
        [] => call.data.hub.names(id, names),
        given => given.iter().map(|name| Key::from(*name)).collect(),
    };
    for name in &ended {
        let interests = call.data.hub.unsubscribe(id, names, name);
        call.client.confirmations.push(confirmation(kind.clone(), Some(name), interests));
    }
    if ended.is_empty() {
        let interests = call.data.hub.interests(id);
        call.client.confirmations.push(confirmation(kind, None, interests));
    }
    Ok(Value::Nil)
}

fn confirmation(kind: PushKind, name: Option<&[u8]>, interests: usize) -> Value {
    let name = name.map_or(Value::Nil, |name| Value::BulkString(name.to_vec()));
    Value::Push { kind, data: vec![name, count(interests)] }
}

fn channels(call: &mut Call<'_>) -> Result<Value, Refusal> {
    let pattern = match call.rest(2) {
        [] => None,
        [pattern] => Some(*pattern),
        [..] => {
            let verb = Refusal::shown(call.word(1)?);
            return Err(Refusal::new(format!(
                "ERR unknown subcommand or wrong number of arguments for '{verb}'. Try PUBSUB HELP."
            )));
        }
    };
    let is_wanted = |channel: &Key| pattern.is_none_or(|pattern| glob::matches(pattern, channel));
    let channels = call.data.hub.channels().filter(|(channel, _)| is_wanted(channel));
    Ok(Value::Array(channels.map(|(channel, _)| Value::BulkString(channel.to_vec())).collect()))
}

fn listeners(call: &mut Call<'_>) -> Result<Value, Refusal> {
    let listeners = |name: &[u8]| count(call.data.hub.listeners(name));
    let pairs = call.rest(2).iter().flat_map(|name| [Value::BulkString(name.to_vec()), listeners(name)]);
    Ok(Value::Array(pairs.collect()))
}

const HELP: &[&str] = &[
    "CHANNELS [<pattern>]",
    "    Return the currently active channels matching a <pattern> (default: '*').",
    "NUMPAT",
    "    Return number of subscriptions to patterns.",
    "NUMSUB [<channel> ...]",
    "    Return the number of subscribers for the specified channels, excluding",
    "    pattern subscriptions(default: no channels).",
];

fn count(number: usize) -> Value {
    Value::Int(i64::try_from(number).unwrap_or(i64::MAX))
}

//! CLIENT KILL: which connections are to end.

use redis::Value;

use super::list::Type;
use crate::embedded::call::Call;
use crate::embedded::client::ClientId;
use crate::embedded::commands::reply::count;
use crate::embedded::number;
use crate::embedded::refusal::Refusal;

/// What those have in common that are to end.
#[derive(Debug, Default)]
struct Filter<'a> {
    id: Option<i64>,
    kind: Option<Type>,
    address: Option<&'a [u8]>,
    local_address: Option<&'a [u8]>,
    /// No younger than so many seconds.
    age: Option<i64>,
    is_self_spared: bool,
}

pub(super) fn kill(call: &mut Call<'_>) -> Result<Value, Refusal> {
    if let [address] = call.rest(2) {
        let filter = Filter { address: Some(address), ..Filter::default() };
        return match filter.apply(call) {
            0 => Err(Refusal::fixed("ERR No such client")),
            _ => Ok(Value::Okay),
        };
    }
    let filter = Filter::read(call.rest(2))?;
    Ok(count(filter.apply(call)))
}

impl<'a> Filter<'a> {
    fn read(mut words: &[&'a [u8]]) -> Result<Self, Refusal> {
        let mut filter = Self { is_self_spared: true, ..Self::default() };
        while let [option, value, rest @ ..] = words {
            match option.to_ascii_lowercase().as_slice() {
                b"id" => {
                    filter.id = Some(positive(value, "client-id", "client-id should be greater than 0")?);
                }
                b"maxage" => {
                    filter.age = Some(positive(value, "maxage", "maxage is not an integer or out of range")?);
                }
                b"type" => filter.kind = Some(Type::read(value)?),
                b"addr" => filter.address = Some(value),
                b"laddr" => filter.local_address = Some(value),
                b"user" if *value == b"default" => {}
                b"user" => {
                    let user = Refusal::shown(value);
                    return Err(Refusal::new(format!("ERR No such user '{user}'")));
                }
                b"skipme" if value.eq_ignore_ascii_case(b"yes") => filter.is_self_spared = true,
                b"skipme" if value.eq_ignore_ascii_case(b"no") => filter.is_self_spared = false,
                _ => return Err(Refusal::SYNTAX),
            }
            words = rest;
        }
        if words.is_empty() { Ok(filter) } else { Err(Refusal::SYNTAX) }
    }

    /// Dooms them, and tells how many they are.
    fn apply(&self, call: &mut Call<'_>) -> usize {
        let data = &mut *call.data;
        let now_ms = data.keyspace.now_ms();
        let matching = data.roster.iter().filter(|(id, member)| {
            self.id.is_none_or(|wanted| ClientId::try_from(wanted) == Ok(*id))
                && self.kind.is_none_or(|kind| Type::of(data, *id) == kind)
                && self.address.is_none_or(|address| address == member.address.as_bytes())
                && self.local_address.is_none_or(|address| address == member.local_address.as_bytes())
                && self.age.is_none_or(|age| (now_ms - member.connected_ms) / 1000 >= age)
                && !(self.is_self_spared && *id == call.client.id)
        });
        let ids: Vec<ClientId> = matching.map(|(id, _)| id).collect();
        ids.iter().for_each(|id| data.roster.doom(*id));
        ids.len()
    }
}

/// A number above zero; two texts say what else it is.
fn positive(word: &[u8], name: &str, no_number: &str) -> Result<i64, Refusal> {
    let number = number::integer(word).ok_or_else(|| Refusal::new(format!("ERR {no_number}")))?;
    if number > 0 { Ok(number) } else { Err(Refusal::new(format!("ERR {name} should be greater than 0"))) }
}

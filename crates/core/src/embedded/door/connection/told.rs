//! What a connection is told unasked: messages and invalidations.

use redis::{PushKind, Value};

use super::Connection;
use crate::embedded::client::Protocol;
use crate::embedded::door::nil::Nil;
use crate::embedded::mailbox::Push;
use crate::embedded::store::Key;

/// Where those hear of invalidations who know no other message than a channel's.
const INVALIDATIONS: &[u8] = b"__redis__:invalidate";

impl Connection {
    /// Writes what was told up to now, as far as there is room.
    pub(super) fn take_pushes(&mut self) {
        while !self.is_over
            && self.has_room()
            && let Some(push) = self.pushes.try_take()
        {
            self.tell(push);
        }
    }

    pub(super) fn tell(&mut self, push: Push) {
        let value = match push {
            Push::Published { channel, pattern: None, payload } => {
                Value::Push { kind: PushKind::Message, data: vec![bulk(&channel), bulk(&payload)] }
            }
            Push::Published { channel, pattern: Some(pattern), payload } => {
                let data = vec![bulk(&pattern), bulk(&channel), bulk(&payload)];
                Value::Push { kind: PushKind::PMessage, data }
            }
            Push::Invalidated(keys) => match self.invalidation(keys) {
                Some(value) => value,
                None => return,
            },
            Push::Unreachable(_) if self.protocol == Protocol::Resp2 => return,
            Push::Unreachable(id) => Value::Push {
                kind: PushKind::Other("tracking-redir-broken".into()),
                data: vec![Value::Int(i64::try_from(id).unwrap_or(i64::MAX))],
            },
            // Too far behind to be told everything: as Redis does, the connection ends rather than lie.
            Push::Gap => return self.cut_off(),
        };
        self.write(Ok(value), &Nil::Bulk);
    }

    /// With RESP2 it is a message, and only who listens to some channel can take one.
    fn invalidation(&self, keys: Option<Vec<Key>>) -> Option<Value> {
        let keys = keys.map_or(Value::Nil, |keys| Value::Array(keys.iter().map(bulk).collect()));
        if self.protocol == Protocol::Resp3 {
            return Some(Value::Push { kind: PushKind::Invalidate, data: vec![keys] });
        }
        let is_listening = self.node.with(|state| state.data.hub.interests(self.id) > 0);
        let data = vec![Value::BulkString(INVALIDATIONS.to_vec()), keys];
        is_listening.then_some(Value::Push { kind: PushKind::Message, data })
    }
}

fn bulk(bytes: &Key) -> Value {
    Value::BulkString(bytes.to_vec())
}

//! How one server is asked for its vote, and what its reply says besides.

use std::sync::atomic::Ordering;
use std::time::Duration;

use redfleet_core::{Effect, Error, Node, Result, ScriptCall};
use redis::{Value, from_redis_value_ref};

use super::{Said, Servers};
use crate::time::Noted;

impl Servers {
    /// Asks one server for its vote: `call` makes the script's call from the mark that the server must have.
    ///
    /// One that may not vote has [`Error::Declined`], with no effect.
    ///
    /// # Cost
    ///
    /// One round trip; a server that was not asked before on this connection is enlisted first, which is one more.
    pub(crate) async fn ask(&self, node: &Node, call: impl Fn(&str) -> ScriptCall + Send) -> Result<Said> {
        self.ask_if(node, || true, call).await
    }

    /// As [`ask`](Self::ask), if it is still wanted: looked at each time right before the script is sent, because to enlist a server
    /// takes a while, and what is not wanted any more may have been given back meanwhile.
    pub(crate) async fn ask_if(
        &self,
        node: &Node,
        is_wanted: impl Fn() -> bool + Send,
        call: impl Fn(&str) -> ScriptCall + Send,
    ) -> Result<Said> {
        for _ in 0..2 {
            let enlisted = self.enlisted(node).await?;
            if !is_wanted() {
                return Err(Error::declined("it was not asked any more", Effect::None));
            }
            let asked = self.now();
            let reply: Value = call(&enlisted.mark).run(&**node).await?;
            let heard = self.now();
            let Parts { word, told_us, rest } = Parts::of(reply)?;
            self.told(node, told_us, asked, heard).await?;
            match word.as_str() {
                "mark" => self.server(node)?.forget(&enlisted.mark),
                "quarantine" => return Err(self.quarantined(node, &rest)),
                _ => {
                    self.answered(node, enlisted.is_warm, heard.saturating_sub(asked));
                    return self.voted(Said { word, rest, by: enlisted.by }, heard);
                }
            }
        }
        Err(Error::declined("it began a new life while it was asked", Effect::None))
    }

    /// A vote counts, unless our own clock stood still a while ago, by what the servers say. Nobody can tell that from all of them
    /// being set forward; and then others may still hold what is granted now. What is held already is not concerned.
    fn voted(&self, said: Said, heard: Duration) -> Result<Said> {
        let from = Duration::from_nanos(self.grants_from_ns.load(Ordering::Acquire));
        if said.word == "granted" && heard < from {
            let left = from.saturating_sub(heard);
            let reason = format!("our own clock stood still: nothing is taken for {left:?} more");
            return Err(Error::declined(reason, Effect::Unknown));
        }
        Ok(said)
    }

    /// Notes how long a server took. The first answer on a connection tells nothing: scripts are loaded for it.
    pub(super) fn answered(&self, node: &Node, is_warm: bool, took: Duration) {
        if is_warm {
            self.round_trip.note(took);
        } else if let Ok(server) = self.server(node) {
            server.warm();
        }
    }

    /// Notes that a server does not vote yet, and says so.
    pub(super) fn quarantined(&self, node: &Node, rest: &[Value]) -> Error {
        let left_ms = left_ms(rest);
        if let Ok(server) = self.server(node) {
            self.stands(node, server, Duration::from_millis(left_ms));
        }
        quarantined(left_ms)
    }

    /// Notes what time it is there, and tells of what is odd about it. A server whose clock went forward has said nothing that counts.
    pub(super) async fn told(
        &self,
        node: &Node,
        told_us: i64,
        asked: Duration,
        heard: Duration,
    ) -> Result<()> {
        let ms = |time: Duration| u64::try_from(time.as_millis()).unwrap_or(u64::MAX);
        match self.time.note(node.index(), told_us, asked, heard) {
            Noted::Usual => Ok(()),
            Noted::Forward => {
                self.judge_clock(node).await;
                let reason = "its clock went forward: what it granted may have ended too early";
                Err(Error::declined(reason, Effect::Unknown))
            }
            Noted::Back(by) => {
                tracing::warn!(node = node.name(), by_ms = ms(by), "a server's clock was set back");
                Ok(())
            }
            Noted::Off(by) => {
                tracing::warn!(
                    node = node.name(),
                    by_ms = ms(by),
                    "a server's clock is off from the others'"
                );
                Ok(())
            }
        }
    }
}

/// The parts of a reply.
#[derive(Debug)]
pub(super) struct Parts {
    pub(super) word: String,
    /// The server's time of day, in microseconds since the epoch.
    pub(super) told_us: i64,
    pub(super) rest: Vec<Value>,
}

impl Parts {
    /// A script answers with an array, or with one text of words.
    pub(super) fn of(reply: Value) -> Result<Self> {
        let odd = || Error::declined("its reply is none that a lock knows", Effect::Unknown);
        let reply = match reply {
            Value::Array(parts) => parts,
            Value::BulkString(text) => text.split(|byte| *byte == b' ').map(bulk).collect(),
            Value::Nil | _ => return Err(odd()),
        };
        let mut reply = reply.into_iter();
        let word = reply.next().and_then(text).ok_or_else(odd)?;
        let mut number =
            || reply.next().and_then(|number| from_redis_value_ref::<i64>(&number).ok()).ok_or_else(odd);
        let (seconds, micros) = (number()?, number()?);
        let told_us = seconds.saturating_mul(1_000_000).saturating_add(micros);
        Ok(Self { word, told_us, rest: reply.collect() })
    }
}

/// How long a server does not vote, by its own reply: it does not now, however little is left.
pub(super) fn left_ms(rest: &[Value]) -> u64 {
    let left_ms: Option<i64> = rest.first().and_then(|ms| from_redis_value_ref(ms).ok());
    // A key without an end, which nobody here has made, says -1.
    left_ms.map_or(1, |ms| if ms == -1 { u64::MAX } else { u64::try_from(ms).unwrap_or(0).max(1) })
}

pub(super) fn quarantined(left_ms: u64) -> Error {
    let reason = format!("it may have forgotten leases, and votes again in {left_ms} ms");
    Error::declined(reason, Effect::None)
}

fn bulk(word: &[u8]) -> Value {
    Value::BulkString(word.to_vec())
}

/// A word of a reply, without a copy.
fn text(value: Value) -> Option<String> {
    if let Value::BulkString(bytes) = value { String::from_utf8(bytes).ok() } else { None }
}

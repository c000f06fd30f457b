//! The shortest way of a write: one command that is shipped as it is, and no one who asks what becomes of it.

use std::sync::Arc;

use redfleet_core::Result as CoreResult;
use redis::Value;

use super::{How, write};
use crate::carried::{Carried, OneUnderWay};
use crate::dirty::Cause;
use crate::effect::Effect;
use crate::error::{Error, Result};
use crate::gate::Entered;
use crate::journal::Journal;
use crate::options::Order;
use crate::store::Shared;
use crate::store::local::{Local, is_unknown};
use crate::wait::Wait;

/// Whether a write of this kind may go the shortest way.
pub(super) fn may(shared: &Shared, how: How) -> bool {
    let is_alone = !matches!(*shared.local.journal, Journal::Outbox(_));
    is_alone && shared.order == Order::LocalFirst && !how.is_receipt_wanted && how.wait == Wait::None
}

/// Writes the command that is the effect.
pub(super) async fn command(shared: &Shared, effect: Effect) -> Result<CoreResult<Value>> {
    let under_way = shared.under_way.begin();
    if shared.is_shut() {
        return Err(Error::Shutdown);
    }
    let local = &shared.local;
    local.scope.check(&effect.keys, false)?;
    // Outside of the gate, because whoever makes room may have to pass it.
    write::room(local).await?;
    let entered = local.gate.enter(&effect.keys).await;
    let intent = match &*local.journal {
        Journal::None => None,
        journal @ (Journal::Spool(_) | Journal::Outbox(_)) => {
            Some(journal.intend(&effect.keys).map_err(Error::Spool)?)
        }
    };
    let begun = Begun {
        local: Arc::clone(local),
        effect: Some(Arc::new(effect)),
        intent,
        _entered: entered,
        _under_way: under_way,
    };
    Ok(Carried::new(&shared.under_way, begun.act()).await)
}

/// A write that was let in. If it ends early, with the runtime or by a panic, nobody knows its effect: then its key is copied.
struct Begun {
    local: Arc<Local>,
    /// None once it is settled.
    effect: Option<Arc<Effect>>,
    intent: Option<u64>,
    _entered: Entered,
    _under_way: OneUnderWay,
}

impl Begun {
    async fn act(mut self) -> CoreResult<Value> {
        let command = self.effect.as_ref().and_then(|effect| effect.steps.first());
        let Some(command) = command else { return Err(redfleet_core::Error::Unanswered) };
        let reply = self.local.call(command).await;
        let Some(effect) = self.effect.take() else { return reply };
        let sequencer = &self.local.sequencer;
        if reply.is_ok() {
            sequencer.push(&effect, self.intent, false, self.local.clock.now());
        } else if is_unknown(&reply) {
            sequencer.mark(&effect.keys, Cause::UnknownOnLocal, self.intent, false);
        } else {
            sequencer.nothing(self.intent, false);
        }
        reply
    }
}

impl Drop for Begun {
    fn drop(&mut self) {
        if let Some(effect) = &self.effect {
            self.local.sequencer.mark(&effect.keys, Cause::UnknownOnLocal, self.intent, false);
        }
    }
}

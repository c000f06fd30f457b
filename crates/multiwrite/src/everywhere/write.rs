//! How a write is done: local first, and what it did there in the queues of all remotes.

use std::sync::Arc;

use redfleet_core::{Batch, Result as CoreResult};
use redis::{Cmd, Value};
use tokio::time::Instant;

use super::How;
use super::plain;
use super::unit::Unit;
use crate::carried::{Carried, OneUnderWay};
use crate::dirty::Cause;
use crate::effect::{self, Key, Shipped};
use crate::error::{Error, Result};
use crate::gate::Entered;
use crate::options::Order;
use crate::outcome::{DropReason, Outcome};
use crate::receipt::{Receipt, Shortfall, Ticket};
use crate::store::Shared;
use crate::store::local::{Local, is_unknown};
use crate::wait::Wait;

/// What became of one command.
pub(super) struct Done {
    pub(super) reply: CoreResult<Value>,
    /// None unless it was wanted.
    pub(super) receipt: Option<Receipt>,
}

/// What became of one unit.
struct Acted {
    replies: Vec<CoreResult<Value>>,
    receipt: Option<Receipt>,
}

/// Writes one command.
pub(super) async fn command(shared: &Arc<Shared>, how: How, command: &Cmd) -> Result<Done> {
    if plain::may(shared, how)
        && let Some(effect) = effect::plain(command)
    {
        return Ok(Done { reply: plain::command(shared, effect).await?, receipt: None });
    }
    let unit = Unit::of(vec![command.clone()], false, how.is_deterministic)?;
    let done = run(shared, how, vec![unit]).await?;
    let mut acted = done.into_iter();
    let (mut replies, receipt) =
        acted.next().map_or((Vec::new(), None), |acted| (acted.replies, acted.receipt));
    let reply = replies.pop().unwrap_or(Err(redfleet_core::Error::Unanswered));
    Ok(Done { reply, receipt })
}

/// Writes a batch.
pub(super) async fn batch(shared: &Arc<Shared>, how: How, batch: &Batch) -> Result<Vec<Done>> {
    let units = Unit::all(batch, how.is_deterministic)?;
    if units.is_empty() {
        return Ok(Vec::new());
    }
    let mut done = Vec::with_capacity(batch.len());
    for acted in run(shared, how, units).await? {
        let receipt = acted.receipt;
        done.extend(acted.replies.into_iter().map(|reply| Done { reply, receipt: receipt.clone() }));
    }
    Ok(done)
}

/// Lets the units in, writes them, and waits for remotes if that is wanted.
async fn run(shared: &Arc<Shared>, how: How, mut units: Vec<Unit>) -> Result<Vec<Acted>> {
    let under_way = shared.under_way.begin();
    if shared.is_shut() {
        return Err(Error::Shutdown);
    }
    let local = &shared.local;
    let changes_all = units.iter().any(|unit| unit.plan.touches_everything());
    let is_read = units.iter().all(|unit| unit.plan.is_read());
    for unit in &units {
        local.scope.check(unit.plan.keys(), unit.plan.touches_everything())?;
    }
    let entered = if is_read {
        None
    } else {
        // Outside of the gate, because whoever makes room may have to pass it.
        room(local).await?;
        local.ready().await.map_err(Error::Outbox)?;
        let entered = enter(local, &units, changes_all).await;
        intend(local, &mut units)?;
        Some(entered)
    };
    let is_receipt_wanted = how.is_receipt_wanted || how.wait != Wait::None;
    let begun = Begun { units, is_receipt_wanted, order: shared.order, _under_way: under_way };
    let acted = Carried::new(&shared.under_way, act(Arc::clone(local), begun, entered)).await;
    match waited(how, &acted).await {
        Ok(()) => Ok(acted),
        Err(shortfall) => {
            let replies = acted.into_iter().flat_map(|acted| acted.replies).collect();
            Err(Error::Short { shortfall, replies })
        }
    }
}

/// Waits until enough remotes have all units that local has carried out: one deadline for all of them.
async fn waited(how: How, acted: &[Acted]) -> Result<(), Shortfall> {
    let since = Instant::now();
    let is_done = |acted: &&Acted| acted.replies.iter().any(Result::is_ok);
    for receipt in acted.iter().filter(is_done).filter_map(|acted| acted.receipt.as_ref()) {
        receipt.wait(how.wait, how.deadline.saturating_sub(since.elapsed())).await?;
    }
    Ok(())
}

/// Notes in the journal what is about to be sent: all of it, or nothing is sent.
fn intend(local: &Local, units: &mut [Unit]) -> Result<()> {
    for at in 0..units.len() {
        let intended = units.get_mut(at).map_or(Ok(()), |unit| unit.intend(&local.journal));
        if let Err(error) = intended {
            units
                .iter()
                .filter_map(|unit| unit.intent)
                .for_each(|intent| local.journal.outcome(intent, None));
            return Err(Error::Spool(error));
        }
    }
    Ok(())
}

/// Waits for room at those remotes that are to block without it.
pub(super) async fn room(local: &Local) -> Result<()> {
    if !local.sequencer.is_any_blocking() {
        return Ok(());
    }
    for remote in local.sequencer.remotes().iter() {
        if let Err(within) = remote.has_room().await {
            return Err(Error::Full { remote: Arc::clone(&remote.name), within });
        }
    }
    Ok(())
}

async fn enter(local: &Local, units: &[Unit], changes_all: bool) -> Entered {
    match units {
        _ if changes_all => local.gate.enter_all().await,
        [unit] => local.gate.enter(unit.plan.keys()).await,
        units => {
            let keys: Vec<Key> = units.iter().flat_map(|unit| unit.plan.keys()).cloned().collect();
            local.gate.enter(&keys).await
        }
    }
}

/// A write that was let in.
struct Begun {
    units: Vec<Unit>,
    is_receipt_wanted: bool,
    order: Order,
    _under_way: OneUnderWay,
}

/// Sends the units to local, and what they do to the remotes' queues. Once begun it is carried on, whoever waits for it.
async fn act(local: Arc<Local>, begun: Begun, entered: Option<Entered>) -> Vec<Acted> {
    let Begun { units, is_receipt_wanted, order, _under_way } = begun;
    let mut unfinished = Unfinished { local: &local, units: &units, settled: 0 };
    let mut early = Vec::new();
    if order == Order::Parallel {
        early = ahead(&local, &units, is_receipt_wanted);
    }
    let mut replies = ask(&local, &units).await.into_iter();
    let mut early = early.into_iter();
    let mut acted = Vec::with_capacity(units.len());
    for unit in &units {
        let (own, answers) = unit.take_apart(replies.by_ref().take(unit.len()).collect());
        let receipt = match early.next().flatten() {
            Some(sent) => agree(&local, unit, &own, sent),
            None => ship(&local, unit, &own, &answers, is_receipt_wanted),
        };
        acted.push(Acted { replies: own, receipt });
        unfinished.settled += 1;
    }
    drop(unfinished);
    drop(entered);
    acted
}

/// What local replies to all units: to each the replies to its commands, and then the answers about them.
async fn ask(local: &Local, units: &[Unit]) -> Vec<CoreResult<Value>> {
    if let [unit] = units
        && let Some(command) = unit.alone()
    {
        return vec![local.call(command).await];
    }
    let mut batch = Batch::with_capacity(units.iter().map(Unit::len).sum());
    units.iter().for_each(|unit| unit.add_to(&mut batch));
    local.call_batch(&batch).await
}

/// What was queued before local was asked: its receipt, if one was wanted.
struct Ahead(Option<Receipt>);

/// Queues what can be said beforehand.
fn ahead(local: &Local, units: &[Unit], is_receipt_wanted: bool) -> Vec<Option<Ahead>> {
    let now = local.clock.now();
    // What comes behind something that is not known yet must not overtake it.
    let mut is_known = true;
    let push = |unit: &Unit| {
        let effect = unit.plan.known_beforehand().filter(|_| is_known);
        is_known = effect.is_some();
        // Its intent stays open until local has answered; what is queued has one of its own.
        let effect = Arc::new(effect?);
        let noted = unit.intent.map(|_| local.journal.intend(unit.plan.keys())).transpose();
        let Ok(intent) = noted else {
            is_known = false;
            return None;
        };
        Some(Ahead(local.sequencer.push(&effect, intent, is_receipt_wanted, now)))
    };
    units.iter().map(push).collect()
}

/// Local has answered what was queued before. If it did not carry it out, or nobody knows, the keys are copied.
fn agree(local: &Local, unit: &Unit, replies: &[CoreResult<Value>], sent: Ahead) -> Option<Receipt> {
    if replies.iter().any(Result::is_err) || replies.len() < unit.commands.len() {
        local.sequencer.mark(unit.plan.keys(), cause(replies), unit.intent, false);
    } else {
        local.sequencer.nothing(unit.intent, false);
    }
    sent.0
}

/// Queues what a unit did on local, or has its keys copied.
fn ship(
    local: &Local,
    unit: &Unit,
    replies: &[CoreResult<Value>],
    answers: &[CoreResult<Value>],
    is_receipt_wanted: bool,
) -> Option<Receipt> {
    let sequencer = &local.sequencer;
    let is_lost = replies.len() < unit.commands.len() || replies.iter().any(is_unknown);
    let is_unsent =
        !is_lost && replies.iter().all(|reply| matches!(reply, Err(error) if error.code().is_none()));
    let shipped = if is_unsent || unit.plan.is_read() && is_lost {
        Shipped::Nothing
    } else if is_lost && unit.plan.touches_everything() {
        Shipped::Everything
    } else if is_lost {
        Shipped::Unclear
    } else {
        unit.plan.shipped(replies, answers)
    };
    let (reason, why) = if is_lost {
        (DropReason::LocalUnknown, Cause::UnknownOnLocal)
    } else {
        (DropReason::CannotBeSaid, Cause::Effect)
    };
    match shipped {
        Shipped::Effect(effect) => {
            let now = local.clock.now();
            sequencer.push(&Arc::new(effect), unit.intent, is_receipt_wanted, now)
        }
        Shipped::Nothing => tell(sequencer.nothing(unit.intent, is_receipt_wanted), &Outcome::Acked),
        Shipped::Unclear => {
            let marked = sequencer.mark(unit.plan.keys(), why, unit.intent, is_receipt_wanted);
            tell(marked, &Outcome::Dropped(reason))
        }
        Shipped::Everything => tell(
            sequencer.mark_everything(why, unit.intent, is_receipt_wanted),
            &Outcome::Dropped(DropReason::CannotBeSaid),
        ),
    }
}

fn tell((receipt, tickets): (Option<Receipt>, Vec<Ticket>), outcome: &Outcome) -> Option<Receipt> {
    tickets.iter().for_each(|ticket| ticket.tell(outcome.clone()));
    receipt
}

/// Whether what local has may still change by itself.
fn cause(replies: &[CoreResult<Value>]) -> Cause {
    if replies.iter().any(is_unknown) { Cause::UnknownOnLocal } else { Cause::Effect }
}

/// Units whose effect nobody knows, if this ends early: with the runtime, or by a panic. Their keys are copied then.
struct Unfinished<'a> {
    local: &'a Local,
    units: &'a [Unit],
    settled: usize,
}

impl Drop for Unfinished<'_> {
    fn drop(&mut self) {
        for unit in self.units.iter().skip(self.settled).filter(|unit| !unit.plan.is_read()) {
            if unit.plan.touches_everything() {
                self.local.sequencer.mark_everything(Cause::UnknownOnLocal, unit.intent, false);
            } else {
                self.local.sequencer.mark(unit.plan.keys(), Cause::UnknownOnLocal, unit.intent, false);
            }
        }
    }
}

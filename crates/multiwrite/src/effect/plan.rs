//! How one unit is shipped: one command, or the commands of one atomic block.

use std::collections::{BTreeMap, BTreeSet};

use redfleet_core::{Result, keys_of};
use redis::{Cmd, Value};

use super::form::{Form, Need, When};
use super::questions::Questions;
use super::said::{Said, said};
use super::steps::Steps;
use super::unshippable::Unshippable;
use super::{Effect, Key, table};

/// How one unit is shipped. It is made before anything is sent, and what comes of it is known when local has answered the
/// commands and the [questions](Self::questions) behind them.
#[derive(Clone, Debug)]
pub(crate) struct Plan {
    commands: Vec<(Cmd, Form)>,
    keys: Vec<Key>,
    questions: Questions,
}

/// What is to be done at the remotes.
#[derive(Clone, Debug)]
pub(crate) enum Shipped {
    /// Nothing: nothing was changed.
    Nothing,
    /// This.
    Effect(Effect),
    /// Nobody knows, or it cannot be said: the keys must be copied.
    Unclear,
    /// Everything must be copied.
    Everything,
}

impl Plan {
    /// The plan of these commands. Scripts are shipped as what they did.
    ///
    /// # Errors
    ///
    /// One of the commands cannot be written everywhere.
    pub(crate) fn of(commands: &[&Cmd]) -> Result<Self, Unshippable> {
        Self::made(commands, false)
    }

    /// The plan of these commands. Scripts are shipped as their text: somebody vouches that what they do depends on their
    /// keys' values and their arguments alone.
    ///
    /// # Errors
    ///
    /// As [`of`](Self::of).
    pub(crate) fn deterministic(commands: &[&Cmd]) -> Result<Self, Unshippable> {
        Self::made(commands, true)
    }

    fn made(commands: &[&Cmd], is_vouched: bool) -> Result<Self, Unshippable> {
        let form = |command: &&Cmd| Ok(((*command).clone(), table::form(command, is_vouched)?));
        let mut commands: Vec<(Cmd, Form)> = commands.iter().map(form).collect::<Result<_, _>>()?;
        unvouch_what_is_shared(&mut commands);
        let needs = needs(&commands);
        let questions = Questions::of(&commands, &needs);
        let mut keys: Vec<Key> = needs.into_keys().collect();
        if commands.iter().all(|(_, form)| form.is_read()) {
            let read = commands.iter().flat_map(|(command, _)| keys_of(command)).map(Key::from);
            keys = read.collect::<BTreeSet<Key>>().into_iter().collect();
        }
        Ok(Self { commands, keys, questions })
    }

    /// All keys that it may write, or reads if it writes none; each once.
    pub(crate) fn keys(&self) -> &[Key] {
        &self.keys
    }

    /// Whether it may write every key there is.
    pub(crate) fn touches_everything(&self) -> bool {
        self.commands.iter().any(|(_, form)| matches!(form, Form::Everything))
    }

    /// Whether it changes nothing.
    pub(crate) fn is_read(&self) -> bool {
        self.commands.iter().all(|(_, form)| form.is_read())
    }

    /// What is to be asked on local right behind the commands: in the same round trip, and in an atomic block inside it.
    pub(crate) fn questions(&self) -> &[Cmd] {
        self.questions.commands()
    }

    /// The effect, if it needs neither a reply nor an answer.
    pub(crate) fn known_beforehand(&self) -> Option<Effect> {
        let is_known = self.questions.commands().is_empty()
            && self.commands.iter().all(|(_, form)| form.is_known_beforehand());
        let mut steps = Steps::default();
        if is_known {
            for (command, form) in &self.commands {
                form.add_to(&mut steps, command, &Value::Okay, &self.questions.answered(&[]), 0)?;
            }
        }
        match steps.shipped(&self.questions.answered(&[])) {
            Shipped::Effect(effect) => Some(effect),
            Shipped::Nothing | Shipped::Unclear | Shipped::Everything => None,
        }
    }

    /// What is to be done at the remotes, now that local replied to the commands and answered the questions.
    pub(crate) fn shipped(&self, replies: &[Result<Value>], answers: &[Result<Value>]) -> Shipped {
        let answered = self.questions.answered(answers);
        let mut steps = Steps::default();
        let mut is_clear = true;
        for (at, (command, form)) in self.commands.iter().enumerate() {
            match said(form, replies.get(at)) {
                Said::Nothing => {}
                Said::Unclear if form.is_read() => {}
                Said::Unclear | Said::Done(_) if matches!(form, Form::Everything) => {
                    return Shipped::Everything;
                }
                Said::Unclear => is_clear = false,
                Said::Done(reply) => {
                    is_clear &= form.add_to(&mut steps, command, reply, &answered, at).is_some();
                }
            }
        }
        if is_clear { steps.shipped(&answered) } else { Shipped::Unclear }
    }
}

type Needs = BTreeMap<Key, Vec<Need>>;

/// What is needed of each key, in the order of the commands that write it.
fn needs(commands: &[(Cmd, Form)]) -> Needs {
    let mut needs = Needs::new();
    for (_, form) in commands {
        for key in form.keys() {
            needs.entry(key.clone()).or_default().push(form.need());
        }
    }
    needs
}

/// A script is shipped as its text only where no other command of the block writes its keys: what it leaves in between is
/// not known.
fn unvouch_what_is_shared(commands: &mut [(Cmd, Form)]) {
    if commands.len() < 2 {
        return;
    }
    let needs = needs(commands);
    for (_, form) in commands {
        if let Form::Vouched(keys) = form
            && keys.iter().any(|key| needs.get(key).is_some_and(|needs| needs.len() > 1))
        {
            *form = Form::Whole { keys: std::mem::take(keys), when: When::EvenRefused };
        }
    }
}

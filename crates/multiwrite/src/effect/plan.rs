//! How one unit is shipped: one command, or the commands of one atomic block.

use std::collections::BTreeMap;

use redfleet_core::Result;
use redis::{Cmd, Value};

use super::form::{Form, Need};
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
        let mut needs = BTreeMap::new();
        // A script whose text is shipped has its keys to itself; if it has not, what it did is shipped.
        for (at, (_, form)) in commands.iter().enumerate() {
            for key in form.keys() {
                needs.entry(key.clone()).or_insert_with(Vec::new).push((at, form.need()));
            }
        }
        for (_, form) in &mut commands {
            if let Form::Vouched(keys) = form
                && keys.iter().any(|key| needs.get(key).is_some_and(|needs| needs.len() > 1))
            {
                let keys = std::mem::take(keys);
                for key in &keys {
                    needs.insert(key.clone(), vec![(0, Need::Whole)]);
                }
                *form = Form::Whole { keys, when: super::form::When::EvenRefused };
            }
        }
        let questions = Questions::of(&commands, &needs);
        let keys = if commands.iter().all(|(_, form)| matches!(form, Form::Reads | Form::Silent)) {
            let keys: std::collections::BTreeSet<Key> = commands
                .iter()
                .flat_map(|(command, _)| redfleet_core::keys_of(command))
                .map(Key::from)
                .collect();
            keys.into_iter().collect()
        } else {
            needs.into_keys().collect()
        };
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
        self.commands.iter().all(|(_, form)| matches!(form, Form::Reads | Form::Silent))
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
        for (at, (command, form)) in self.commands.iter().enumerate() {
            match said(form, replies.get(at)) {
                Said::Nothing => {}
                Said::Unclear if matches!(form, Form::Reads | Form::Silent) => {}
                Said::Unclear if matches!(form, Form::Everything) => return Shipped::Everything,
                Said::Unclear => {
                    return if self.touches_everything() { Shipped::Everything } else { Shipped::Unclear };
                }
                Said::Done(_) if matches!(form, Form::Everything) => return Shipped::Everything,
                Said::Done(reply) => {
                    if form.add_to(&mut steps, command, reply, &answered, at).is_none() {
                        return if self.touches_everything() {
                            Shipped::Everything
                        } else {
                            Shipped::Unclear
                        };
                    }
                }
            }
        }
        steps.shipped(&answered)
    }
}

//! What is asked on local right behind the commands, and what it answered.

use std::collections::BTreeMap;

use redfleet_core::Result;
use redis::{Cmd, Value, cmd};

use super::form::{Form, Need, Word};
use super::said::{bytes, integer, items};
use super::{Key, Life};

/// Reads the values and the ends of fields; on a server that knows no ends of fields, they have none.
const FIELDS: &str = include_str!("../scripts/fields.lua");

/// What is asked about one key: the places of the questions.
#[derive(Clone, Copy, Debug, Default)]
struct Places {
    life: Option<usize>,
    length: Option<usize>,
    whole: Option<usize>,
}

/// What is asked on local right behind the commands.
#[derive(Clone, Debug, Default)]
pub(super) struct Questions {
    commands: Vec<Cmd>,
    keys: BTreeMap<Key, Places>,
    /// By the place of the command that changes fields.
    fields: BTreeMap<usize, usize>,
}

impl Questions {
    /// What these commands need to have asked. `needs` are those of each key, in the order of the commands that write it.
    pub(super) fn of(commands: &[(Cmd, Form)], needs: &BTreeMap<Key, Vec<Need>>) -> Self {
        let mut questions = Self::default();
        for (key, needs) in needs {
            let need = joined(needs.iter().copied());
            let mut places = Places::default();
            if need == Need::Whole {
                places.whole = Some(questions.ask(cmd("DUMP").arg(&**key)));
            }
            if need == Need::Length {
                places.length = Some(questions.ask(cmd("XLEN").arg(&**key)));
            }
            if need != Need::Nothing {
                places.life = Some(questions.ask(cmd("PEXPIRETIME").arg(&**key)));
            }
            questions.keys.insert(key.clone(), places);
        }
        for (at, (_, form)) in commands.iter().enumerate() {
            if let Form::Fields { key, fields, .. } = form
                && !questions.is_whole(key)
            {
                let place = questions.ask(cmd("EVAL").arg(FIELDS).arg(1).arg(&**key).arg(fields_of(fields)));
                questions.fields.insert(at, place);
            }
        }
        questions
    }

    fn ask(&mut self, command: &Cmd) -> usize {
        self.commands.push(command.clone());
        self.commands.len() - 1
    }

    pub(super) fn commands(&self) -> &[Cmd] {
        &self.commands
    }

    fn is_whole(&self, key: &Key) -> bool {
        self.keys.get(key).is_some_and(|places| places.whole.is_some())
    }

    /// The questions with these answers.
    pub(super) const fn answered<'a>(&'a self, answers: &'a [Result<Value>]) -> Answered<'a> {
        Answered { questions: self, answers }
    }
}

fn fields_of(fields: &[Word]) -> Vec<&[u8]> {
    fields.iter().map(|field| &**field).collect()
}

/// What a key needs that several commands of a block write, one after the other.
fn joined(needs: impl Iterator<Item = Need>) -> Need {
    needs
        .fold(None, |before: Option<Need>, need| Some(before.map_or(need, |before| both(before, need))))
        .unwrap_or(Need::Nothing)
}

/// What a key needs that is written so, and so again.
///
/// What the key is at the end of the block is all that can be asked: what a command in the middle left is not known. And a
/// life that is given to what was built before hides from the remote that it built on something else.
const fn both(before: Need, then: Need) -> Need {
    match (before, then) {
        (Need::Whole | Need::LifeToSet | Need::LifeToSetAlone | Need::Length, _)
        | (_, Need::Whole | Need::Length)
        | (Need::LifeToCompare, Need::LifeToSetAlone) => Need::Whole,
        (Need::LifeToCompare, Need::Nothing | Need::LifeToSet | Need::LifeToCompare)
        | (Need::Nothing, Need::LifeToCompare) => Need::LifeToCompare,
        (Need::Nothing, Need::LifeToSet | Need::LifeToSetAlone | Need::Nothing) => then,
    }
}

/// What local answered.
#[derive(Clone, Copy, Debug)]
pub(super) struct Answered<'a> {
    questions: &'a Questions,
    answers: &'a [Result<Value>],
}

/// A field, its value if it is there, and its end.
pub(super) type Field<'a> = (&'a [u8], Option<&'a [u8]>, Option<i64>);

impl<'a> Answered<'a> {
    fn answer(&self, place: Option<usize>) -> Option<&'a Value> {
        self.answers.get(place?)?.as_ref().ok()
    }

    fn places(&self, key: &Key) -> Places {
        self.questions.keys.get(key).copied().unwrap_or_default()
    }

    /// Whether this key's life was asked.
    pub(super) fn has_life(&self, key: &Key) -> bool {
        self.places(key).life.is_some()
    }

    /// Whether this key is shipped whole.
    pub(super) fn is_whole(&self, key: &Key) -> bool {
        self.questions.is_whole(key)
    }

    /// How long the key lives; nothing if local did not say.
    pub(super) fn life(&self, key: &Key) -> Option<Life> {
        life(self.answer(self.places(key).life)?)
    }

    /// How many entries the stream has.
    pub(super) fn length(&self, key: &Key) -> Option<i64> {
        integer(self.answer(self.places(key).length)?)
    }

    /// What DUMP said.
    pub(super) fn payload(&self, key: &Key) -> Option<&'a Value> {
        self.answer(self.places(key).whole)
    }

    /// The fields that the command at this place changes.
    pub(super) fn fields<'f>(&self, at: usize, fields: &'f [Word]) -> Option<Vec<Field<'f>>>
    where
        'a: 'f,
    {
        let [values, ends] = items(self.answer(self.questions.fields.get(&at).copied())?)? else {
            return None;
        };
        let (values, ends) = (items(values)?, items(ends)?);
        let field = |(field, (value, end)): (&'f Word, (&'f Value, &'f Value))| {
            (&**field, bytes(value), integer(end).filter(|end| *end > 0))
        };
        let is_complete = values.len() == fields.len() && ends.len() == fields.len();
        is_complete.then(|| fields.iter().zip(values.iter().zip(ends)).map(field).collect())
    }
}

/// The life that PEXPIRETIME says.
pub(super) fn life(answer: &Value) -> Option<Life> {
    match integer(answer)? {
        -2 => Some(Life::Gone),
        -1 => Some(Life::Forever),
        unix_ms => Some(Life::Until { unix_ms }),
    }
}

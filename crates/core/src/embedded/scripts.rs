//! The scripts of a node: those it knows by their hashes, and the Lua that runs them.

mod host;

use std::collections::BTreeMap;
use std::mem::swap;
use std::panic::resume_unwind;
use std::sync::Arc;

use redis::Value;

use super::call::Call;
use super::refusal::Refusal;
use super::script::{Engine, Failure, Limits, Script, sha1};
use host::Inside;

/// Scripts that came by EVAL and are remembered; of one more, the one is forgotten that was wanted longest ago. What
/// came by SCRIPT LOAD stays.
const MAX_PASSING: usize = 500;

const NO_SCRIPT: Refusal = Refusal::fixed("NOSCRIPT No matching script. Please use EVAL.");

/// What a node knows of scripts.
#[derive(Debug)]
pub(crate) struct Scripts {
    limits: Limits,
    known: BTreeMap<Arc<str>, Known>,
    /// Those that came by EVAL, by when they were last wanted.
    passing: BTreeMap<u64, Arc<str>>,
    /// How often a script was wanted.
    wants: u64,
    /// Made for the first script.
    machine: Option<Box<Machine>>,
}

#[derive(Debug)]
struct Known {
    script: Script,
    /// When it was last wanted, if it came by EVAL.
    passing: Option<u64>,
}

/// What runs scripts. A node has none while one runs.
#[derive(Debug)]
struct Machine {
    engine: Engine<Inside>,
    /// The place into which the node's data moves while a script runs.
    inside: Option<Inside>,
}

impl Scripts {
    pub(crate) const fn new(limits: Limits) -> Self {
        Self { limits, known: BTreeMap::new(), passing: BTreeMap::new(), wants: 0, machine: None }
    }

    /// Forgets all scripts, and what they left behind in Lua.
    pub(crate) fn forget(&mut self) {
        *self = Self::new(self.limits);
    }

    /// Whether the script with this hash, in upper or lower case, is known.
    pub(crate) fn knows(&self, sha: &[u8]) -> bool {
        lower(sha).is_some_and(|sha| self.known.contains_key(sha.as_str()))
    }

    /// The script with this hash.
    pub(crate) fn named(&mut self, sha: &[u8]) -> Result<Script, Refusal> {
        lower(sha).and_then(|sha| self.want(&sha)).ok_or(NO_SCRIPT)
    }

    /// The script with this text, compiled if it is not known. It is remembered for good, or as long as others are not
    /// wanted more.
    pub(crate) fn compiled(&mut self, source: &[u8], for_good: bool) -> Result<Script, Refusal> {
        let sha = sha1(source);
        let script = match self.want(&sha) {
            Some(script) => script,
            None => self.machine()?.engine.load(source).map_err(refused)?,
        };
        self.remember(&script, for_good);
        Ok(script)
    }

    fn want(&mut self, sha: &str) -> Option<Script> {
        let known = self.known.get_mut(sha)?;
        if let Some(before) = &mut known.passing
            && let Some(sha) = self.passing.remove(before)
        {
            self.wants += 1;
            *before = self.wants;
            self.passing.insert(self.wants, sha);
        }
        Some(known.script.clone())
    }

    fn remember(&mut self, script: &Script, for_good: bool) {
        let sha: Arc<str> = script.sha().into();
        match self.known.get_mut(&sha) {
            Some(known) if for_good => {
                known.passing.take().and_then(|at| self.passing.remove(&at));
                return;
            }
            Some(_) => return,
            None => {}
        }
        let mut passing = None;
        if !for_good {
            if self.passing.len() >= MAX_PASSING
                && let Some((_, oldest)) = self.passing.pop_first()
            {
                self.known.remove(&oldest);
            }
            self.wants += 1;
            self.passing.insert(self.wants, Arc::clone(&sha));
            passing = Some(self.wants);
        }
        self.known.insert(sha, Known { script: script.clone(), passing });
    }

    fn machine(&mut self) -> Result<&mut Machine, Refusal> {
        let machine = match self.machine.take() {
            Some(machine) => machine,
            None => Box::new(Machine { engine: Engine::new(self.limits).map_err(refused)?, inside: None }),
        };
        Ok(self.machine.insert(machine))
    }
}

/// Runs a script for a command. One that is stopped leaves nothing behind in the keyspace; one that fails leaves what it
/// wrote until then, as with Redis. A panic in what it calls, in a subscriber to its log say, goes on to the caller, and
/// leaves nothing behind either.
pub(crate) fn run(
    call: &mut Call<'_>,
    script: &Script,
    keys: &[&[u8]],
    argv: &[&[u8]],
    is_read_only: bool,
) -> Result<Value, Refusal> {
    call.data.scripts.machine()?;
    let Some(mut machine) = call.data.scripts.machine.take() else { return Err(LOST) };
    let mut inside = machine.inside.take().unwrap_or_else(Inside::hollow);
    inside.is_read_only = is_read_only;
    call.keys().begin_undoable();
    let protocol = call.client.protocol;
    trade(call, &mut inside);

    let finished = machine.engine.run(script, keys, argv, inside);

    let Some(mut inside) = finished.host else { return Err(LOST) };
    trade(call, &mut inside);
    call.client.protocol = protocol;
    if let Some(panic) = finished.panic {
        // Half a command may be done, and half a script.
        call.keys().undo();
        resume_unwind(panic);
    }
    machine.inside = Some(inside);
    call.data.scripts.machine = Some(machine);
    match &finished.reply {
        Err(Failure::Stopped(_)) => call.keys().undo(),
        Ok(_) | Err(Failure::Refused(_)) => call.keys().keep(),
    }
    finished.reply.map_err(refused)
}

/// Cannot be seen: an engine gives back what it was given.
const LOST: Refusal = Refusal::fixed("ERR the script did not give the store back");

/// What Lua calls cannot borrow, so the store moves to where Lua finds it, and back.
fn trade(call: &mut Call<'_>, inside: &mut Inside) {
    swap(call.data, &mut inside.data);
    swap(call.client, &mut inside.client);
}

fn lower(sha: &[u8]) -> Option<String> {
    (sha.len() == 40).then(|| String::from_utf8_lossy(sha).to_ascii_lowercase())
}

#[expect(clippy::needless_pass_by_value, reason = "it is what becomes of an error")]
fn refused(failure: Failure) -> Refusal {
    Refusal::new(failure.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn of_scripts_that_came_by_eval_the_last_500_that_were_wanted_are_known() {
        let mut scripts = Scripts::new(Limits::default());
        scripts.compiled(b"return 'loaded'", true).unwrap();
        let first = scripts.compiled(b"return 'first'", false).unwrap();
        let second = scripts.compiled(b"return 'second'", false).unwrap();
        for number in 2..MAX_PASSING {
            scripts.compiled(format!("return {number}").as_bytes(), false).unwrap();
        }
        scripts.named(first.sha().as_bytes()).unwrap();
        scripts.compiled(b"return 'one more'", false).unwrap();
        assert!(scripts.knows(first.sha().to_uppercase().as_bytes()));
        assert!(!scripts.knows(second.sha().as_bytes()));
        assert!(scripts.knows(sha1(b"return 'loaded'").as_bytes()));
        assert_eq!(scripts.known.len(), MAX_PASSING + 1);
        scripts.compiled(b"return 'first'", true).unwrap();
        assert_eq!(scripts.passing.len(), MAX_PASSING - 1);
    }
}

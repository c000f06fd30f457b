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

/// The letters of a hash.
const SHA_LETTERS: usize = 40;

const NO_SCRIPT: Refusal = Refusal::fixed("NOSCRIPT No matching script. Please use EVAL.");

/// What a node knows of scripts.
#[derive(Debug)]
pub(crate) struct Scripts {
    limits: Limits,
    known: BTreeMap<Arc<str>, Known>,
    /// How many of them came by EVAL.
    passing: usize,
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
    engine: Engine<Box<Inside>>,
    /// The place into which the node's data moves while a script runs.
    inside: Option<Box<Inside>>,
}

impl Scripts {
    pub(crate) const fn new(limits: Limits) -> Self {
        Self { limits, known: BTreeMap::new(), passing: 0, wants: 0, machine: None }
    }

    /// Forgets all scripts, and what they left behind in Lua.
    pub(crate) fn forget(&mut self) {
        *self = Self::new(self.limits);
    }

    /// Whether the script with this hash, in upper or lower case, is known.
    pub(crate) fn knows(&self, sha: &[u8]) -> bool {
        name(sha, &mut [0; SHA_LETTERS]).is_some_and(|name| self.known.contains_key(name))
    }

    /// The script with this hash.
    pub(crate) fn named(&mut self, sha: &[u8]) -> Result<Script, Refusal> {
        name(sha, &mut [0; SHA_LETTERS]).and_then(|name| self.want(name)).ok_or(NO_SCRIPT)
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
        if let Some(wanted) = &mut known.passing {
            self.wants += 1;
            *wanted = self.wants;
        }
        Some(known.script.clone())
    }

    fn remember(&mut self, script: &Script, for_good: bool) {
        if let Some(known) = self.known.get_mut(script.sha()) {
            if for_good && known.passing.take().is_some() {
                self.passing -= 1;
            }
            return;
        }
        if !for_good {
            self.make_room();
            self.wants += 1;
            self.passing += 1;
        }
        let passing = (!for_good).then_some(self.wants);
        self.known.insert(script.sha().into(), Known { script: script.clone(), passing });
    }

    /// Forgets the one that was wanted longest ago of those that came by EVAL, if there is no room for one more. All are
    /// looked at, so that wanting one, which is far more frequent, moves nothing.
    fn make_room(&mut self) {
        if self.passing < MAX_PASSING {
            return;
        }
        let passing = self.known.iter().filter_map(|(sha, known)| Some((known.passing?, sha)));
        if let Some(oldest) = passing.min().map(|(_, sha)| Arc::clone(sha)) {
            self.known.remove(&oldest);
            self.passing -= 1;
        }
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
    let mut inside = machine.inside.take().unwrap_or_else(|| Box::new(Inside::hollow()));
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

/// The hash in lower case, if it may be one, in a place for it.
fn name<'a>(sha: &[u8], place: &'a mut [u8; SHA_LETTERS]) -> Option<&'a str> {
    *place = sha.try_into().ok()?;
    place.make_ascii_lowercase();
    str::from_utf8(place).ok()
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
        assert_eq!(scripts.passing, MAX_PASSING - 1);
    }
}

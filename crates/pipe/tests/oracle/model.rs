//! The oracle: what a pipe must do, said the slow way, one command after another.

use std::ops::{Range, RangeBounds};

use redis::{FromRedisValue, Value};

use super::case::{CONNECTIONS, End, Hold, Pipeline, Refusal, Step, What};
use super::drive::Seen;
use super::held::{Said, text};
use super::stores::Stores;

/// One command in the order in which it was written.
struct Planned {
    connection: usize,
    what: What,
    block: Option<usize>,
    is_rolled_back: bool,
    is_excused: bool,
    reply: Result<Value, Said>,
}

/// Who looks at which commands, and how.
enum Watch {
    One(usize, Hold),
    Zip(usize, usize),
    All(Vec<usize>),
}

/// What a scope of its own has: its callbacks, and why it is not to be sent.
#[derive(Default)]
struct Scope {
    callbacks: Vec<usize>,
    of_inner: Vec<usize>,
    refused: Option<Said>,
}

struct Model {
    limit: usize,
    /// How many commands were ever queued for each connection in this pipe.
    given: [usize; CONNECTIONS.len()],
    commands: Vec<Planned>,
    watches: Vec<Watch>,
    scopes: Vec<Said>,
    connection: usize,
    /// The block that is open: its number, and its connection.
    block: Option<(usize, usize)>,
    blocks: usize,
    callbacks: usize,
}

/// What must be seen of a pipeline. Carries out on the stores what it sends.
pub(crate) async fn expect(pipeline: &Pipeline, limit: usize, stores: &Stores) -> Seen {
    let (mut model, mut scope) = (Model::new(limit), Scope::default());
    if pipeline.end == End::Scope {
        return model.scope(&pipeline.steps, stores).await;
    }
    model.steps(&pipeline.steps, &mut scope);
    let unsent = match pipeline.end {
        End::Clear => Some(("cleared".into(), "! dropped".to_owned())),
        End::Drop => Some(("dropped".into(), "! dropped".to_owned())),
        End::Execute | End::ExecuteTwice | End::Run | End::Scope => {
            scope.refused.clone().map(|why| (why.clone(), why))
        }
    };
    if let Some((end, why)) = unsent {
        for command in &mut model.commands {
            command.reply = Err(why.clone());
        }
        let said = if pipeline.end == End::Run { Vec::new() } else { model.said() };
        return Seen { scopes: model.scopes, callbacks: Vec::new(), end, said };
    }
    model.carry_out(stores).await;
    let callbacks = scope.of_inner.into_iter().chain(scope.callbacks).collect();
    let (mut end, mut said) = (model.summary(), model.said());
    if pipeline.end == End::Run {
        let error = said.iter().find(|said| said.starts_with('!')).cloned().or_else(|| model.first(..));
        end = error.clone().unwrap_or_else(|| "all went well".into());
        said = if error.is_some() { Vec::new() } else { model.said_once(0..model.watches.len()) };
    }
    Seen { scopes: model.scopes, callbacks, end, said }
}

impl Model {
    const fn new(limit: usize) -> Self {
        Self {
            limit,
            given: [0; CONNECTIONS.len()],
            commands: Vec::new(),
            watches: Vec::new(),
            scopes: Vec::new(),
            connection: 0,
            block: None,
            blocks: 0,
            callbacks: 0,
        }
    }

    /// Each step is a scope of its own, which ends by itself, and all are sent together.
    async fn scope(mut self, steps: &[Step], stores: &Stores) -> Seen {
        let (mut callbacks, mut ends) = (Vec::new(), Vec::new());
        for step in steps {
            let (mut scope, from) = (Scope::default(), (self.commands.len(), self.watches.len()));
            self.given = [0; CONNECTIONS.len()];
            self.step(step, &mut scope);
            // The step has a pipe of its own, but what all keep must not be too much either.
            let kept = |connection: usize| {
                let is_kept =
                    |command: &&Planned| command.connection == connection && !command.is_rolled_back;
                self.commands.iter().filter(is_kept).count()
            };
            let is_over = |connection: usize| kept(connection) > self.limit;
            if (0..CONNECTIONS.len()).any(is_over) {
                scope.refused.get_or_insert_with(|| "! too long".into());
            }
            if scope.refused.is_some() {
                self.commands[from.0..].iter_mut().for_each(|command| command.is_rolled_back = true);
            } else {
                callbacks.extend(scope.of_inner.into_iter().chain(scope.callbacks));
            }
            ends.push((scope.refused, from.0..self.commands.len(), from.1..self.watches.len()));
        }
        self.carry_out(stores).await;
        let said = ends.into_iter().flat_map(|(refused, commands, watches)| {
            let said = self.said_once(watches);
            let error = refused.or_else(|| said.iter().find(|said| said.starts_with('!')).cloned());
            error.or_else(|| self.first(commands)).map_or(said, |error| vec![error])
        });
        let said = said.collect();
        Seen { scopes: self.scopes, callbacks, end: "all steps ended".into(), said }
    }

    fn steps(&mut self, steps: &[Step], scope: &mut Scope) {
        for step in steps {
            self.step(step, scope);
        }
    }

    fn step(&mut self, step: &Step, scope: &mut Scope) {
        match step {
            Step::One(what, hold) => {
                let command = self.queue(*what, scope);
                self.commands[command].is_excused = matches!(hold, Hold::Outcome);
                if !matches!(hold, Hold::Dropped) {
                    self.watches.push(Watch::One(command, *hold));
                }
            }
            Step::Zip(one, other) => {
                let (one, other) = (self.queue(*one, scope), self.queue(*other, scope));
                self.watches.push(Watch::Zip(one, other));
            }
            Step::All(whats) => {
                let all = whats.iter().map(|what| self.queue(*what, scope)).collect();
                self.watches.push(Watch::All(all));
            }
            Step::On(connection, steps) => {
                let before = std::mem::replace(&mut self.connection, *connection);
                self.steps(steps, scope);
                self.connection = before;
            }
            Step::Nest { fails, steps } => self.nest(*fails, steps, scope),
            Step::Atomic(steps) if self.block.is_none() => {
                self.block = Some((self.blocks, self.connection));
                self.blocks += 1;
                self.steps(steps, scope);
                self.block = None;
            }
            Step::Atomic(steps) | Step::Idempotent(steps) => self.steps(steps, scope),
            Step::Callback => {
                scope.callbacks.push(self.callbacks);
                self.callbacks += 1;
            }
            Step::Refused(refusal) => {
                // Two of them are told of a command, which counts.
                if !matches!(refusal, Refusal::Invalid) {
                    self.given[self.connection] += 1;
                }
                scope.refused.get_or_insert_with(|| match refusal {
                    Refusal::Nowhere => "! no nowhere".into(),
                    Refusal::Invalid => "! invalid".into(),
                    Refusal::Forbidden => "! forbidden".into(),
                });
            }
        }
    }

    fn nest(&mut self, fails: bool, steps: &[Step], scope: &mut Scope) {
        let (begin, mut inner) = (self.commands.len(), Scope::default());
        self.steps(steps, &mut inner);
        let error = if fails { Some("! not executed".to_owned()) } else { inner.refused };
        if error.is_some() {
            self.commands[begin..].iter_mut().for_each(|command| command.is_rolled_back = true);
        } else {
            scope.of_inner.extend(inner.of_inner.into_iter().chain(inner.callbacks));
        }
        self.scopes.push(error.unwrap_or_else(|| "kept".into()));
    }

    fn queue(&mut self, what: What, scope: &mut Scope) -> usize {
        if let Some((_, connection)) = self.block.filter(|(_, connection)| *connection != self.connection) {
            let (command, block) = (CONNECTIONS[self.connection], CONNECTIONS[connection]);
            scope.refused.get_or_insert_with(|| format!("! {command} in {block}"));
        }
        if self.given[self.connection] >= self.limit {
            scope.refused.get_or_insert_with(|| "! too long".into());
        }
        self.given[self.connection] += 1;
        self.commands.push(Planned {
            connection: self.connection,
            what,
            block: self.block.map(|(number, _)| number),
            is_rolled_back: false,
            is_excused: false,
            reply: Err("! rolled back".into()),
        });
        self.commands.len() - 1
    }

    async fn carry_out(&mut self, stores: &Stores) {
        let is_sent = |command: &&Planned| !command.is_rolled_back;
        // A server that refuses to queue one command of a transaction does nothing of it.
        let aborts = |command: &&Planned| is_sent(command) && command.what.is_refused_unseen();
        let aborted: Vec<_> =
            self.commands.iter().filter(aborts).filter_map(|command| command.block).collect();
        for (connection, name) in CONNECTIONS.iter().enumerate() {
            let of_it = |command: &&mut Planned| command.connection == connection && !command.is_rolled_back;
            for command in self.commands.iter_mut().filter(of_it) {
                let is_aborted = command.block.is_some_and(|block| aborted.contains(&block));
                let code = if is_aborted && !command.what.is_refused_unseen() {
                    Err("EXECABORT".to_owned())
                } else {
                    stores.carry_out(connection, command.what).await
                };
                command.reply = code.map_err(|code| {
                    let sent = redfleet_core::command_name(&command.what.command());
                    let sent = if sent == "EVAL" { "EVALSHA".to_owned() } else { sent };
                    format!("! {sent} on {name}: {code}")
                });
            }
        }
    }

    fn failed(&self, among: impl RangeBounds<usize> + Clone) -> impl Iterator<Item = &Planned> {
        (0..CONNECTIONS.len()).flat_map(move |connection| {
            let failed = |command: &&Planned| !command.is_rolled_back && command.reply.is_err();
            let among = self.commands.iter().enumerate().filter({
                let among = among.clone();
                move |(at, _)| among.contains(at)
            });
            among
                .map(|(_, command)| command)
                .filter(failed)
                .filter(move |command| command.connection == connection)
        })
    }

    /// The first error that nobody asked for as a value.
    fn first(&self, among: impl RangeBounds<usize> + Clone) -> Option<Said> {
        self.failed(among).find(|command| !command.is_excused)?.reply.clone().err()
    }

    fn summary(&self) -> Said {
        let sent = self.commands.iter().filter(|command| !command.is_rolled_back).count();
        let counts = format!("{sent} commands, {} failures", self.failed(..).count());
        match self.first(..) {
            Some(first) => format!("{counts}, first {first}"),
            None => counts,
        }
    }

    fn said(&self) -> Vec<Said> {
        self.watches.iter().flat_map(|watch| vec![self.watched(watch); times(watch)]).collect()
    }

    /// As a resolved structure has it: once each, but a clone is one of its own.
    fn said_once(&self, among: Range<usize>) -> Vec<Said> {
        let times = |watch: &Watch| if matches!(watch, Watch::One(_, Hold::Clone)) { 2 } else { 1 };
        self.watches[among].iter().flat_map(|watch| vec![self.watched(watch); times(watch)]).collect()
    }

    fn watched(&self, watch: &Watch) -> Said {
        let value = |index: &usize| self.commands[*index].reply.as_ref().map(text).map_err(Clone::clone);
        let said = match watch {
            Watch::One(index, Hold::Number) => match &self.commands[*index].reply {
                Ok(reply) => {
                    i64::from_redis_value(reply.clone()).map(|n| n.to_string()).map_err(|_| "! reply".into())
                }
                Err(error) => Err(error.clone()),
            },
            Watch::One(index, Hold::Outcome) => Ok(value(index).unwrap_or_else(|error| format!("[{error}]"))),
            Watch::One(index, Hold::ZipSelf) => value(index).map(|value| format!("{value}+{value}")),
            Watch::One(index, Hold::Fails) => value(index).and_then(|_| Err("! invalid".into())),
            Watch::One(index, _) => value(index),
            Watch::Zip(one, other) => {
                value(one).and_then(|one| value(other).map(|other| format!("{one}+{other}")))
            }
            Watch::All(all) => all.iter().map(value).collect::<Result<Vec<_>, _>>().map(|all| all.join(",")),
        };
        said.unwrap_or_else(|error| error)
    }
}

/// How often it is read.
const fn times(watch: &Watch) -> usize {
    if matches!(watch, Watch::One(_, Hold::Get | Hold::Clone)) { 2 } else { 1 }
}

//! A program carried out by a pipe.

use std::sync::{Arc, Mutex};

use futures::future::join_all;
use redfleet_pipe::{Deferred, Error, InvalidValue, Pipe, Pipes, Result, Summary};
use redis::{Value, cmd};

use super::case::{CONNECTIONS, End, Pipeline, Refusal, Step, What};
use super::held::{Held, Said, kind};

/// All that is to be seen of a pipeline.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Seen {
    /// How each nested scope ended, in order.
    pub(crate) scopes: Vec<Said>,
    /// The callbacks that ran, in order, by the number in which they were queued.
    pub(crate) callbacks: Vec<usize>,
    /// How the execution ended.
    pub(crate) end: Said,
    /// What each deferred said.
    pub(crate) said: Vec<Said>,
}

struct Driver {
    held: Vec<Held>,
    scopes: Vec<Said>,
    ran: Arc<Mutex<Vec<usize>>>,
    callbacks: usize,
}

/// Runs a pipeline on a pipe that earlier ones may have used.
pub(crate) async fn drive(pipes: &Pipes, pipe: &mut Pipe, pipeline: &Pipeline) -> Seen {
    let mut driver = Driver { held: Vec::new(), scopes: Vec::new(), ran: Arc::default(), callbacks: 0 };
    if pipeline.end == End::Run {
        return driver.run(pipes, &pipeline.steps).await;
    }
    if pipeline.end == End::Scope {
        return driver.scope(pipes, &pipeline.steps).await;
    }
    let mut other = pipes.pipe();
    let pipe = if pipeline.end == End::Drop { &mut other } else { pipe };
    driver.steps(pipe, &pipeline.steps);
    for held in &driver.held {
        let said = held.peek();
        // A list of none is there at once.
        assert!(said == "! not executed" || matches!(held, Held::All(_)) && said.is_empty(), "early: {said}");
    }
    let mut end = match pipeline.end {
        End::Execute | End::ExecuteTwice | End::Run | End::Scope => told(pipe.execute().await),
        End::Clear => {
            pipe.clear();
            "cleared".into()
        }
        End::Drop => {
            drop(std::mem::replace(pipe, pipes.pipe()));
            "dropped".into()
        }
    };
    if pipeline.end == End::ExecuteTwice {
        let again = told(pipe.execute().await);
        end = if again == "0 commands, 0 failures" { end } else { format!("{end}, and again {again}") };
    }
    let said = std::mem::take(&mut driver.held).into_iter().flat_map(Held::read).collect();
    driver.seen(end, said)
}

fn told(result: Result<Summary>) -> Said {
    match result {
        Err(error) => kind(&error),
        Ok(summary) => {
            let counts = format!("{} commands, {} failures", summary.commands(), summary.failures());
            match summary.all() {
                Ok(()) => counts,
                Err(error) => format!("{counts}, first {}", kind(&error)),
            }
        }
    }
}

impl Driver {
    async fn run(mut self, pipes: &Pipes, steps: &[Step]) -> Seen {
        let result = pipes
            .run(|pipe| {
                self.steps(pipe, steps);
                std::mem::take(&mut self.held)
            })
            .await;
        match result {
            Ok(said) => self.seen("all went well".into(), said.into_iter().flatten().collect()),
            Err(error) => self.seen(kind(&error), Vec::new()),
        }
    }

    /// Each step by itself, and all of them in one execution.
    async fn scope(mut self, pipes: &Pipes, steps: &[Step]) -> Seen {
        let mut steps_ends = Vec::new();
        let ends = pipes
            .scope(async |scope| {
                let steps = steps.iter().map(|step| {
                    let awaited = scope.run(|pipe| {
                        self.step(pipe, step);
                        std::mem::take(&mut self.held)
                    });
                    steps_ends.push(self.callbacks);
                    awaited
                });
                join_all(steps.collect::<Vec<_>>()).await
            })
            .await;
        let said = ends.into_iter().flat_map(|end| {
            end.map_or_else(|error| vec![kind(&error)], |said| said.into_iter().flatten().collect())
        });
        let said = said.collect();
        let mut seen = self.seen("all steps ended".into(), said);
        // Those of one step have an order. A step is over when its own connections have answered, so steps have none.
        seen.callbacks.sort_by_key(|number| steps_ends.partition_point(|end| end <= number));
        seen
    }

    fn seen(self, end: Said, said: Vec<Said>) -> Seen {
        let callbacks = std::mem::take(&mut *self.ran.lock().unwrap());
        Seen { scopes: self.scopes, callbacks, end, said }
    }

    fn steps(&mut self, pipe: &mut Pipe, steps: &[Step]) {
        for step in steps {
            self.step(pipe, step);
        }
    }

    fn step(&mut self, pipe: &mut Pipe, step: &Step) {
        match step {
            Step::One(what, hold) => self.held.extend(Held::new(queue(pipe, *what), *hold)),
            Step::Zip(one, other) => {
                let (one, other) = (queue(pipe, *one), queue(pipe, *other));
                self.held.push(Held::zipped(one, other));
            }
            Step::All(whats) => {
                self.held.push(Held::all(whats.iter().map(|what| queue(pipe, *what)).collect()));
            }
            Step::On(connection, steps) => self.steps(&mut pipe.on(CONNECTIONS[*connection]), steps),
            Step::Nest { fails, steps } => {
                let result: Result<()> = pipe.nest(|pipe| {
                    self.steps(pipe, steps);
                    if *fails { Err(Error::NotExecuted) } else { Ok(()) }
                });
                self.scopes.push(result.map_or_else(|error| kind(&error), |()| "kept".into()));
            }
            Step::Atomic(steps) => pipe.atomic(|pipe| self.steps(pipe, steps)),
            Step::Idempotent(steps) => pipe.idempotent(|pipe| self.steps(pipe, steps)),
            Step::Callback => {
                let (number, ran) = (self.callbacks, Arc::clone(&self.ran));
                self.callbacks += 1;
                pipe.on_execute(move || ran.lock().unwrap().push(number));
            }
            Step::Refused(Refusal::Nowhere) => drop(pipe.on("nowhere").incr("k0", 1)),
            Step::Refused(Refusal::Invalid) => pipe.refuse(InvalidValue::not("a value").into()),
            Step::Refused(Refusal::Forbidden) => drop(pipe.add::<Value>(cmd("MULTI"))),
        }
    }
}

fn queue(pipe: &mut Pipe, what: What) -> Deferred<Value> {
    match what.script() {
        Some(call) => pipe.script(&call),
        None => pipe.add(what.command()),
    }
}

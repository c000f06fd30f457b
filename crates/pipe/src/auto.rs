//! One handle for many tasks, whose single commands share executions.

use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use redfleet_core::ScriptCall;
use redis::{Cmd, FromRedisValue};

use crate::awaited::Awaited;
use crate::error::{Error, Result};
use crate::pipe::{Execution, Joint, Pipe};
use crate::pipes::Pipes;
use crate::resolve::Resolve;

/// A handle that any number of tasks call at once; what they call within one turn of the scheduler shares an execution.
/// Cheap to clone.
///
/// # Guarantee
///
/// A caller alone is not delayed: its command is sent at once, in its own task. When others are under way already,
/// commands are collected for as long as it takes the tasks that are ready to run, and never for a reply or a timer.
/// At most 100,000 commands wait or are under way, or as many as [`max_waiting`](crate::PipesBuilder::max_waiting) says.
/// Each caller waits for the connections that it queued for, and for no other's.
///
/// # Cancel safety
///
/// A caller that goes away takes no other's command with it, nor does one whose closure panics. Its own may be sent all
/// the same. Where the runtime ends that was to send what waits, those who wait are told [`Error::Dropped`].
///
/// # Example
///
/// ```
/// use futures::future::try_join_all;
/// use redfleet_pipe::Pipes;
/// use redfleet_core::redis::Cmd;
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let auto = Pipes::connect("embedded://auto")?.auto();
/// let callers = (0..100).map(|_| auto.add::<i64>(Cmd::incr("visits", 1)));
/// let counts = try_join_all(callers).await?; // 100 commands, in few round trips
/// assert_eq!(counts.iter().max(), Some(&100));
/// # Ok(())
/// # }
/// ```
#[derive(Clone)]
pub struct AutoPipe {
    shared: Arc<Shared>,
}

struct Shared {
    pipes: Pipes,
    state: Mutex<State>,
}

struct State {
    /// What was queued while others were under way.
    waiting: Joint,
    /// Whether a task is about to take what is queued.
    is_leaving: bool,
    /// How many commands are under way.
    commands: usize,
    /// How many executions are.
    flights: usize,
}

/// What a caller does after it queued.
enum Turn<'a> {
    /// Nothing else is under way: it sends by itself.
    Send(Execution, Flight<'a>),
    /// It is the first to wait: it sees to it that somebody sends.
    Collect,
    /// Somebody will send.
    Wait,
    /// There is too much already.
    Refuse(Execution),
}

impl Pipes {
    /// A handle that many tasks call at once and that makes executions of their single commands.
    #[must_use]
    pub fn auto(&self) -> AutoPipe {
        let state = State { waiting: Joint::default(), is_leaving: false, commands: 0, flights: 0 };
        AutoPipe { shared: Arc::new(Shared { pipes: self.clone(), state: Mutex::new(state) }) }
    }
}

impl AutoPipe {
    /// Sends a command, perhaps together with those of other tasks.
    ///
    /// # Cost
    ///
    /// One round trip, shared.
    ///
    /// # Errors
    ///
    /// The command's own; [`Error::Overloaded`].
    pub async fn add<T: FromRedisValue>(&self, command: Cmd) -> Result<T> {
        match self.shared.alone() {
            Some(_flight) => self.shared.pipes.call(&command).await,
            None => self.run(|pipe| pipe.add(command)).await,
        }
    }

    /// Calls a script, perhaps together with the commands of other tasks.
    ///
    /// # Errors
    ///
    /// As [`add`](Self::add).
    pub async fn script<T: FromRedisValue>(&self, call: &ScriptCall) -> Result<T> {
        self.run(|pipe| pipe.script(call)).await
    }

    /// Sends what the closure queues, perhaps together with the commands of other tasks, and returns the values.
    ///
    /// # Errors
    ///
    /// As [`Pipes::run`]; [`Error::Overloaded`]; [`Error::Dropped`] where the runtime ends that was to send it.
    pub async fn run<R: Resolve>(&self, queue: impl FnOnce(&mut Pipe) -> R) -> Result<R::Output> {
        // Nothing is locked while foreign code runs.
        let (awaited, execution) = Awaited::queue(self.shared.pipes.pipe(), queue);
        if let Some(execution) = execution {
            match self.shared.turn(execution) {
                Turn::Send(execution, _flight) => drop(execution.run().await),
                Turn::Collect => self.collect(),
                Turn::Wait => {}
                Turn::Refuse(execution) => {
                    let limit = self.shared.limit();
                    execution.refuse(Error::Overloaded { limit });
                    return Err(Error::Overloaded { limit });
                }
            }
        }
        awaited.await
    }

    /// Has a task send what is queued when all that are ready have had their turn.
    fn collect(&self) {
        // Made before the task, which may never run.
        let leaving = Leaving(Some(Arc::clone(&self.shared)));
        tokio::spawn(async move {
            tokio::task::yield_now().await;
            leaving.send().await;
        });
    }
}

impl Shared {
    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn limit(&self) -> usize {
        self.pipes.limits().waiting
    }

    /// Whose turn it is to send what this caller queued.
    fn turn(&self, execution: Execution) -> Turn<'_> {
        let (limit, commands) = (self.limit(), execution.len());
        let mut state = self.state();
        if state.commands + state.waiting.len() + commands > limit {
            return Turn::Refuse(execution);
        }
        if state.flights == 0 && !state.is_leaving {
            return Turn::Send(execution, state.take_off(self, commands));
        }
        state.waiting.push(execution);
        let is_first = !std::mem::replace(&mut state.is_leaving, true);
        if is_first { Turn::Collect } else { Turn::Wait }
    }

    /// Counts a command as under way if nobody else's is, and none waits: it needs no execution.
    fn alone(&self) -> Option<Flight<'_>> {
        let mut state = self.state();
        let is_alone = state.flights == 0 && !state.is_leaving && state.waiting.is_empty();
        is_alone.then(|| state.take_off(self, 1))
    }

    fn leave(&self) -> Option<(Joint, Flight<'_>)> {
        let mut state = self.state();
        state.is_leaving = false;
        let joint = state.waiting.take()?;
        let flight = state.take_off(self, joint.len());
        Some((joint, flight))
    }
}

impl State {
    /// Counts commands as one execution that is under way, until what this returns is dropped.
    const fn take_off<'a>(&mut self, shared: &'a Shared, commands: usize) -> Flight<'a> {
        self.commands += commands;
        self.flights += 1;
        Flight { shared, commands }
    }
}

/// The duty to send what is queued, or else to say that nobody does: when the task that has it is dropped, because its
/// runtime ends, others must not wait for it.
struct Leaving(Option<Arc<Shared>>);

impl Leaving {
    async fn send(mut self) {
        let Some(shared) = self.0.take() else { return };
        let Some((joint, _flight)) = shared.leave() else { return };
        joint.run().await;
    }
}

impl Drop for Leaving {
    fn drop(&mut self) {
        let Some(shared) = self.0.take() else { return };
        let (joint, flight) = shared.leave().unzip();
        drop(flight);
        if let Some(joint) = joint {
            joint.refuse(&Error::Dropped);
        }
    }
}

/// Commands that are under way together.
struct Flight<'a> {
    shared: &'a Shared,
    commands: usize,
}

impl Drop for Flight<'_> {
    fn drop(&mut self) {
        let mut state = self.shared.state();
        state.commands -= self.commands;
        state.flights -= 1;
    }
}

impl fmt::Debug for AutoPipe {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("AutoPipe").finish_non_exhaustive()
    }
}

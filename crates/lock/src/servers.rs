//! All servers of a fleet: how each becomes a member, is asked for its vote, and tells the time.

mod ask;
mod batch;
mod clocks;
mod enlist;
mod first;
mod founding;
#[cfg(test)]
mod tests;

use std::sync::atomic::{AtomicBool, AtomicU64};
use std::time::Duration;

use redfleet_core::{
    Effect, Error, Fleet, Incarnation, Node, Outcome, Policy, Result, Script, ScriptCall, mutant,
};
use redis::Value;
use tokio::sync::Mutex;

use crate::background::Background;
use crate::health::{Facts, ServerHealth};
use crate::id::Ids;
use crate::keeper::Restores;
use crate::round_trip::RoundTrip;
use crate::server::Server;
use crate::settings::Settings;
use crate::time::{FleetTime, MAX_OFF};

/// The servers, and what is known of them.
#[derive(Debug)]
pub(crate) struct Servers {
    fleet: Fleet,
    servers: Vec<Server>,
    settings: Settings,
    time: FleetTime,
    round_trip: RoundTrip,
    background: Background,
    restores: Restores,
    keys: Keys,
    /// What a mark says of the fleet: how many servers, and the longest ttl in milliseconds.
    membership: Box<str>,
    /// Under which name this process looks for a new fleet.
    name: String,
    /// Whether it is decided if the fleet is new.
    is_founded: AtomicBool,
    founding: Mutex<()>,
    /// Held by who finds out whose clock was set.
    judging: Mutex<()>,
    /// Before this time of our clock nothing is taken, in nanoseconds.
    grants_from_ns: AtomicU64,
}

/// The keys of a server and what its channels begin with, made once.
#[derive(Debug)]
struct Keys {
    mark: String,
    quarantine: String,
    founding: String,
    channels: String,
}

/// What a server said to a script that votes, where it may vote.
#[derive(Debug)]
pub(crate) struct Said {
    /// The first word of the reply.
    pub(crate) word: String,
    /// What comes behind the time.
    pub(crate) rest: Vec<Value>,
    /// Who said it: only while this is still who answers does it count.
    pub(crate) by: Incarnation,
}

impl Servers {
    pub(crate) fn new(fleet: Fleet, settings: Settings) -> Self {
        let space = &settings.space;
        let key = |part: &str| format!("{space}{part}");
        let keys = Keys {
            mark: key("mark"),
            quarantine: key("quarantine"),
            founding: key("founding"),
            channels: key("wake:"),
        };
        Self {
            servers: fleet.nodes().iter().map(|_| Server::default()).collect(),
            time: FleetTime::new(fleet.len(), settings.drift_ppm),
            round_trip: RoundTrip::default(),
            background: Background::new(),
            restores: Restores::default(),
            keys,
            membership: format!("{} {}", fleet.len(), settings.max_ttl.as_millis()).into(),
            name: Ids::new(settings.seed).next().as_str().to_owned(),
            is_founded: AtomicBool::new(!settings.is_new_fleet),
            founding: Mutex::default(),
            judging: Mutex::default(),
            grants_from_ns: AtomicU64::new(0),
            fleet,
            settings,
        }
    }

    pub(crate) const fn fleet(&self) -> &Fleet {
        &self.fleet
    }

    pub(crate) const fn settings(&self) -> &Settings {
        &self.settings
    }

    pub(crate) const fn time(&self) -> &FleetTime {
        &self.time
    }

    pub(crate) const fn round_trip(&self) -> &RoundTrip {
        &self.round_trip
    }

    /// What goes on without a caller.
    pub(crate) const fn background(&self) -> &Background {
        &self.background
    }

    /// What is being put back on servers now.
    pub(crate) const fn restores(&self) -> &Restores {
        &self.restores
    }

    /// How many servers are a majority.
    pub(crate) fn majority(&self) -> usize {
        self.fleet.len() / 2 + 1
    }

    /// Our clock: it counts the time that the machine sleeps, and what it lost by what a majority of the servers says.
    pub(crate) fn now(&self) -> Duration {
        self.settings.clock.now() + self.time.lost()
    }

    /// How long a token is remembered after its lease: longer than any clock that tokens follow may be wrong, in both ways.
    pub(crate) fn token_life(&self) -> Duration {
        (self.settings.max_ttl * 2).max(MAX_OFF * 4)
    }

    /// How long a line is kept that nobody joins any more.
    pub(crate) fn line_life(&self) -> Duration {
        self.settings.max_ttl * 2
    }

    /// Runs an operation on all servers, answered when a majority has acknowledged it or cannot any more.
    pub(crate) async fn run<T, F>(
        &self,
        deadline: Duration,
        operation: impl Fn(Node) -> F + Send + 'static,
    ) -> Outcome<T>
    where
        T: Send + 'static,
        F: Future<Output = Result<T>> + Send + 'static,
    {
        self.run_by(Policy::Quorum(self.majority()), deadline, operation).await
    }

    /// As [`run`](Self::run), answered as this policy says, which the fleet must be able to meet.
    pub(crate) async fn run_by<T, F>(
        &self,
        policy: Policy,
        deadline: Duration,
        operation: impl Fn(Node) -> F + Send + 'static,
    ) -> Outcome<T>
    where
        T: Send + 'static,
        F: Future<Output = Result<T>> + Send + 'static,
    {
        let outcome = match self.fleet.fan_out(policy).and_then(|fan_out| fan_out.deadline(deadline)) {
            Ok(fan_out) => fan_out.run(operation).await,
            // The fleet can meet the policy, and no deadline here is zero.
            Err(_) => self.fleet.run(policy, operation).await,
        };
        self.note_twins(&outcome);
        outcome
    }

    /// Whether this is still who answers for a server.
    pub(crate) fn is_still(&self, server: usize, by: &Incarnation) -> bool {
        self.fleet.nodes().get(server).and_then(|node| node.incarnation()).as_ref() == Some(by)
            || mutant::is_on("votes_of_closed_connections")
    }

    /// A call of a script that votes, with what all of them begin with.
    pub(crate) fn vote(&self, script: &Script, mark: &str) -> ScriptCall {
        script.key(&self.keys.mark).key(&self.keys.quarantine).arg(mark)
    }

    /// What the channels' names begin with on which waiters are woken: a client's own name comes behind it.
    pub(crate) fn channels(&self) -> &str {
        &self.keys.channels
    }

    /// How each server stands, by what it said last.
    pub(crate) fn health(&self) -> Vec<ServerHealth> {
        let now = self.now();
        let health = |(node, server): (&Node, &Server)| {
            let (standing, jumped_at) = server.standing();
            let is_enlisted = server.enlisted(node.incarnation()).is_some();
            let clock = self.time.offset_us(node.index());
            ServerHealth {
                name: node.name().into(),
                state: Facts { standing, down: node.down(), is_enlisted, now }.state(),
                clock_offset_us: clock.map(|(offset_us, _)| offset_us),
                clock_error: clock.map(|(_, error)| error),
                jumped_ago: jumped_at.map(|at| now.saturating_sub(at)),
            }
        };
        self.fleet.nodes().iter().zip(&self.servers).map(health).collect()
    }

    fn server(&self, node: &Node) -> Result<&Server> {
        let unknown = || Error::declined("it is no server of this fleet", Effect::None);
        self.servers.get(node.index()).ok_or_else(unknown)
    }
}

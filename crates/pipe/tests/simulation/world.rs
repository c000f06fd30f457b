//! What all scenarios use.

use std::time::Duration;

use redfleet_core::test_util::history::Violation;
use redfleet_core::test_util::simulation::{SimulatedClient, Storm, World};
use redfleet_core::{BackendExt, Breaker, Effect, Layer};
use redfleet_pipe::{Error, Pipes, PipesBuilder};
use redis::{FromRedisValue, cmd};

pub(crate) const NODES: [&str; 3] = ["n0", "n1", "n2"];

pub(crate) const fn ms(ms: u64) -> Duration {
    Duration::from_millis(ms)
}

/// A storm that loses no data.
pub(crate) fn storm() -> Storm {
    Storm::lasting(ms(3000)).every(ms(200)).faults_up_to(ms(800))
}

/// One connection to each node of the world. Every second client has breakers.
pub(crate) fn pipes(world: &World, client: &SimulatedClient) -> PipesBuilder {
    let breaker = Breaker::default().probes(ms(50), ms(200)).unwrap().probe_deadline(ms(100)).unwrap();
    let nodes = NODES.iter().zip(0..world.nodes().len());
    let pipes = nodes.fold(Pipes::builder(), |pipes, (name, node)| {
        let link = client.link(node);
        let link = if client.place().is_multiple_of(2) { link } else { breaker.layer(link) };
        pipes.connection(name, link)
    });
    pipes.deadline(ms(250)).seed(world.seed())
}

/// What a caller was told of one write of a key that nobody else writes: whoever carries it out counts to one.
pub(crate) struct Told {
    pub(crate) node: usize,
    pub(crate) key: String,
    pub(crate) said: Result<i64, Error>,
}

impl Told {
    /// Holds what was told against what the node counts.
    pub(crate) async fn judge(&self, world: &World) -> Result<(), Violation> {
        let count: i64 = stored::<Option<i64>>(world, self.node, "GET", &self.key).await.unwrap_or_default();
        let (holds, rule) = match &self.said {
            Ok(said) => ((*said, count) == (1, 1), "what was told was carried out, once"),
            Err(error) if error.effect() == Effect::None => {
                (count == 0, "what had no effect was not carried out")
            }
            Err(_) => (count <= 1, "nothing is carried out twice"),
        };
        let evidence = || format!("{} on n{}: told {:?}, counts {count}", self.key, self.node, self.said);
        Violation::unless(holds, rule, evidence)
    }
}

/// What is on a node, looked at from outside of the world.
pub(crate) async fn stored<T: FromRedisValue>(world: &World, node: usize, command: &str, key: &str) -> T {
    let mut command = cmd(command);
    command.arg(key);
    if command.args_iter().next() == cmd("LRANGE").args_iter().next() {
        command.arg(0).arg(-1);
    }
    world.nodes().get(node).unwrap().store().query(&command).await.unwrap()
}

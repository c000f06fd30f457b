//! What all scenarios use.

use std::sync::Arc;
use std::time::Duration;

use redfleet_core::test_util::history::Violation;
use redfleet_core::test_util::simulation::{Storm, World};
use redfleet_core::{Backend, Batch, Result as CoreResult};
use redfleet_multiwrite::{Builder, Everywhere, Guarantee, MultiWrite, Order, Overflow, RemoteOptions, Wait};
use redis::Value;
use tokio::time::sleep;

use super::commands::{Commands, words};
use super::told::{Counter, Told};
use super::values::{Lives, judge};

/// The remotes' names, by their nodes' places: node 0 is local.
pub(crate) const NAMES: [&str; 3] = ["local", "eu", "us"];
/// Far more than it takes to bring everything to every remote.
pub(crate) const LONG: Duration = Duration::from_secs(300);

pub(crate) const fn ms(ms: u64) -> Duration {
    Duration::from_millis(ms)
}

/// A storm that loses no data.
pub(crate) fn storm() -> Storm {
    Storm::lasting(ms(5000)).every(ms(250)).faults_up_to(ms(1200))
}

/// Settings by chance: among them bounds so small that they are hit all the time.
pub(crate) fn options(dice: &mut fastrand::Rng, has_spool: bool) -> RemoteOptions {
    let overflow = match dice.u8(0..if has_spool { 5 } else { 4 }) {
        0 => Overflow::Block { within: ms(dice.u64(1..200)) },
        1 => Overflow::DropNew,
        2..=3 => Overflow::DropOldest,
        _ => Overflow::Spill,
    };
    let is_small = dice.bool();
    let guarantee = if dice.u8(0..3) == 0 { Guarantee::AtLeastOnce } else { Guarantee::ExactlyOnce };
    RemoteOptions::new()
        .guarantee(guarantee)
        .overflow(overflow)
        .max_entries(if is_small { 10 } else { 1000 })
        .max_dirty_keys(if dice.u8(0..3) == 0 { 5 } else { 1000 })
        .round_entries(*dice.choice(&[1, 3, 20, 1000]).unwrap())
        .deadline(ms(dice.u64(50..600)))
        .gather(ms(dice.u64(0..4)))
        .retries(ms(dice.u64(1..30)), ms(dice.u64(100..800)))
}

/// A store on these links, one a node, with settings by chance. `part` tells one process of a world from the next.
pub(crate) fn builder(world: &World, links: &[Arc<dyn Backend>], part: &str, has_spool: bool) -> Builder {
    let mut dice = world.dice(&format!("options {part}"));
    let order = if dice.bool() { Order::LocalFirst } else { Order::Parallel };
    let (local, remotes) = links.split_first().unwrap();
    let builder = MultiWrite::builder(Arc::clone(local))
        .order(order)
        .local_deadline(ms(dice.u64(100..800)))
        .seed(dice.u64(..));
    remotes.iter().zip(&NAMES[1..]).fold(builder, |builder, (link, name)| {
        builder.remote_with(*name, Arc::clone(link), options(&mut dice, has_spool))
    })
}

/// The links of a client, one a node.
pub(crate) fn links(world: &World, client: usize) -> Vec<Arc<dyn Backend>> {
    (0..world.nodes().len()).map(|node| world.client(client).link(node)).collect()
}

/// What writers share.
#[derive(Debug)]
pub(crate) struct Writers<'a> {
    pub(crate) world: &'a World,
    /// Which process of the world they are part of.
    pub(crate) part: &'a str,
    pub(crate) told: &'a Told,
    /// How many writes each makes.
    pub(crate) writes: usize,
    /// The longest pause between two of them, in milliseconds.
    pub(crate) pause_ms: u64,
    /// Whether all write to one key.
    pub(crate) is_narrow: bool,
    /// Whether remotes keep what they acknowledged.
    pub(crate) keeps_data: bool,
}

impl Writers<'_> {
    /// Writes by chance, as the writer of this counter.
    pub(crate) async fn write(&self, store: &MultiWrite, counter: &Counter) {
        let mut dice = self.world.dice(&format!("writer {} {}", counter.key(), self.part));
        let mut commands = Commands::new(fastrand::Rng::with_seed(dice.u64(..)), self.is_narrow);
        let everywhere = store.everywhere();
        for number in 0..self.writes {
            sleep(ms(dice.u64(0..=self.pause_ms))).await;
            match dice.u8(0..10) {
                0..=1 => {
                    counter.send();
                    counter.note(&everywhere.call(&words(&["INCR", counter.key()])).await);
                }
                2 => self.wait(&everywhere, &format!("{}:{}:{number}", counter.key(), self.part)).await,
                3 => {
                    // A caller that goes away before it is told anything.
                    let write = commands.draw();
                    drop(
                        tokio::time::timeout(ms(dice.u64(0..8)), send(&everywhere, write.commands, false))
                            .await,
                    );
                }
                _ => {
                    let write = commands.draw();
                    drop(send(&everywhere, write.commands, write.is_vouched).await);
                }
            }
        }
    }

    /// Writes a key of its own, and looks for it where it was acknowledged.
    async fn wait(&self, everywhere: &Everywhere, key: &str) {
        let Ok(written) = everywhere.send(&words(&["SET", key, "v"])).await else { return };
        if written.receipt.wait(Wait::One, ms(100)).await.is_err() || !self.keeps_data {
            return;
        }
        let outcomes = written.receipt.outcomes();
        let acked =
            outcomes.iter().filter(|(_, outcome)| matches!(outcome, redfleet_multiwrite::Outcome::Acked));
        let place = |name: &str| NAMES.iter().position(|other| *other == name).unwrap();
        let places: Vec<usize> = acked.map(|(name, _)| place(name)).collect();
        self.told.look(self.world, key, &places).await;
    }
}

/// Writes these commands everywhere, several of them at once.
async fn send(
    everywhere: &Everywhere,
    mut commands: Vec<redis::Cmd>,
    is_vouched: bool,
) -> CoreResult<Vec<CoreResult<Value>>> {
    let vouched = everywhere.clone().deterministic();
    let everywhere = if is_vouched { &vouched } else { everywhere };
    if commands.len() == 1 {
        return Ok(vec![everywhere.call(&commands.remove(0)).await]);
    }
    let mut batch = Batch::new().atomic();
    batch.extend(commands);
    everywhere.call_batch(&batch).await
}

/// Waits for the end of the storm and until all remotes have everything, and holds them against local.
pub(crate) async fn end(world: &World, store: &MultiWrite, lives: Lives) -> Result<(), Violation> {
    world.calm().await;
    flush(world, store).await?;
    if lives == Lives::Over {
        // Every life has ended on every clock, and what differed by that is told by later writes alone.
        sleep(ms(super::commands::LONGEST_LIFE_MS) + super::lives::OFF * 2).await;
        flush(world, store).await?;
    }
    let places: Vec<usize> = (1..world.nodes().len()).collect();
    judge(world, &places, lives).await?;
    for name in &NAMES[1..world.nodes().len()] {
        let report = store.verify(name).await.unwrap();
        let rule = "what is equal is told to be equal";
        Violation::unless(report.is_equal(), rule, || format!("{name}: {report}, {report:?}"))?;
    }
    Ok(())
}

async fn flush(world: &World, store: &MultiWrite) -> Result<(), Violation> {
    let flushed = store.flush(LONG).await;
    world.note(format_args!("flushed: {flushed:?}"));
    let evidence = || flushed.as_ref().map_or_else(|lacks| format!("{lacks}: {lacks:?}"), |()| String::new());
    Violation::unless(flushed.is_ok(), "in the end every remote has everything", evidence)
}

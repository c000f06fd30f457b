//! Pipes over several connections: once, whole, in order, and told as it was.

use std::cell::RefCell;

use redfleet_core::test_util::history::{History, Model, Violation, linearizable_by_key};
use redfleet_core::test_util::simulation::{Scenario, SimulatedClient, World};
use redfleet_core::{Effect, Script};
use redfleet_pipe::{Deferred, Error, Pipe, Result as Told_};
use tokio::time::sleep;

use super::world::{NODES, Told, ms, pipes, stored, storm};

const ROUNDS: u64 = 40;

/// A counter that everybody counts with, one a node.
struct Counter;

impl Model for Counter {
    type State = i64;
    type Op = usize;
    type Reply = i64;

    fn start(&self) -> i64 {
        0
    }

    fn step(&self, state: &i64, _: &usize, reply: Option<&i64>) -> Option<i64> {
        reply.is_none_or(|reply| *reply == state + 1).then_some(state + 1)
    }
}

/// What was told in all runs of all clients.
#[derive(Default)]
struct Book {
    told: Vec<Told>,
    /// Keys that were queued in scopes that were taken back.
    taken_back: Vec<(usize, String)>,
    /// Lists to which a pipe pushed 0, 1, 2, ..
    lists: Vec<(usize, String, Vec<Told_<usize>>)>,
    /// Values that were set again and again until it was certain.
    set: Vec<(usize, String, Told_<()>)>,
    blocks: Vec<(usize, String, [Told_<i64>; 2])>,
}

/// The deferreds of one pipe.
#[derive(Default)]
struct Queued {
    told: Vec<(usize, String, Deferred<i64>)>,
    taken_back: Vec<(usize, String)>,
    lists: Vec<(usize, String, Vec<Deferred<usize>>)>,
    set: Vec<(usize, String, Deferred<()>)>,
    blocks: Vec<(usize, String, [Deferred<i64>; 2])>,
    shared: Vec<(usize, Deferred<i64>)>,
}

impl Queued {
    fn queue(&mut self, pipe: &mut Pipe, dice: &mut fastrand::Rng, name: &str, depth: u8) {
        for step in 0..dice.usize(1..5) {
            let node = dice.usize(..NODES.len());
            let key = format!("{name}.{step}");
            let mut on = pipe.on(NODES.get(node).unwrap());
            match dice.u8(..9) {
                0 if depth < 3 => drop(on.nest(|pipe| {
                    self.queue(pipe, dice, &key, depth + 1);
                    Ok::<_, Error>(())
                })),
                1 => drop(on.nest(|pipe| -> Told_<()> {
                    pipe.incr(&key, 1);
                    pipe.on("n1").incr(&key, 1);
                    self.taken_back.extend([(node, key.clone()), (1, key.clone())]);
                    Err(Error::Dropped)
                })),
                2 => {
                    let list: Vec<_> = (0..dice.u64(1..8)).map(|number| on.rpush(&key, number)).collect();
                    self.lists.push((node, key, list));
                }
                3 => {
                    let set = on.idempotent(|pipe| pipe.set(&key, "set"));
                    self.set.push((node, key, set));
                }
                4 => {
                    let one = |pipe: &mut Pipe, end: &str| pipe.incr(format!("{key}{end}"), 1);
                    let block = on.atomic(|pipe| [one(pipe, "a"), one(pipe, "b")]);
                    self.blocks.push((node, key, block));
                }
                5 => {
                    let script = Script::new("return redis.call('INCR', KEYS[1])");
                    let count = on.script(&script.key(&key));
                    self.told.push((node, key, count));
                }
                6 if self.shared.is_empty() => {
                    let count = on.incr("shared", 1);
                    self.shared.push((node, count));
                }
                _ => {
                    let count = on.incr(&key, 1);
                    self.told.push((node, key, count));
                }
            }
        }
    }

    fn told(self, book: &mut Book) {
        book.told.extend(self.told.into_iter().map(|(node, key, said)| Told {
            node,
            key,
            said: said.take(),
        }));
        book.taken_back.extend(self.taken_back);
        let lists = self.lists.into_iter();
        book.lists
            .extend(lists.map(|(node, key, all)| {
                (node, key, all.into_iter().map(Deferred::take).collect::<Vec<_>>())
            }));
        book.set.extend(self.set.into_iter().map(|(node, key, set)| (node, key, set.take())));
        let blocks = self.blocks.into_iter();
        book.blocks.extend(blocks.map(|(node, key, block)| (node, key, block.map(Deferred::take))));
    }
}

async fn client(
    world: &World,
    client: &SimulatedClient,
    book: &RefCell<Book>,
    history: &History<usize, i64>,
) -> Result<(), Violation> {
    let mut dice = world.dice(&client.name());
    let pipes = pipes(world, client).max_batch(dice.usize(1..12)).build().unwrap();
    let mut pipe = pipes.pipe();
    for round in 0..ROUNDS {
        sleep(ms(dice.u64(0..100))).await;
        let (mut queued, name) = (Queued::default(), format!("{}:{round}", client.name()));
        queued.queue(&mut pipe, &mut dice, &name, 0);
        let shared = std::mem::take(&mut queued.shared);
        let began: Vec<_> = shared.iter().map(|(node, _)| history.invoke(client.place(), *node)).collect();
        let summary = pipe.execute().await.unwrap();
        client.note(format_args!("{name}: {} of {} failed", summary.failures(), summary.commands()));
        for ((_, count), began) in shared.into_iter().zip(began) {
            match count.take() {
                Ok(count) => began.complete(count),
                Err(error) if error.effect() == Effect::None => began.never(),
                Err(_) => drop(began),
            }
        }
        queued.told(&mut book.borrow_mut());
    }
    Ok(())
}

impl Book {
    async fn judge(&self, world: &World) -> Result<(), Violation> {
        for told in &self.told {
            told.judge(world).await?;
        }
        for (node, key) in &self.taken_back {
            let is_there = stored::<bool>(world, *node, "EXISTS", key).await;
            Violation::unless(!is_there, "what was taken back is never seen", || {
                format!("{key} on n{node}")
            })?;
        }
        for (node, key, told) in &self.lists {
            let list: Vec<usize> = stored(world, *node, "LRANGE", key).await;
            let evidence = || format!("{key} on n{node}: told {told:?}, there is {list:?}");
            let is_prefix = list.iter().copied().eq(0..list.len());
            Violation::unless(
                is_prefix,
                "what comes after a lost command is not carried out without it",
                evidence,
            )?;
            let (mut sure, mut possible) = (0, 0);
            for (place, said) in told.iter().enumerate() {
                let is_right = said.as_ref().map_or(true, |length| *length == place + 1);
                Violation::unless(is_right, "each command has its own reply", evidence)?;
                sure += usize::from(said.is_ok());
                possible +=
                    usize::from(said.as_ref().map_or_else(|e| e.effect() == Effect::Unknown, |_| true));
            }
            let is_between = (sure..=possible).contains(&list.len());
            Violation::unless(is_between, "as much as was told, and at most what may be", evidence)?;
        }
        for (node, key, told) in &self.set {
            let is_there = stored::<bool>(world, *node, "EXISTS", key).await;
            let holds = match told {
                Ok(()) => is_there,
                Err(error) => error.effect() == Effect::Unknown || !is_there,
            };
            let evidence = || format!("{key} on n{node}: told {told:?}, there: {is_there}");
            Violation::unless(holds, "what was set is told as it is", evidence)?;
        }
        for (node, key, told) in &self.blocks {
            let count = async |end: &str| {
                stored::<Option<i64>>(world, *node, "GET", &format!("{key}{end}")).await.unwrap_or_default()
            };
            let (a, b) = (count("a").await, count("b").await);
            let evidence = || format!("{key} on n{node}: told {told:?}, counts {a} and {b}");
            Violation::unless(
                a == b && a <= 1,
                "a block is carried out whole, once, or not at all",
                evidence,
            )?;
            let holds = match told {
                [Ok(1), Ok(1)] => a == 1,
                [Err(one), Err(other)] if one.effect() == Effect::None && other.effect() == Effect::None => {
                    a == 0
                }
                [Err(_), Err(_)] => true,
                [Ok(_) | Err(_), Ok(_) | Err(_)] => false,
            };
            Violation::unless(holds, "a block is told whole", evidence)?;
        }
        Ok(())
    }
}

async fn clients(world: World) -> Result<(), Violation> {
    let (book, history) = (RefCell::new(Book::default()), History::new());
    let clients: Vec<_> = world.clients().collect();
    futures::future::try_join_all(clients.iter().map(|one| client(&world, one, &book, &history))).await?;
    world.calm().await;
    world.quiet().await;
    book.into_inner().judge(&world).await?;
    linearizable_by_key(&Counter, &history.operations(), |node| *node)
}

#[test]
fn what_a_pipe_tells_is_what_happened_and_each_command_at_most_once() {
    Scenario::new("what_a_pipe_tells_is_what_happened_and_each_command_at_most_once")
        .storm(storm())
        .run(clients);
}

#[test]
fn what_a_pipe_tells_is_what_happened_with_clocks_that_are_wrong() {
    let scenario = Scenario::new("what_a_pipe_tells_is_what_happened_with_clocks_that_are_wrong");
    scenario.storm(storm().skewing_clocks(500, 1000).jumping_clocks(2000)).seeds(25).run(clients);
}

/// So that the rules above are no empty words.
#[test]
fn without_a_storm_everything_is_told_and_carried_out() {
    Scenario::new("without_a_storm_everything_is_told_and_carried_out").seeds(10).run(|world| async move {
        let (book, history) = (RefCell::new(Book::default()), History::new());
        client(&world, &world.client(0), &book, &history).await?;
        let book = book.into_inner();
        assert!(book.told.iter().all(|told| told.said.is_ok()));
        assert!(book.blocks.iter().all(|(.., told)| told.iter().all(Result::is_ok)));
        assert!(book.lists.iter().all(|(.., told)| told.iter().all(Result::is_ok)));
        assert!(book.told.len() > 10 && !book.taken_back.is_empty() && !book.blocks.is_empty());
        book.judge(&world).await
    });
}

//! A cluster in memory, for tests: servers that own slots, redirect, count, and lose replies.

use std::collections::{BTreeMap, BTreeSet};
use std::io;
use std::sync::{Arc, Mutex, MutexGuard};
use std::time::Duration;

use async_trait::async_trait;
use redis::{Cmd, Value};
use tokio::sync::broadcast;

use super::super::{Address, Cluster, MakeNode, Slot};
use crate::backend::{
    Backend, Batch, Delivery, Incarnation, Message, Messages, Place, Portion, Topic, check,
};
use crate::error::{Effect, Error, LinkError, Result};
use crate::lock::lock;

/// How many servers there are: the first three own a third of the slots each, the last none.
pub(super) const SERVERS: u16 = 4;

/// The servers of one cluster, and what happens to them. A server's port is its number, from 1.
#[derive(Clone)]
pub(super) struct Fake {
    world: Arc<Mutex<World>>,
    said: broadcast::Sender<Message>,
}

pub(super) struct World {
    pub(super) random: fastrand::Rng,
    owners: BTreeMap<Slot, u16>,
    /// Slots on their way, and where to.
    moving: BTreeMap<Slot, u16>,
    data: BTreeMap<u16, BTreeMap<Vec<u8>, i64>>,
    /// Nobody takes a connection there.
    pub(super) down: BTreeSet<u16>,
    /// Nothing that is sent there is ever answered.
    pub(super) hung: BTreeSet<u16>,
    /// Answers READONLY to every write.
    pub(super) demoted: BTreeSet<u16>,
    /// Refuses every INCR.
    pub(super) full: BTreeSet<u16>,
    /// Of a thousand round trips, how many break, before or after their commands were carried out.
    pub(super) lossy: u32,
    /// Of a thousand maps, how many are those of the beginning.
    pub(super) outdated: u32,
    /// Every round trip: the server, and its commands.
    pub(super) sent: Vec<(u16, String)>,
    pub(super) overdue: Vec<u16>,
    pub(super) disconnects: Vec<u16>,
    pub(super) fenced: Vec<u16>,
}

impl Fake {
    pub(super) fn new(seed: u64) -> Self {
        let world = World {
            random: fastrand::Rng::with_seed(seed),
            owners: BTreeMap::new(),
            moving: BTreeMap::new(),
            data: BTreeMap::new(),
            down: BTreeSet::new(),
            hung: BTreeSet::new(),
            demoted: BTreeSet::new(),
            full: BTreeSet::new(),
            lossy: 0,
            outdated: 0,
            sent: Vec::new(),
            overdue: Vec::new(),
            disconnects: Vec::new(),
            fenced: Vec::new(),
        };
        Self { world: Arc::new(Mutex::new(world)), said: broadcast::Sender::new(64) }
    }

    /// The cluster as a client sees it, found through all of its servers.
    pub(super) fn client(&self) -> Cluster {
        let fake = self.clone();
        let make: MakeNode = Arc::new(move |address| {
            assert_eq!(address.host(), "n");
            Arc::new(Server { port: address.port(), fake: fake.clone() })
        });
        Cluster::new((1..=SERVERS).map(|port| Address::new("n", port)).collect(), make)
    }

    pub(super) fn world(&self) -> MutexGuard<'_, World> {
        lock(&self.world)
    }

    pub(super) fn say(&self, message: Message) {
        self.said.send(message).ok();
    }
}

fn first_owner(slot: Slot) -> u16 {
    slot.index() / 5_462 + 1
}

impl World {
    pub(super) fn owner(&self, slot: Slot) -> u16 {
        self.owners.get(&slot).copied().unwrap_or_else(|| first_owner(slot))
    }

    /// The value of `key`, wherever it is; it is never in two places.
    pub(super) fn value(&self, key: &str) -> i64 {
        let mut values = self.data.values().filter_map(|data| data.get(key.as_bytes()));
        let value = values.next().copied().unwrap_or_default();
        assert_eq!(values.next(), None, "{key} is in two places");
        value
    }

    /// The slot of `key` starts its way to `to`.
    pub(super) fn start_move(&mut self, key: &str, to: u16) {
        let slot = Slot::of_key(key.as_bytes());
        if self.owner(slot) != to {
            self.moving.entry(slot).or_insert(to);
        }
    }

    /// `key` goes ahead, if its slot is on its way.
    pub(super) fn move_key(&mut self, key: &str) {
        let slot = Slot::of_key(key.as_bytes());
        let Some(to) = self.moving.get(&slot).copied() else { return };
        let from = self.owner(slot);
        if let Some(value) = self.data.entry(from).or_default().remove(key.as_bytes()) {
            self.data.entry(to).or_default().insert(key.as_bytes().to_vec(), value);
        }
    }

    /// The slot of `key` is served where it was going to, with all its keys.
    pub(super) fn end_move(&mut self, key: &str) {
        let slot = Slot::of_key(key.as_bytes());
        let Some(to) = self.moving.remove(&slot) else { return };
        let from = self.owner(slot);
        let data = std::mem::take(self.data.entry(from).or_default());
        let (go, stay) = data.into_iter().partition(|(key, _)| Slot::of_key(key) == slot);
        self.data.insert(from, stay);
        self.data.entry(to).or_default().extend::<BTreeMap<_, _>>(go);
        self.owners.insert(slot, to);
    }

    /// All that `from` serves is served by `to`.
    pub(super) fn fail_over(&mut self, from: u16, to: u16) {
        for slot in (0..16_384).filter_map(Slot::new) {
            if self.owner(slot) == from {
                self.owners.insert(slot, to);
            }
        }
        let data = self.data.remove(&from).unwrap_or_default();
        self.data.entry(to).or_default().extend(data);
    }

    /// Whether `port` serves these keys, by the rules that Redis 7.0 and 8.0 were seen to follow.
    fn admit(&self, port: u16, keys: &BTreeSet<Vec<u8>>, is_asking: bool) -> Result<()> {
        let Some(slot) = keys.first().map(|key| Slot::of_key(key)) else { return Ok(()) };
        if keys.iter().any(|key| Slot::of_key(key) != slot) {
            return Err(refusal("CROSSSLOT Keys in request don't hash to the same slot"));
        }
        let is_here = |key: &Vec<u8>| self.data.get(&port).is_some_and(|data| data.contains_key(key));
        let here = keys.iter().filter(|key| is_here(key)).count();
        let try_again = || refusal("TRYAGAIN Multiple keys request during rehashing of slot");
        match (self.owner(slot), self.moving.get(&slot)) {
            (owner, Some(to)) if owner == port && here < keys.len() => {
                Err(if here > 0 { try_again() } else { refusal(&format!("ASK {} n:{to}", slot.index())) })
            }
            (owner, _) if owner == port => Ok(()),
            (_, Some(to)) if *to == port && is_asking => {
                if keys.len() > 1 && here < keys.len() {
                    Err(try_again())
                } else {
                    Ok(())
                }
            }
            (owner, _) => Err(refusal(&format!("MOVED {} n:{owner}", slot.index()))),
        }
    }

    fn carry_out(&mut self, port: u16, command: &Cmd, is_asking: bool) -> Result<Value> {
        let words = words(command);
        let keys: Vec<Vec<u8>> = crate::backend::keys_of(command).map(<[u8]>::to_vec).collect();
        let name = words.first().cloned().unwrap_or_default();
        if name == "CLUSTER" {
            return Ok(self.slots());
        }
        self.admit(port, &keys.iter().cloned().collect(), is_asking)?;
        if self.demoted.contains(&port) && !matches!(name.as_str(), "GET" | "MGET" | "PING") {
            return Err(refusal("READONLY You can't write against a read only replica."));
        }
        if self.full.contains(&port) && matches!(name.as_str(), "INCR" | "MSET") {
            return Err(refusal("OOM command not allowed when used memory > 'maxmemory'."));
        }
        let data = self.data.entry(port).or_default();
        let value = |key: &Vec<u8>| data.get(key).map_or(Value::Nil, |value| Value::Int(*value));
        Ok(match name.as_str() {
            "INCR" => {
                let value = data.entry(keys.first().cloned().unwrap_or_default()).or_default();
                *value += 1;
                Value::Int(*value)
            }
            "GET" => keys.first().map_or(Value::Nil, value),
            "MGET" => Value::Array(keys.iter().map(value).collect()),
            "MSET" => {
                for pair in words.get(1..).unwrap_or_default().chunks(2) {
                    data.insert(pair[0].clone().into_bytes(), pair[1].parse().unwrap());
                }
                Value::Okay
            }
            "DEL" => Value::Int(keys.iter().filter_map(|key| data.remove(key)).map(|_| 1).sum()),
            "DBSIZE" => Value::Int(data.iter().map(|_| 1).sum()),
            "FLUSHALL" => {
                data.clear();
                Value::Okay
            }
            "SCAN" => {
                let (from, count) = (words[1].parse::<usize>().unwrap(), words[3].parse::<usize>().unwrap());
                let page = data.keys().skip(from).take(count).cloned().map(Value::BulkString).collect();
                let next = if from + count < data.len() { from + count } else { 0 };
                Value::Array(vec![Value::BulkString(next.to_string().into_bytes()), Value::Array(page)])
            }
            "PING" => Value::SimpleString("PONG".into()),
            "WHO" | "TIME" => Value::Int(i64::from(port)),
            other => return Err(refusal(&format!("ERR unknown command '{other}'"))),
        })
    }

    /// MULTI, the commands, EXEC: what a server refuses while they are queued, or at the end, undoes all.
    fn transact(&mut self, port: u16, commands: &[&Cmd], is_asking: bool) -> Vec<Result<Value>> {
        let own =
            |command: &&Cmd| crate::backend::keys_of(command).map(<[u8]>::to_vec).collect::<BTreeSet<_>>();
        let queued: Vec<_> =
            commands.iter().map(|command| self.admit(port, &own(command), is_asking)).collect();
        if queued.iter().any(Result::is_err) {
            let aborted = || refusal("EXECABORT Transaction discarded because of previous errors.");
            return queued.into_iter().map(|queued| Err(queued.err().unwrap_or_else(aborted))).collect();
        }
        let all = commands.iter().flat_map(own).collect();
        if let Err(error) = self.admit(port, &all, is_asking) {
            return vec![Err(error); commands.len()];
        }
        commands.iter().map(|command| self.carry_out(port, command, is_asking)).collect()
    }

    fn slots(&mut self) -> Value {
        let is_outdated = self.random.u32(..1_000) < self.outdated;
        let mut ranges: Vec<(u16, u16, u16)> = Vec::new();
        for slot in (0..16_384).filter_map(Slot::new) {
            let owner = if is_outdated { first_owner(slot) } else { self.owner(slot) };
            match ranges.last_mut() {
                Some((_, last, port)) if *port == owner => *last = slot.index(),
                _ => ranges.push((slot.index(), slot.index(), owner)),
            }
        }
        let int = |number: u16| Value::Int(i64::from(number));
        let range = |(first, last, port): (u16, u16, u16)| {
            let primary = vec![Value::BulkString(b"".to_vec()), int(port), Value::BulkString(b"id".to_vec())];
            Value::Array(vec![int(first), int(last), Value::Array(primary)])
        };
        Value::Array(ranges.into_iter().map(range).collect())
    }
}

/// One server of the cluster, as the client's transport.
struct Server {
    port: u16,
    fake: Fake,
}

impl Server {
    /// One round trip of several commands, which may break at any of them.
    async fn round_trip(&self, batch: &Batch) -> Result<Vec<Result<Value>>> {
        let hops = self.fake.world().random.u32(..4);
        for _ in 0..hops {
            tokio::task::yield_now().await;
        }
        if self.fake.world().hung.contains(&self.port) {
            std::future::pending::<()>().await;
        }
        let answers = self.arrive(batch);
        tokio::task::yield_now().await;
        answers
    }

    fn arrive(&self, batch: &Batch) -> Result<Vec<Result<Value>>> {
        let mut world = self.fake.world();
        if world.down.contains(&self.port) {
            let reason = Arc::new(io::ErrorKind::ConnectionRefused.into());
            return Err(Error::link(LinkError::Connect { to: self.to(), reason }, Effect::None));
        }
        let asking = if batch.is_asking() { "ASKING " } else { "" };
        let mut text: Vec<_> = batch.commands().map(|command| words(command).join(" ")).collect();
        for block in batch.blocks() {
            text[block.start].insert(0, '[');
            text[block.end - 1].push(']');
        }
        let sent = (self.port, format!("{asking}{}", text.join(" | ")));
        world.sent.push(sent);
        let len = batch.len();
        let is_broken = world.random.u32(..1_000) < world.lossy;
        let done = if is_broken { world.random.usize(..=len) } else { len };
        let told = if is_broken { world.random.usize(..=done.min(len - 1)) } else { len };
        let mut commands = batch.commands();
        let (mut answers, mut heard, mut at) = (Vec::new(), 0, 0);
        for portion in batch.portions() {
            let own: Vec<_> = commands.by_ref().take(portion.len()).collect();
            // A transaction without its EXEC is none, and EXEC has one reply.
            at += own.len();
            if at <= done {
                answers.extend(match portion {
                    Portion::Block(_) => world.transact(self.port, &own, batch.is_asking()),
                    Portion::Command => vec![world.carry_out(self.port, own[0], batch.is_asking())],
                });
            }
            if answers.len() <= told {
                heard = answers.len();
            }
        }
        answers.truncate(heard);
        let lost = || Err(Error::link(LinkError::Closed { to: self.to() }, Effect::Unknown));
        answers.resize_with(len, lost);
        Ok(answers)
    }

    fn to(&self) -> String {
        format!("n:{}", self.port)
    }
}

#[async_trait]
impl Backend for Server {
    async fn call(&self, command: &Cmd) -> Result<Value> {
        check(command, Place::Shared)?;
        let batch: Batch = [command.clone()].into_iter().collect();
        self.round_trip(&batch).await?.remove(0)
    }

    async fn call_batch(&self, batch: &Batch) -> Result<Vec<Result<Value>>> {
        assert!(!batch.is_empty(), "an empty batch costs nothing");
        for command in batch.commands() {
            check(command, Place::Shared)?;
        }
        self.round_trip(batch).await
    }

    async fn session(&self, _key: Option<&[u8]>) -> Result<Arc<dyn Backend>> {
        Ok(Arc::new(Self { port: self.port, fake: self.fake.clone() }))
    }

    async fn subscribe(&self, _topics: &[Topic]) -> Result<Messages> {
        self.call(redis::cmd("PING").arg("subscribing")).await?;
        let said = self.fake.said.subscribe();
        Ok(Messages::new(futures::stream::unfold(said, |mut said| async {
            Some((said.recv().await.ok()?, said))
        })))
    }

    async fn identify(&self) -> Result<Incarnation> {
        Ok(Incarnation::new(None, 1))
    }

    fn incarnation(&self) -> Option<Incarnation> {
        (!self.fake.world().down.contains(&self.port)).then(|| Incarnation::new(None, 1))
    }

    fn delivery(&self) -> Delivery {
        Delivery::AtMostOnce
    }

    fn overdue(&self, _after: Duration) {
        self.fake.world().overdue.push(self.port);
    }

    fn is_sharded(&self) -> bool {
        false
    }

    async fn fence(&self) -> Result<()> {
        let mut world = self.fake.world();
        if world.down.contains(&self.port) {
            let reason = Arc::new(io::ErrorKind::ConnectionRefused.into());
            return Err(Error::link(LinkError::Connect { to: self.to(), reason }, Effect::None));
        }
        if world.hung.contains(&self.port) {
            return Err(Error::link(LinkError::closed(self.to()), Effect::Unknown));
        }
        world.fenced.push(self.port);
        Ok(())
    }

    fn disconnect(&self) {
        self.fake.world().disconnects.push(self.port);
    }
}

impl std::fmt::Debug for Server {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.to())
    }
}

fn words(command: &Cmd) -> Vec<String> {
    crate::backend::keys::words(command).map(|word| String::from_utf8_lossy(word).into_owned()).collect()
}

fn refusal(text: &str) -> Error {
    match redis::parse_redis_value(format!("-{text}\r\n").as_bytes()) {
        Ok(Value::ServerError(error)) => Error::refused(error),
        other => panic!("{text} is no refusal: {other:?}"),
    }
}

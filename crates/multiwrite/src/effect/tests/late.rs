//! Effects that arrive late, on a node whose clock is another: it is equal all the same.

use std::collections::VecDeque;
use std::sync::Arc;
use std::time::Duration;

use redfleet_core::test_util::SimulatedClock;
use redfleet_core::{Backend, Batch, Embedded, convert};
use redis::{Arg, Cmd, cmd};
use tokio::time::{Instant, advance};

use super::notation::{command, said};
use super::script::Script;
use super::whole::whole;
use crate::effect::{Effect, Key, Kind, Life, Plan, Shipped, from_dump, questions_for_dump};

/// Carries out the steps of an effect as a script does, and tells how many were refused.
const CARRY_OUT: &str = "local at, refused = 1, 0
while at <= #ARGV do
  local words = tonumber(ARGV[at])
  local reply = redis.pcall(unpack(ARGV, at + 1, at + words))
  if type(reply) == 'table' and reply.err then refused = refused + 1 end
  at = at + words + 1
end
return refused";

/// Local, one remote, and what is under way to it.
struct Pair {
    local: Arc<dyn Backend>,
    remote: Arc<dyn Backend>,
    queue: VecDeque<(Instant, Effect)>,
    /// How many effects did all that they say.
    clean: usize,
    /// How many keys were copied because their lives differed, or a step was refused.
    copied: usize,
    /// How many effects could not be said.
    unclear: usize,
}

impl Pair {
    fn new(local: Arc<dyn Backend>, remote: Arc<dyn Backend>) -> Self {
        Self { local, remote, queue: VecDeque::new(), clean: 0, copied: 0, unclear: 0 }
    }

    /// Sends commands to local, with the questions behind them, and queues what they did.
    async fn write(&mut self, commands: &[Cmd], due: Instant) {
        let plan = Plan::of(&commands.iter().collect::<Vec<_>>()).unwrap();
        let mut batch = Batch::new();
        for command in commands.iter().chain(plan.questions()) {
            batch.push(command.clone());
        }
        if commands.len() > 1 {
            batch.make_atomic(0..batch.len());
        }
        let mut replies = self.local.call_batch(&batch).await.unwrap();
        let answers = replies.split_off(commands.len());
        match plan.shipped(&replies, &answers) {
            Shipped::Nothing => {}
            Shipped::Effect(effect) => self.queue.push_back((due, effect)),
            Shipped::Unclear => {
                self.unclear += 1;
                for key in plan.keys() {
                    self.copy(key, due).await;
                }
            }
            Shipped::Everything => panic!("nobody asked for that"),
        }
    }

    async fn copy(&mut self, key: &Key, due: Instant) {
        self.copied += 1;
        let mut batch = Batch::new();
        for question in questions_for_dump(key) {
            batch.push(question);
        }
        let answers = self.local.call_batch(&batch).await.unwrap();
        self.queue.push_back((due, from_dump(key, &answers).unwrap()));
    }

    /// Carries out on the remote what is due.
    async fn deliver(&mut self, now: Instant) {
        while let Some((due, effect)) = self.queue.pop_front_if(|(due, _)| *due <= now) {
            let mut script = cmd("EVAL");
            script.arg(CARRY_OUT).arg(effect.keys.len());
            for key in &effect.keys {
                script.arg(&**key);
            }
            for step in &effect.steps {
                script.arg(step.args_iter().len());
                for word in step.args_iter() {
                    let Arg::Simple(word) = word else { panic!("{}", said(&effect)) };
                    script.arg(word);
                }
            }
            let refused: usize = convert(self.remote.call(&script).await.unwrap()).unwrap();
            let is_whole = effect.kind == Kind::Overwrites;
            assert!(
                refused == 0 || !is_whole,
                "what takes the place of a key is never refused: {}",
                said(&effect)
            );
            let mut dirty = if refused > 0 { effect.keys.clone() } else { Vec::new() };
            for (key, expected) in &effect.lives {
                if !self.lives(key, *expected).await {
                    dirty.push(key.clone());
                }
            }
            self.clean += usize::from(dirty.is_empty());
            for key in &dirty {
                self.copy(key, due).await;
            }
        }
    }

    /// Whether the remote's key lives as it should, if need be after it was deleted because its end is past there.
    async fn lives(&self, key: &Key, expected: Life) -> bool {
        let end: i64 = convert(self.remote.call(cmd("PEXPIRETIME").arg(&**key)).await.unwrap()).unwrap();
        let time: (i64, i64) = convert(self.remote.call(&cmd("TIME")).await.unwrap()).unwrap();
        let now_ms = time.0 * 1000 + time.1 / 1000;
        let wanted = match expected {
            Life::Forever => -1,
            Life::Gone => -2,
            Life::Until { unix_ms } => unix_ms,
        };
        if end != wanted && wanted > 0 && wanted <= now_ms {
            self.remote.call(cmd("DEL").arg(&**key)).await.unwrap();
            return true;
        }
        end == wanted
    }

    /// The keys that differ, and how.
    async fn differences(&self, keys: &[String]) -> Vec<String> {
        let mut differences = Vec::new();
        for key in keys {
            let (local, remote) = (whole(&*self.local, key).await, whole(&*self.remote, key).await);
            if local != remote {
                differences.push(format!("{key}: {local} here, {remote} there"));
            }
        }
        differences
    }
}

const EPOCH: Duration = Duration::from_secs(1_700_000_000);
const LONGEST_LIFE: Duration = Duration::from_secs(61);

/// Two nodes, the second of which has a clock that is off by this much.
fn embedded(seed: u64, off_by_ms: i64) -> (SimulatedClock, Pair) {
    let clock = SimulatedClock::new(EPOCH);
    let other = SimulatedClock::new(EPOCH);
    other.set_offset_ms(off_by_ms);
    let node =
        |clock: &SimulatedClock, seed| Embedded::builder().clock(clock.clock()).seed(seed).build().shared();
    let pair = Pair::new(node(&clock, seed), node(&other, seed + 1000));
    (clock, pair)
}

/// Random commands and blocks, delivered late; at the end all that there was to deliver is.
async fn run(clock: &SimulatedClock, pair: &mut Pair, seed: u64, units: usize) {
    let mut script = Script { dice: fastrand::Rng::with_seed(seed), prefix: "", more: &[] };
    let mut due = Instant::now();
    for _ in 0..units {
        let now_ms = u64::try_from(clock.clock().unix().as_millis()).unwrap();
        let commands = if script.dice.u8(..4) == 0 { script.dice.usize(2..5) } else { 1 };
        let commands: Vec<Cmd> = (0..commands).map(|_| command(&script.command(now_ms))).collect();
        due = due.max(Instant::now() + Duration::from_millis(script.dice.u64(..40_000)));
        pair.write(&commands, due).await;
        if script.dice.u8(..3) == 0 {
            advance(Duration::from_millis(script.dice.u64(..5_000))).await;
        }
        pair.deliver(Instant::now()).await;
    }
    // What is copied is due with what it takes the place of, and may stand behind what is due later.
    while let Some(due) = pair.queue.iter().map(|(due, _)| *due).max() {
        pair.deliver(due).await;
    }
}

#[tokio::test(start_paused = true)]
async fn what_arrives_late_leaves_each_key_as_it_is_on_local() {
    let (mut clean, mut copied) = (0, 0);
    for seed in 0..60 {
        let (clock, mut pair) = embedded(seed, 0);
        for part in 0..6 {
            run(&clock, &mut pair, seed * 100 + part, 60).await;
            let differences = pair.differences(&Script::keys("")).await;
            assert!(differences.is_empty(), "seed {seed}, part {part}: {differences:#?}");
        }
        assert_eq!(pair.unclear, 0, "seed {seed}");
        clean += pair.clean;
        copied += pair.copied;
    }
    assert!(clean > 10_000 && copied > 100 && copied * 5 < clean, "{clean} arrived, {copied} were copied");
}

#[tokio::test(start_paused = true)]
async fn what_arrives_late_where_the_clock_is_off_is_equal_once_lives_are_over() {
    for (seed, off_by_ms) in (0..40).zip([-20_000, -3_000, 3_000, 20_000].into_iter().cycle()) {
        let (clock, mut pair) = embedded(seed, off_by_ms);
        for part in 0..6 {
            run(&clock, &mut pair, seed * 100 + part, 60).await;
            advance(LONGEST_LIFE + Duration::from_secs(20)).await;
            let differences = pair.differences(&Script::keys("")).await;
            assert!(differences.is_empty(), "seed {seed}, part {part}: {differences:#?}");
        }
    }
}

//! Sequences of commands, made from a seed.

use super::command::{Command, Protocol, Sequence, Step};
use super::families::{Family, STRANGERS};
use super::grammar::{Form, Node};
use super::rules::is_whole_step;
use super::words::Source;

/// Runs any command through a script, in the three ways that replies come back from there.
const CALLERS: [&str; 4] = [
    "return redis.call(unpack(ARGV))",
    "return redis.pcall(unpack(ARGV))",
    "redis.setresp(3); return redis.call(unpack(ARGV))",
    "local reply = redis.pcall(unpack(ARGV)); return {1, reply, type(reply)}",
];

/// Commands whose numbers, if they are changed into others, fill the memory, or wait.
const UNTOUCHED: [&str; 14] = [
    "SETBIT",
    "SETRANGE",
    "BITFIELD",
    "SRANDMEMBER",
    "HRANDFIELD",
    "ZRANDMEMBER",
    "BLPOP",
    "BRPOP",
    "BLMOVE",
    "BLMPOP",
    "BZPOPMIN",
    "BZPOPMAX",
    "BZMPOP",
    "BRPOPLPUSH",
];

/// The commands of one family, or of several, read once.
#[derive(Debug)]
pub(super) struct Generator {
    own: Vec<Form>,
    /// What makes keys of other types.
    strangers: Vec<Form>,
    /// Commands that this server does not have.
    lacking: Vec<&'static str>,
}

impl Generator {
    pub(super) fn new(families: &[&'static Family], lacking: Vec<&'static str>) -> Self {
        let parse = |family: &&'static Family| -> Vec<Form> {
            let forms = family.forms.iter();
            forms.map(|(weight, text)| Form::parse(*weight, text, family.pools)).collect()
        };
        Self { own: families.iter().flat_map(parse).collect(), strangers: parse(&&STRANGERS), lacking }
    }

    /// One seed, one sequence.
    pub(super) fn sequence(&self, seed: u64) -> Sequence {
        let mut source = Source::new(seed);
        let protocol = *source.pick(&[Protocol::Resp2, Protocol::Resp3]);
        let length = *source.pick(&[5, 20, 40, 60, 80]);
        let steps = (0..length).map(|_| self.step(&mut source)).collect();
        Sequence { seed, protocol, steps }
    }

    /// The same of its own forms alone.
    pub(super) fn plain(&self, seed: u64) -> Sequence {
        let mut source = Source::new(seed);
        let steps = (0..40).map(|_| self.own_step(&mut source)).collect();
        Sequence { seed, protocol: Protocol::Resp3, steps }
    }

    fn step(&self, source: &mut Source) -> Step {
        loop {
            let step = match source.rng.u32(..100) {
                0..3 => self.of_form(&self.strangers, source),
                3..9 => self.transaction(source),
                9..15 => self.through_script(source),
                _ => self.of_form(&self.own, source),
            };
            if !step.iter().any(|command| self.is_lacking(command)) {
                return step;
            }
        }
    }

    /// A step of these forms alone.
    pub(super) fn own_step(&self, source: &mut Source) -> Step {
        loop {
            let step = self.of_form(&self.own, source);
            if !step.iter().any(|command| self.is_lacking(command)) {
                return step;
            }
        }
    }

    fn is_lacking(&self, command: &Command) -> bool {
        let is = |word: &Vec<u8>| {
            let word = word.strip_prefix(b"@").unwrap_or(word);
            self.lacking.iter().any(|name| word.eq_ignore_ascii_case(name.as_bytes()))
        };
        command.words.iter().any(is)
    }

    fn of_form(&self, forms: &[Form], source: &mut Source) -> Step {
        let total: u32 = forms.iter().map(|form| form.weight).sum();
        let mut drawn = source.rng.u32(..total);
        let chosen = forms.iter().find(|form| match drawn.checked_sub(form.weight) {
            Some(rest) => {
                drawn = rest;
                false
            }
            None => true,
        });
        let form = chosen.expect("the weights add up");
        source.begin(form.pools);
        let mut step: Step = form
            .lines
            .iter()
            .map(|line| {
                let mut words = Vec::new();
                expand(&line.nodes, source, &mut words);
                name_scripts(&mut words);
                Command { words, link: line.link, blocks: line.blocks }
            })
            .collect();
        if form.is_mutable && source.is_one_in(16) {
            step.iter_mut().for_each(|command| spoil(command, source));
        }
        step
    }

    /// One command, and no more, that may stand anywhere.
    fn single(&self, source: &mut Source) -> Command {
        loop {
            let mut step = self.of_form(&self.own, source);
            if step.len() == 1 && !is_whole_step(&step[0].words) && step[0].link == 0 {
                return step.remove(0);
            }
        }
    }

    fn transaction(&self, source: &mut Source) -> Step {
        let mut step = Vec::new();
        if source.is_one_in(3) {
            step.push(Command::new(vec![b"WATCH".to_vec(), source.one("key")]));
        }
        if source.is_one_in(3) {
            step.push(Command { link: source.rng.usize(..2), ..self.single(source) });
        }
        step.push(Command::of(&["MULTI"]));
        for _ in 0..source.rng.usize(..5) {
            step.push(self.single(source));
        }
        step.push(Command::of(&[*source.pick(&["EXEC", "EXEC", "EXEC", "EXEC", "EXEC", "DISCARD"])]));
        step
    }

    fn through_script(&self, source: &mut Source) -> Step {
        let command = self.single(source);
        let caller = *source.pick(&CALLERS);
        let words = [b"EVAL".to_vec(), caller.as_bytes().to_vec(), b"0".to_vec()];
        vec![Command::new(words.into_iter().chain(command.words).collect())]
    }
}

/// What a script of [`CALLERS`] runs.
pub(super) fn called(words: &[Vec<u8>]) -> Option<(&[Vec<u8>], bool)> {
    let [eval, script, _, called @ ..] = words else { return None };
    let caller = CALLERS.iter().position(|caller| caller.as_bytes() == script)?;
    eval.eq_ignore_ascii_case(b"EVAL").then_some((called, caller == 3))
}

fn expand(nodes: &[Node], source: &mut Source, words: &mut Vec<Vec<u8>>) {
    for node in nodes {
        match node {
            Node::Word(word) => words.push(word.as_bytes().to_vec()),
            Node::Slot { name, bound } => words.extend(source.fill(name, *bound)),
            Node::Maybe(alternatives) => {
                if source.is_one_in(2) {
                    expand(source.pick::<Vec<Node>>(alternatives), source, words);
                }
            }
            Node::OneOf(alternatives) => expand(source.pick::<Vec<Node>>(alternatives), source, words),
            Node::Several(node) => {
                for _ in 0..source.rng.u32(1..4) {
                    expand(std::slice::from_ref(node), source, words);
                }
            }
        }
    }
}

/// `EVALSHA_OF` and `SCRIPT_EXISTS_OF` take scripts where the server takes their names.
fn name_scripts(words: &mut Vec<Vec<u8>>) {
    let sha = |script: &Vec<u8>| {
        let script = redis::Script::new(&String::from_utf8_lossy(script));
        script.get_hash().as_bytes().to_vec()
    };
    match words[0].as_slice() {
        b"EVALSHA_OF" => {
            words[0] = b"EVALSHA".to_vec();
            words[1] = sha(&words[1]);
        }
        b"SCRIPT_EXISTS_OF" => {
            words[1..].iter_mut().for_each(|word| *word = sha(word));
            words.splice(..1, [b"SCRIPT".to_vec(), b"EXISTS".to_vec()]);
        }
        _ => {}
    }
}

/// Whether another number in these words could become a life of seconds.
fn has_life(words: &[Vec<u8>]) -> bool {
    words.iter().any(|word| {
        let word = String::from_utf8_lossy(word).to_uppercase();
        ["EX", "PX", "SETEX", "PSETEX"].contains(&word.as_str())
            || word.contains("EXPIRE")
            || word == "RESTORE"
    })
}

/// What callers get wrong: too few words, too many, others, another case.
fn spoil(command: &mut Command, source: &mut Source) {
    let words = &mut command.words;
    let name = String::from_utf8_lossy(&words[0]).to_uppercase();
    let kinds = if UNTOUCHED.contains(&name.as_str()) || has_life(words) { 3 } else { 6 };
    match source.rng.u32(..kinds) {
        0 if words.len() > 1 => drop(words.pop()),
        0 | 1 => words[0].make_ascii_lowercase(),
        2 => words.truncate(1),
        3 => words.push(source.one("value")),
        4 if words.len() > 1 => {
            let place = source.rng.usize(1..words.len());
            words[place] = source.one("wild_int");
        }
        _ if words.len() > 1 => {
            let (from, to) = (source.rng.usize(1..words.len()), source.rng.usize(1..words.len()));
            words[to] = words[from].clone();
        }
        _ => words.push(source.one("int")),
    }
}

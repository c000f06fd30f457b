//! Writes by chance, on few keys: those of one letter have one type, most of the time.

use redis::{Cmd, cmd};

/// How long lives last at most, in milliseconds: some end during an outage, and some after it.
pub(crate) const LONGEST_LIFE_MS: u64 = 4000;

const APPENDS: &str = "redis.call('INCR', KEYS[1]) return redis.call('APPEND', KEYS[2], ARGV[1])";
const COPIES: &str = "return redis.call('SET', KEYS[2], redis.call('GET', KEYS[1]) or ARGV[1])";
const TIME: &str = "return redis.call('SET', KEYS[1], redis.call('TIME')[2], 'PX', ARGV[1])";
const HALF: &str = "redis.call('LPUSH', KEYS[1], ARGV[1]) return redis.call('NO', 'SUCH')";

/// What is written at once.
#[derive(Debug)]
pub(crate) struct Write {
    pub(crate) commands: Vec<Cmd>,
    /// Its scripts are vouched for.
    pub(crate) is_vouched: bool,
}

/// Draws writes.
#[derive(Debug)]
pub(crate) struct Commands {
    dice: fastrand::Rng,
    count: u64,
    /// All is about one string.
    is_narrow: bool,
}

impl Commands {
    pub(crate) const fn new(dice: fastrand::Rng, is_narrow: bool) -> Self {
        Self { dice, count: 0, is_narrow }
    }

    /// The next write: a command, or now and then a block of some.
    pub(crate) fn draw(&mut self) -> Write {
        if self.is_narrow {
            return Write { commands: vec![self.of_strings()], is_vouched: false };
        }
        if self.dice.u8(0..12) == 0 {
            let [from, to] = [self.key('s'), self.key('s')];
            let copy = words(&["EVAL", COPIES, "2", &from, &to, &self.value()]);
            return Write { commands: vec![copy], is_vouched: true };
        }
        let count = if self.dice.u8(0..5) == 0 { self.dice.usize(2..5) } else { 1 };
        Write { commands: (0..count).map(|_| self.command()).collect(), is_vouched: false }
    }

    fn command(&mut self) -> Cmd {
        match self.dice.u8(0..20) {
            0..=4 => self.of_strings(),
            5..=6 => self.of_numbers(),
            7..=8 => self.of_lists(),
            9..=10 => self.of_hashes(),
            11..=12 => self.of_sets(),
            13 => self.of_sorted_sets(),
            14 => self.of_streams(),
            15..=16 => self.of_lives(),
            17..=18 => self.of_several(),
            _ => self.script(),
        }
    }

    fn of_strings(&mut self) -> Cmd {
        let (key, value, life) = (self.key('s'), self.value(), self.life());
        match self.dice.u8(0..14) {
            0..=1 => words(&["SET", &key, &value]),
            2..=3 => words(&["SET", &key, &value, "PX", &life]),
            4 => words(&["SET", &key, &value, "KEEPTTL"]),
            5 => words(&["SET", &key, &value, "NX", "PX", &life]),
            6 => words(&["SET", &key, &value, "XX", "GET"]),
            7 => words(&["PSETEX", &key, &life, &value]),
            8 => words(&["GETEX", &key, "PX", &life]),
            9 => words(&["GETDEL", &key]),
            10 => words(&["SETRANGE", &key, "2", &value]),
            11 => words(&["GETSET", &key, &value]),
            _ => words(&["APPEND", &key, &value]),
        }
    }

    fn of_numbers(&mut self) -> Cmd {
        let key = self.key('n');
        match self.dice.u8(0..8) {
            0..=3 => words(&["INCR", &key]),
            4 => words(&["DECRBY", &key, "3"]),
            5 => words(&["INCRBYFLOAT", &key, "0.5"]),
            6 => words(&["SET", &key, "100", "PX", &self.life()]),
            _ => words(&["SETBIT", &key, "7", "1"]),
        }
    }

    fn of_lists(&mut self) -> Cmd {
        let (key, other, value) = (self.key('l'), self.key('l'), self.value());
        match self.dice.u8(0..9) {
            0..=2 => words(&["LPUSH", &key, &value]),
            3 => words(&["RPUSH", &key, &value, "x"]),
            4 => words(&["RPOP", &key]),
            5 => words(&["LPOP", &key, "2"]),
            6 => words(&["LMOVE", &key, &other, "LEFT", "RIGHT"]),
            7 => words(&["LTRIM", &key, "0", "4"]),
            _ => words(&["RPUSHX", &key, &value]),
        }
    }

    fn of_hashes(&mut self) -> Cmd {
        let (key, value, life) = (self.key('h'), self.value(), self.life());
        let field = format!("f{}", self.dice.u8(0..3));
        match self.dice.u8(0..8) {
            0..=2 => words(&["HSET", &key, &field, &value]),
            3 => words(&["HDEL", &key, &field]),
            4 => words(&["HINCRBY", &key, "sum", "2"]),
            5 => words(&["HPERSIST", &key, "FIELDS", "1", &field]),
            _ => words(&["HPEXPIRE", &key, &life, "FIELDS", "1", &field]),
        }
    }

    fn of_sets(&mut self) -> Cmd {
        let (key, other) = (self.key('t'), self.key('t'));
        let member = format!("m{}", self.dice.u8(0..6));
        match self.dice.u8(0..8) {
            0..=3 => words(&["SADD", &key, &member, "m9"]),
            4 => words(&["SREM", &key, &member]),
            5 => words(&["SPOP", &key]),
            6 => words(&["SMOVE", &key, &other, &member]),
            _ => words(&["SPOP", &key, "2"]),
        }
    }

    fn of_sorted_sets(&mut self) -> Cmd {
        let key = self.key('z');
        let member = format!("m{}", self.dice.u8(0..4));
        match self.dice.u8(0..5) {
            0..=1 => words(&["ZADD", &key, "1.5", &member]),
            2 => words(&["ZINCRBY", &key, "2", &member]),
            3 => words(&["ZPOPMIN", &key]),
            _ => words(&["ZREM", &key, &member]),
        }
    }

    fn of_streams(&mut self) -> Cmd {
        let (key, value) = (self.key('x'), self.value());
        match self.dice.u8(0..4) {
            0..=1 => words(&["XADD", &key, "*", "f", &value]),
            2 => words(&["XADD", &key, "MAXLEN", "~", "3", "*", "f", &value]),
            _ => words(&["XTRIM", &key, "MAXLEN", "2"]),
        }
    }

    fn of_lives(&mut self) -> Cmd {
        let (key, life) = (self.any(), self.life());
        match self.dice.u8(0..6) {
            5 => words(&["EXISTS", &key]),
            0..=2 => words(&["PEXPIRE", &key, &life]),
            3 => words(&["PEXPIRE", &key, &life, "NX"]),
            _ => words(&["PERSIST", &key]),
        }
    }

    fn of_several(&mut self) -> Cmd {
        let letter = self.letter();
        let (key, other, value) = (self.key(letter), self.key(letter), self.value());
        match self.dice.u8(0..9) {
            0..=1 => words(&["DEL", &key]),
            2 => words(&["UNLINK", &key, &self.any()]),
            3 => words(&["RENAME", &key, &other]),
            4 => words(&["RENAMENX", &key, &other]),
            5 => words(&["COPY", &key, &other, "REPLACE"]),
            6 => words(&["MSET", &self.key('s'), &value, &self.key('n'), "5"]),
            7 => words(&["MSETNX", &self.key('s'), &value, &self.key('n'), "5"]),
            _ => words(&["SUNIONSTORE", &self.key('t'), &self.key('t'), &self.key('t')]),
        }
    }

    fn script(&mut self) -> Cmd {
        let (value, life) = (self.value(), self.life());
        match self.dice.u8(0..3) {
            0 => words(&["EVAL", APPENDS, "2", &self.key('n'), &self.key('s'), &value]),
            1 => words(&["EVAL", TIME, "1", &self.key('s'), &life]),
            _ => words(&["EVAL", HALF, "1", &self.key('l'), &value]),
        }
    }

    fn letter(&mut self) -> char {
        char::from(*self.dice.choice(b"snlhtzx").unwrap())
    }

    fn any(&mut self) -> String {
        let letter = self.letter();
        self.key(letter)
    }

    /// A key of this letter; now and then one of another type.
    fn key(&mut self, letter: char) -> String {
        if self.is_narrow {
            return "s0".into();
        }
        let letter = if self.dice.u8(0..40) == 0 { self.letter() } else { letter };
        format!("{letter}{}", self.dice.u8(0..2))
    }

    fn life(&mut self) -> String {
        self.dice.u64(1..LONGEST_LIFE_MS).to_string()
    }

    fn value(&mut self) -> String {
        self.count += 1;
        format!("v{}", self.count)
    }
}

/// One command.
pub(crate) fn words(words: &[&str]) -> Cmd {
    let mut words = words.iter();
    let mut command = cmd(words.next().unwrap());
    words.for_each(|word| {
        command.arg(word);
    });
    command
}

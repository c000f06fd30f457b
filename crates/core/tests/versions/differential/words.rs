//! The words that commands are made of: few keys and members so that commands meet, and numbers at the edges.

use fastrand::Rng;

use super::command::Words;

/// A word as redis-cli reads it.
pub(super) fn quoted(word: &[u8]) -> String {
    let is_plain = |byte: &u8| byte.is_ascii_graphic() && !b"\"'\\".contains(byte);
    if !word.is_empty() && word.iter().all(is_plain) {
        return String::from_utf8_lossy(word).into_owned();
    }
    let mut text = String::from("\"");
    for byte in word {
        match byte {
            b'"' => text.push_str("\\\""),
            b'\\' => text.push_str("\\\\"),
            b'\n' => text.push_str("\\n"),
            b'\r' => text.push_str("\\r"),
            b' '..=b'~' => text.push(char::from(*byte)),
            _ => text.push_str(&format!("\\x{byte:02x}")),
        }
    }
    text.push('"');
    text
}

/// A word in which `\xff` stands for one byte.
pub(super) fn unquoted(word: &str) -> Vec<u8> {
    let mut parts = word.split("\\x");
    let mut bytes = parts.next().unwrap_or_default().as_bytes().to_vec();
    for part in parts {
        bytes.push(u8::from_str_radix(&part[..2], 16).expect("two hexadecimal digits"));
        bytes.extend(part[2..].bytes());
    }
    bytes
}

/// Words that are chosen from by name.
pub(super) type Pool = (&'static str, &'static [&'static [u8]]);

const POOLS: &[Pool] = &[
    ("key", &[b"a", b"a", b"a", b"b", b"b", b"b", b"c", b"c", b"d", b"\xff\x00\r\n", b"{a}e"]),
    (
        "member",
        &[
            b"m",
            b"n",
            b"o",
            b"p",
            b"1",
            b"2",
            b"10",
            b"2.5",
            b"",
            b"\xfe\x00 \r\n",
            b"M",
            b"a long member that no small encoding holds, as it has more than sixty-four bytes",
        ],
    ),
    ("field", &[b"f", b"g", b"h", b"i", b"1", b"", b"\xfd\x00"]),
    (
        "value",
        &[
            b"v",
            b"w",
            b"",
            b"0",
            b"1",
            b"5",
            b"-7",
            b"10",
            b"3.25",
            b"9223372036854775807",
            b"-9223372036854775808",
            b"foobar",
            b"hello world",
            b"\x00\xff\x80\xc3\x28",
            b"\x7f\xff\x0f",
            "é€😀".as_bytes(),
            b"a value of more than forty-four bytes, which is kept as raw bytes",
        ],
    ),
    ("small", &[b"0", b"1", b"2", b"3", b"4", b"5", b"-1", b"-2"]),
    ("positive", &[b"1", b"2", b"3", b"1", b"10"]),
    ("index", &[b"0", b"1", b"2", b"3", b"-1", b"-2", b"-3", b"5", b"-100", b"100"]),
    (
        "wild_int",
        &[
            b"9223372036854775807",
            b"-9223372036854775808",
            b"9223372036854775808",
            b"-9223372036854775809",
            b"9223372036854775806",
            b"2147483648",
            b"4294967296",
            b"-2147483649",
            b"9007199254740993",
            b"18446744073709551616",
            b"-0",
            b"+1",
            b"01",
            b" 1",
            b"1 ",
            b"1.0",
            b"1e3",
            b"0x10",
            b"",
            b"abc",
            b"-",
            b"1\x00",
            b"99999999999999999999999999",
        ],
    ),
    (
        "good_float",
        &[
            b"0",
            b"1",
            b"-1",
            b"1.5",
            b"-2.25",
            b"3",
            b"10",
            b"0.1",
            b"0.2",
            b"3.0e3",
            b"1e17",
            b"123456789012345678",
            b"1e-7",
            b"100000.00001",
            b"3.14159265358979",
        ],
    ),
    (
        "wild_float",
        &[
            b"inf",
            b"-inf",
            b"+inf",
            b"Infinity",
            b"nan",
            b"-nan",
            b"1e308",
            b"-1e308",
            b"1.7976931348623157e308",
            b"5e-324",
            b"1e400",
            b"-0",
            b"0x1p3",
            b" 1",
            b"1 ",
            b"",
            b"abc",
            b"1.5abc",
            b".5",
            b"5.",
            b"1e",
            b"+1.5",
            b"1,5",
            b"9007199254740993",
            b"1e15",
            b"1e16",
            b"1e21",
            b"4.9406564584124654e-324",
            b"0.30000000000000004",
            b"2.2250738585072014e-308",
        ],
    ),
    ("good_bound", &[b"-inf", b"+inf", b"0", b"1", b"2", b"3", b"(1", b"(2", b"-1", b"10", b"(10", b"1.5"]),
    ("wild_bound", &[b"inf", b"(inf", b"(-inf", b"nan", b"(", b"", b"abc", b"((1", b"[1", b"1e400", b"( 1"]),
    ("good_lex", &[b"-", b"+", b"[m", b"(m", b"[o", b"(n", b"[", b"(", b"[1", b"[\xfe", b"[p"]),
    ("wild_lex", &[b"m", b"", b"--", b"+x", b"-inf", b"{m"]),
    (
        "pattern",
        &[
            b"*", b"a*", b"?", b"[ab]", b"[^a]", b"*e", b"\\*", b"", b"m*", b"[m-o]", b"[a", b"{a}*",
            b"\xff*", b"a\\", b"**a", b"[o-m]", b"[^", b"*\x00*",
        ],
    ),
    // Bits in between exist, but make strings of hundreds of megabytes.
    ("good_bit", &[b"0", b"1", b"7", b"8", b"9", b"15", b"23", b"31", b"100", b"1000"]),
    ("wild_bit", &[b"4294967296", b"-1", b"9223372036854775807", b"abc", b""]),
    ("past", &[b"0", b"-1", b"-100"]),
    ("past_at", &[b"1", b"0", b"-5", b"1000"]),
    (
        "wild_time",
        &[
            b"9223372036854775807",
            b"9223372036854775",
            b"9223370000000000",
            b"-9223372036854775808",
            b"-9223372036854775",
            b"9223372036854775808",
            b"abc",
            b"",
            b"1.5",
            b"281474976710655",
            b"281474976710656",
        ],
    ),
];

/// Makes words, from one seed.
#[derive(Debug)]
pub(super) struct Source {
    pub(super) rng: Rng,
    /// What a family adds.
    pools: &'static [Pool],
    bound: Vec<(&'static str, Words)>,
    lives: u32,
    stamps: u32,
    /// How many keys the last list with a number in front had.
    keys: usize,
}

impl Source {
    pub(super) fn new(seed: u64) -> Self {
        Self { rng: Rng::with_seed(seed), pools: &[], bound: Vec::new(), lives: 0, stamps: 0, keys: 1 }
    }

    /// Forgets what was bound, as a new step begins.
    pub(super) fn begin(&mut self, pools: &'static [Pool]) {
        self.pools = pools;
        self.bound.clear();
    }

    pub(super) fn is_one_in(&mut self, many: u32) -> bool {
        self.rng.u32(..many) == 0
    }

    pub(super) fn pick<'a, T>(&mut self, all: &'a [T]) -> &'a T {
        &all[self.rng.usize(..all.len())]
    }

    /// The words for a slot; the same again for the same `bound`.
    pub(super) fn fill(&mut self, name: &'static str, bound: Option<&'static str>) -> Words {
        if let Some((_, words)) = self.bound.iter().find(|(known, _)| Some(*known) == bound) {
            return words.clone();
        }
        let words = self.words(name);
        self.bound.extend(bound.map(|bound| (bound, words.clone())));
        words
    }

    fn words(&mut self, name: &'static str) -> Words {
        match name {
            "keys" => self.counted("key"),
            "members" => self.counted("member"),
            "fields" => self.counted("field"),
            "args" => (0..self.rng.usize(..4)).map(|_| self.arg()).collect(),
            "weights" => (0..self.keys).map(|_| self.one("float")).collect(),
            _ => vec![self.one(name)],
        }
    }

    fn arg(&mut self) -> Vec<u8> {
        let kind = *self.pick(&["value", "int", "float", "key", "member"]);
        self.one(kind)
    }

    /// How many there are, and as many; now and then it is not true.
    fn counted(&mut self, name: &'static str) -> Words {
        let count = self.rng.usize(1..4);
        self.keys = count;
        let said = match self.rng.u32(..40) {
            0 => self.one("wild_int"),
            1 => self.one("small"),
            _ => count.to_string().into_bytes(),
        };
        std::iter::once(said).chain((0..count).map(|_| self.one(name)).collect::<Vec<_>>()).collect()
    }

    pub(super) fn one(&mut self, name: &str) -> Vec<u8> {
        match name {
            "int" => self.mostly("small", "wild_int", 8),
            "float" | "score" => self.mostly("good_float", "wild_float", 8),
            "bound" => self.mostly("good_bound", "wild_bound", 12),
            "lex" => self.mostly("good_lex", "wild_lex", 12),
            "count" => self.mostly("positive", "wild_int", 12),
            "ttl" => self.life(1, "past", 0),
            "ttl_ms" => self.life(1_000, "past", 0),
            "at" => self.life(1, "past_at", 4_000_000_000),
            "at_ms" => self.life(1_000, "past_at", 4_000_000_000),
            // Never the past: that would be a limit on now.
            "far" => self.far(1, 0),
            "far_ms" => self.far(1_000, 0),
            "far_at" => self.far(1, 4_000_000_000),
            "far_at_ms" => self.far(1_000, 4_000_000_000),
            "bit" => self.mostly("good_bit", "wild_bit", 20),
            "stamp" => {
                self.stamps += self.rng.u32(..3);
                format!("{}-{}", self.stamps, self.rng.u32(..3)).into_bytes()
            }
            _ => {
                let pools = self.pools.iter().chain(POOLS);
                let pool = pools.into_iter().find(|(known, _)| *known == name);
                let (_, pool) = pool.unwrap_or_else(|| panic!("no words are called {name}"));
                self.pick(pool).to_vec()
            }
        }
    }

    fn mostly(&mut self, good: &str, wild: &str, one_in: u32) -> Vec<u8> {
        let name = if self.is_one_in(one_in) { wild } else { good };
        self.one(name)
    }

    /// Far away, or past, or no time at all.
    fn life(&mut self, scale: u64, past: &str, start: u64) -> Vec<u8> {
        match self.rng.u32(..16) {
            0 => self.one(past),
            1 => self.one("wild_time"),
            _ => self.far(scale, start),
        }
    }

    /// Each life from now is another one by minutes: whether one is longer than another must not depend on
    /// how fast the server is. Points in time repeat.
    fn far(&mut self, scale: u64, start: u64) -> Vec<u8> {
        let seconds = if start == 0 {
            self.lives += 1;
            let order = if self.rng.bool() { self.lives } else { 1_000 - self.lives.min(999) };
            u64::from(order) * 1_000 + 10_000
        } else {
            start + u64::from(self.rng.u32(..5)) * 1_000
        };
        (seconds * scale).to_string().into_bytes()
    }
}

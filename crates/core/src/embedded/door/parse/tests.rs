//! The parser, held against what a Redis made of the same bytes, and against itself on bytes cut in every way.

use std::fs;
use std::path::Path;

use super::*;

const SMALL: Limits = Limits { words_max: 8, bulk_max_bytes: 40, request_max_bytes: 100 };
const LARGE: Limits = Limits { words_max: 1 << 20, bulk_max_bytes: 512 << 20, request_max_bytes: 1 << 30 };

type Read = (Vec<Request>, Option<Malformed>);

/// All requests of the pieces, and what ended them.
fn read<'a>(limits: Limits, pieces: impl IntoIterator<Item = &'a [u8]>) -> Read {
    let mut parser = Parser::new(limits);
    let (mut requests, mut fed) = (Vec::new(), 0);
    for mut piece in pieces {
        fed += piece.len();
        loop {
            match parser.next(&mut piece) {
                Ok(Some(request)) => {
                    assert!(request.words().len() <= limits.words_max.max(LINE_MAX_BYTES));
                    requests.push(request);
                }
                Ok(None) => break,
                Err(problem) => return (requests, Some(problem)),
            }
        }
        assert!(piece.is_empty(), "what is not taken is lost");
        let held = parser.line.capacity() + parser.request.capacity_bytes();
        assert!(held <= 64 + fed * 16, "{held} bytes are held for {fed} that came");
    }
    (requests, None)
}

fn whole(limits: Limits, bytes: &[u8]) -> Read {
    read(limits, [bytes])
}

/// The requests as text, and then the error reply.
fn told(bytes: &[u8]) -> Vec<String> {
    let (requests, problem) = whole(LARGE, bytes);
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    let words =
        |request: &Request| request.words().iter().map(|word| text(word)).collect::<Vec<_>>().join("|");
    requests.iter().map(words).chain(problem.map(|problem| text(&problem.text()))).collect()
}

/// What a Redis 8.0 made of the same bytes.
#[test]
fn requests_and_errors_are_those_of_a_redis() {
    const COUNT: &str = "ERR Protocol error: invalid multibulk length";
    const SIZE: &str = "ERR Protocol error: invalid bulk length";
    let cases: &[(&[u8], &[&str])] = &[
        (b"*1\r\n$4\r\nPING\r\n", &["PING"]),
        (b"*2\r\n$4\r\nECHO\r\n$4\r\na\r\nb\r\n", &["ECHO|a\r\nb"]),
        (b"PING\r\nPING\n\r\n\n  \r\nPING\r\n", &["PING", "PING", "PING"]),
        (b"*-1\r\nPING\r\n", &["PING"]),
        (b"*0\r\nPING\r\n", &["PING"]),
        (b"*1\r\n$0\r\n\r\n", &[""]),
        (b"\"\" a\r\n", &["|a"]),
        (b"*1\r\n$4\r\nPINGXX*1\r\n$4\r\nPING\r\n", &["PING", "PING"]),
        (b"*1\rX$4\rYPING\r\n", &["PING"]),
        (b"*1\r\n$4\r\nPING", &[]),
        (b"*2147483647\r\n", &[COUNT]), // a Redis would take it, and this is below
        (b"PING\r\n*x\r\nPING\r\n", &["PING", COUNT]),
        (b"*+1\r\n", &[COUNT]),
        (b"*\r\n", &[COUNT]),
        (b"*9999999999999999999\r\n", &[COUNT]),
        (b"*1\0\r\n", &[COUNT]),
        (b"*1\r\nx\r\n", &["ERR Protocol error: expected '$', got 'x'"]),
        (b"*1\r\n\r\n", &["ERR Protocol error: expected '$', got ' '"]),
        (b"*1\r\n$-1\r\n", &[SIZE]),
        (b"*1\r\n$x\r\n", &[SIZE]),
        (b"*1\r\n$04\r\nPING\r\n", &[SIZE]),
        (b"*1\r\n$536870913\r\n", &[SIZE]),
        (b"*3\r\n$3\r\nSET\r\n$1\r\nk\r\n$536870912\r\n", &[]),
        (b"*4\r\n$1\r\na\r\n$536870912\r\n", &[]),
        (b"ECHO \"a\r\n", &["ERR Protocol error: unbalanced quotes in request"]),
    ];
    for (bytes, expected) in cases {
        assert_eq!(told(bytes), *expected, "{:?}", String::from_utf8_lossy(bytes));
    }
}

#[test]
fn lines_have_a_limit() {
    let long = |start: &[u8], bytes: usize, end: &[u8]| [start, &b"1".repeat(bytes), end].concat();
    assert_eq!(told(&long(b"", LINE_MAX_BYTES, b"\n"))[0].len(), LINE_MAX_BYTES);
    for (bytes, name) in [
        (long(b"", LINE_MAX_BYTES + 1, b"\n"), "inline request"),
        (long(b"", LINE_MAX_BYTES + 1, b""), "inline request"),
        (long(b"*", LINE_MAX_BYTES, b"\r\n"), "mbulk count string"),
        (long(b"*1\r\n$", LINE_MAX_BYTES, b""), "bulk count string"),
    ] {
        assert_eq!(told(&bytes), [format!("ERR Protocol error: too big {name}")]);
    }
}

#[test]
fn words_and_requests_have_limits() {
    assert_eq!(whole(SMALL, b"*9\r\n").1, Some(Malformed::Count));
    assert_eq!(whole(SMALL, b"*1\r\n$41\r\n").1, Some(Malformed::Size));
    let word = [b"$40\r\n", &[b'x'; 40][..], b"\r\n"].concat();
    let fits = [b"*3\r\n", &word[..], &word, b"$20\r\n"].concat();
    assert_eq!(whole(SMALL, &fits).1, None);
    let too_large = [b"*3\r\n", &word[..], &word, b"$21\r\n"].concat();
    assert_eq!(whole(SMALL, &too_large).1, Some(Malformed::LongRequest));
}

#[test]
fn what_follows_an_error_is_not_read() {
    let mut parser = Parser::new(LARGE);
    let mut input: &[u8] = b"*x\r\nPING\r\n";
    assert_eq!(parser.next(&mut input), Err(Malformed::Count));
    assert_eq!(parser.next(&mut &b"PING\r\n"[..]), Err(Malformed::Count));
}

/// A valid request or nearly, with words of every size up to the limit and a little beyond.
fn some_request(random: &mut fastrand::Rng) -> Vec<u8> {
    if random.u8(..8) == 0 {
        let line = (0..random.usize(..20)).map(|_| b"ab \"'\\xn\t0\0"[random.usize(..11)]);
        return line.chain(*b"\r\n").collect();
    }
    let count = random.usize(..10);
    let mut bytes = format!("*{count}\r\n").into_bytes();
    for _ in 0..count {
        let word: Vec<u8> = (0..random.usize(..random.clone().usize(1..43))).map(|_| random.u8(..)).collect();
        bytes.extend(format!("${}\r\n", word.len()).bytes());
        bytes.extend(word);
        bytes.extend(b"\r\n");
    }
    bytes
}

fn mutate(bytes: &mut Vec<u8>, random: &mut fastrand::Rng) {
    for _ in 0..random.usize(..3) {
        let at = random.usize(..=bytes.len());
        let interesting = b"*$\r\n-+0129\"'\0 x\xff";
        match random.u8(..5) {
            0 => bytes.insert(at, interesting[random.usize(..interesting.len())]),
            1 => bytes.truncate(at),
            2 if at < bytes.len() => bytes[at] = interesting[random.usize(..interesting.len())],
            3 if at < bytes.len() => drop(bytes.remove(at)),
            _ if at < bytes.len() => bytes[at] ^= 1 << random.u8(..8),
            _ => {}
        }
    }
}

/// Reads the same in one piece, byte by byte, in two pieces at every boundary, and in random ones.
fn reads_the_same_however_it_is_cut(bytes: &[u8], limits: Limits, random: &mut fastrand::Rng) {
    let expected = whole(limits, bytes);
    assert_eq!(
        read(limits, bytes.chunks(1)),
        expected,
        "byte by byte: {:?}",
        bytes.escape_ascii().to_string()
    );
    for at in 0..bytes.len() {
        let (front, back) = bytes.split_at(at);
        assert_eq!(
            read(limits, [front, back]),
            expected,
            "cut at {at}: {:?}",
            bytes.escape_ascii().to_string()
        );
    }
    let size = random.usize(1..20);
    assert_eq!(
        read(limits, bytes.chunks(size)),
        expected,
        "by {size}: {:?}",
        bytes.escape_ascii().to_string()
    );
}

#[test]
fn how_bytes_are_cut_makes_no_difference() {
    let seed = std::env::var("REDFLEET_FUZZ_SEED").ok().and_then(|seed| seed.parse().ok()).unwrap_or(1);
    let rounds =
        std::env::var("REDFLEET_FUZZ_ROUNDS").ok().and_then(|rounds| rounds.parse().ok()).unwrap_or(2000);
    let mut random = fastrand::Rng::with_seed(seed);
    for _ in 0..rounds {
        let mut bytes: Vec<u8> = (0..random.usize(1..4)).flat_map(|_| some_request(&mut random)).collect();
        mutate(&mut bytes, &mut random);
        reads_the_same_however_it_is_cut(&bytes, SMALL, &mut random);
    }
}

#[test]
fn the_corpus_is_read_without_a_panic_however_it_is_cut() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/corpus/resp");
    let mut files: Vec<_> = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    files.sort();
    assert!(files.len() > 20, "the corpus is not there");
    let mut random = fastrand::Rng::with_seed(1);
    for file in files {
        let bytes = fs::read(&file).unwrap();
        for limits in [SMALL, LARGE] {
            reads_the_same_however_it_is_cut(&bytes, limits, &mut random);
        }
    }
}

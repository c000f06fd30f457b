//! A whole key, read by its type, in portions.

mod stream;

use redfleet_core::{Backend, Error, Result, convert};
use redis::{Cmd, Value, cmd};

use super::fields::{GONE, ends, question_of_ends};
use super::form::Word;
use super::questions::life;
use super::said::{bytes, items};
use super::steps::MAX_STEP_WORDS;
use super::words::command;
use super::{Effect, Key, Kind, Life};

/// A key of more words is not copied by its type, because all of it is in memory meanwhile.
const MAX_WORDS: usize = 1_000_000;
/// A key of more bytes is not copied by its type. No string of a server with usual settings has more.
const MAX_BYTES: usize = 512 << 20;
/// How many members are asked for at once.
const PAGE: usize = 1000;
/// How many bytes of a string are asked for at once.
const PORTION_BYTES: usize = 1 << 20;

/// How much may still be read of a key.
struct Room {
    words: usize,
    bytes: usize,
}

impl Room {
    /// These words are read.
    fn take<W: AsRef<[u8]>>(&mut self, words: impl IntoIterator<Item = W>) -> Result<()> {
        for word in words {
            let left = (self.words.checked_sub(1), self.bytes.checked_sub(word.as_ref().len()));
            let (Some(words), Some(bytes)) = left else {
                return Err(Error::unsupported("a copy by its type", TOO_LARGE));
            };
            *self = Self { words, bytes };
        }
        Ok(())
    }
}

/// Reads the key: DEL, then what it holds in steps of a bounded length, then its end.
pub(super) async fn read(local: &dyn Backend, key: &Key) -> Result<Effect> {
    let kind: String = convert(local.call(cmd("TYPE").arg(&**key)).await?)?;
    let end = local.call(cmd("PEXPIRETIME").arg(&**key)).await?;
    let life = life(&end).ok_or_else(|| Error::conversion::<i64>(&end))?;
    let mut steps = vec![command([b"DEL".as_slice(), key])];
    let room = &mut Room { words: MAX_WORDS, bytes: MAX_BYTES };
    match kind.as_str() {
        _ if life == Life::Gone => {}
        "none" => {}
        "string" => text(local, key, room, &mut steps).await?,
        "list" => put(&mut steps, key, "RPUSH", 1, &list(local, key, room).await?),
        "set" => put(&mut steps, key, "SADD", 1, &scanned(local, key, "SSCAN", room).await?),
        "zset" => {
            let mut words = scanned(local, key, "ZSCAN", room).await?;
            words.chunks_exact_mut(2).for_each(|pair| pair.reverse());
            put(&mut steps, key, "ZADD", 2, &words);
        }
        "hash" => {
            let words = scanned(local, key, "HSCAN", room).await?;
            put(&mut steps, key, "HSET", 2, &words);
            end_fields(local, key, &words, &mut steps).await?;
        }
        "stream" => stream::read(local, key, room, &mut steps).await?,
        _ => return Err(Error::unsupported(format!("a copy of a key of type {kind}"), CANNOT)),
    }
    if let (Life::Until { unix_ms }, true) = (life, steps.len() > 1) {
        steps.push(command([b"PEXPIREAT".as_slice(), key, unix_ms.to_string().as_bytes()]));
    }
    Ok(Effect { steps, keys: vec![key.clone()], lives: Vec::new(), kind: Kind::Overwrites })
}

const CANNOT: &str = "use a remote that takes local's payloads, one of its version or newer with the same modules; or keep such \
                      keys out of the store's scope";
const TOO_LARGE: &str =
    "the key is too large: use a remote that takes local's payloads, one of its version or newer";

/// Steps of this name that put all the words, so many a member, as many in each step as it may have.
fn put(steps: &mut Vec<Cmd>, key: &Key, name: &str, words_each: usize, words: &[Word]) {
    let most = (MAX_STEP_WORDS - 2) / words_each * words_each;
    for words in words.chunks(most) {
        let words = words.iter().map(|word| &**word);
        steps.push(command([name.as_bytes(), key].into_iter().chain(words)));
    }
}

fn words_of(reply: &Value) -> Result<Vec<Word>> {
    let words = items(reply).and_then(|items| items.iter().map(|item| bytes(item).map(Word::from)).collect());
    words.ok_or_else(|| Error::conversion::<Vec<Vec<u8>>>(reply))
}

/// SET with the first portion, and APPEND with each other one.
async fn text(local: &dyn Backend, key: &Key, room: &mut Room, steps: &mut Vec<Cmd>) -> Result<()> {
    let (mut first, mut name) = (0, "SET");
    loop {
        let question = cmd("GETRANGE").arg(&**key).arg(first).arg(first + PORTION_BYTES - 1).take();
        let portion: Vec<u8> = convert(local.call(&question).await?)?;
        room.take([&portion])?;
        // Only a string that is empty has a first portion that is.
        if first == 0 || !portion.is_empty() {
            steps.push(command([name.as_bytes(), key, &portion]));
        }
        if portion.len() < PORTION_BYTES {
            return Ok(());
        }
        (first, name) = (first + PORTION_BYTES, "APPEND");
    }
}

async fn list(local: &dyn Backend, key: &Key, room: &mut Room) -> Result<Vec<Word>> {
    let mut words = Vec::new();
    loop {
        let first = words.len();
        let page = cmd("LRANGE").arg(&**key).arg(first).arg(first + PAGE - 1).take();
        let page = words_of(&local.call(&page).await?)?;
        let is_last = page.len() < PAGE;
        room.take(&page)?;
        words.extend(page);
        if is_last {
            return Ok(words);
        }
    }
}

/// What SSCAN, ZSCAN or HSCAN tell. A member that is told twice is put twice, which is the same as once.
async fn scanned(local: &dyn Backend, key: &Key, name: &str, room: &mut Room) -> Result<Vec<Word>> {
    let (mut words, mut cursor) = (Vec::new(), Word::from(b"0".as_slice()));
    loop {
        let reply = local.call(cmd(name).arg(&**key).arg(&*cursor).arg("COUNT").arg(PAGE)).await?;
        let [next, page] = items(&reply).unwrap_or_default() else {
            return Err(Error::conversion::<(Vec<u8>, Vec<Vec<u8>>)>(&reply));
        };
        cursor = bytes(next).ok_or_else(|| Error::conversion::<Vec<u8>>(next))?.into();
        let page = words_of(page)?;
        room.take(&page)?;
        words.extend(page);
        if *cursor == *b"0" {
            return Ok(words);
        }
    }
}

/// The ends of fields. One that has come to its end since its name was told goes again.
async fn end_fields(local: &dyn Backend, key: &Key, words: &[Word], steps: &mut Vec<Cmd>) -> Result<()> {
    let fields: Vec<&[u8]> = words.iter().step_by(2).map(|field| &**field).collect();
    for fields in fields.chunks(PAGE) {
        let answer = local.call(&question_of_ends(key, fields.iter().copied())).await;
        for (field, end) in fields.iter().zip(ends(answer, fields.len())?) {
            if end == GONE {
                steps.push(command([b"HDEL".as_slice(), key, field]));
            } else if end > 0 {
                let end = end.to_string();
                steps.push(command([b"HPEXPIREAT".as_slice(), key, end.as_bytes(), b"FIELDS", b"1", field]));
            }
        }
    }
    Ok(())
}

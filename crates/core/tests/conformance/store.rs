//! What a small server stores, and what it says: as many commands as the suite needs, and no more.

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::time::Duration;

use tokio::sync::mpsc::UnboundedSender;
use tokio::time::Instant;

/// A command, its name first.
pub(crate) type Words = Vec<Vec<u8>>;

type Key = Vec<u8>;

const UNKNOWN: &str = "-ERR unknown command\r\n";
const WRONG_TYPE: &str = "-WRONGTYPE Operation against a key holding the wrong kind of value\r\n";

#[derive(Debug, Default)]
pub(crate) struct Store {
    keys: BTreeMap<Key, (Data, Option<Instant>)>,
    clients: BTreeMap<u64, Client>,
}

#[derive(Debug)]
enum Data {
    Text(Vec<u8>),
    List(VecDeque<Vec<u8>>),
}

/// One connection and its state.
#[derive(Debug)]
struct Client {
    say: UnboundedSender<Vec<u8>>,
    queue: Option<Vec<Words>>,
    is_aborted: bool,
    watched: BTreeSet<Key>,
    is_dirty: bool,
    is_tracking: bool,
    tracked: BTreeSet<Key>,
    channels: BTreeSet<Vec<u8>>,
    patterns: BTreeSet<Vec<u8>>,
}

impl Store {
    pub(crate) fn enter(&mut self, client: u64, say: UnboundedSender<Vec<u8>>) {
        let client_of = Client {
            say,
            queue: None,
            is_aborted: false,
            watched: BTreeSet::new(),
            is_dirty: false,
            is_tracking: false,
            tracked: BTreeSet::new(),
            channels: BTreeSet::new(),
            patterns: BTreeSet::new(),
        };
        self.clients.insert(client, client_of);
    }

    pub(crate) fn has(&self, client: u64) -> bool {
        self.clients.contains_key(&client)
    }

    pub(crate) fn leave(&mut self, client: u64) {
        self.clients.remove(&client);
    }

    /// The reply; none if the command blocks.
    pub(crate) fn carry_out(&mut self, client: u64, words: &Words) -> Option<Vec<u8>> {
        let name = String::from_utf8_lossy(&words[0]).to_uppercase();
        let me = self.clients.get_mut(&client).unwrap();
        if let Some(queue) = &mut me.queue
            && name != "EXEC"
        {
            if !is_known(&name) {
                me.is_aborted = true;
                return Some(UNKNOWN.into());
            }
            queue.push(words.clone());
            return Some(b"+QUEUED\r\n".to_vec());
        }
        if name == "EXEC" {
            let (queue, is_aborted) = (me.queue.take(), std::mem::take(&mut me.is_aborted));
            let is_dirty = std::mem::take(&mut me.is_dirty);
            me.watched.clear();
            return Some(match queue {
                None => b"-ERR EXEC without MULTI\r\n".to_vec(),
                Some(_) if is_aborted => b"-EXECABORT Transaction discarded\r\n".to_vec(),
                Some(_) if is_dirty => b"_\r\n".to_vec(),
                Some(queue) => {
                    let replies: Vec<_> =
                        queue.iter().filter_map(|words| self.carry_out(client, words)).collect();
                    [format!("*{}\r\n", replies.len()).into_bytes(), replies.concat()].concat()
                }
            });
        }
        let now = Instant::now();
        self.keys.retain(|_, (_, until)| until.is_none_or(|until| until > now));
        self.one(client, &name, &words[1..])
    }

    fn one(&mut self, client: u64, name: &str, args: &[Vec<u8>]) -> Option<Vec<u8>> {
        let me = self.clients.get_mut(&client).unwrap();
        let reply = match (name, args) {
            ("HELLO", _) => "%1\r\n+proto\r\n:3\r\n".into(),
            ("INFO", _) => bulk(b"run_id:0123456789\r\n"),
            ("PING", _) => "+PONG\r\n".into(),
            ("ECHO", [text]) => bulk(text),
            ("CLIENT", [verb]) if verb == b"ID" => integer(usize::try_from(client).unwrap()),
            ("CLIENT", [verb, _, id]) if verb == b"KILL" => {
                let id: u64 = String::from_utf8_lossy(id).parse().unwrap();
                integer(usize::from(self.clients.remove(&id).is_some()))
            }
            ("CLIENT", _) => {
                me.is_tracking |= args[0].eq_ignore_ascii_case(b"TRACKING");
                "+OK\r\n".into()
            }
            ("MULTI", _) => {
                me.queue = Some(Vec::new());
                "+OK\r\n".into()
            }
            ("WATCH", keys) => {
                me.watched.extend(keys.iter().cloned());
                "+OK\r\n".into()
            }
            ("SUBSCRIBE" | "PSUBSCRIBE" | "UNSUBSCRIBE" | "PUNSUBSCRIBE", names) => {
                let topics = if name.contains("PSUB") || name.contains("PUNSUB") {
                    &mut me.patterns
                } else {
                    &mut me.channels
                };
                let mut told = Vec::new();
                for topic in names {
                    if name.contains("UNSUB") {
                        topics.remove(topic);
                    } else {
                        topics.insert(topic.clone());
                    }
                    told.extend(
                        [b">3\r\n".to_vec(), bulk(name.to_lowercase().as_bytes()), bulk(topic)].concat(),
                    );
                    told.extend(b":1\r\n");
                }
                told
            }
            ("PUBLISH", [channel, payload]) => integer(self.publish(channel, payload)),
            _ => return self.data(client, name, args),
        };
        Some(reply)
    }

    fn data(&mut self, client: u64, name: &str, args: &[Vec<u8>]) -> Option<Vec<u8>> {
        let me = self.clients.get_mut(&client).unwrap();
        if me.is_tracking && name == "GET" {
            me.tracked.insert(args[0].clone());
        }
        let text = |key: &Key| match self.keys.get(key) {
            Some((Data::Text(text), _)) => Ok(Some(text.clone())),
            Some((Data::List(_), _)) => Err(WRONG_TYPE.into()),
            None => Ok(None),
        };
        let or_nil = |text: Option<Vec<u8>>| text.map_or_else(|| b"_\r\n".to_vec(), |text| bulk(&text));
        let reply = match (name, args) {
            ("GET", [key]) => text(key).map(or_nil),
            ("MGET", keys) => {
                let all: Result<Vec<_>, _> = keys.iter().map(|key| text(key).map(or_nil)).collect();
                all.map(|all| [format!("*{}\r\n", all.len()).into_bytes(), all.concat()].concat())
            }
            ("STRLEN", [key]) => text(key).map(|text| integer(text.map_or(0, |text| text.len()))),
            ("EXISTS", keys) => Ok(integer(keys.iter().filter(|key| self.keys.contains_key(*key)).count())),
            ("PTTL", [key]) => Ok(if self.keys.contains_key(key) { integer(1) } else { b":-2\r\n".to_vec() }),
            ("SET", [key, value]) => Ok(self.set(key, value.clone(), None)),
            ("SET", [key, value, px, life]) if px == b"PX" => {
                let life = Duration::from_millis(String::from_utf8_lossy(life).parse().unwrap());
                Ok(self.set(key, value.clone(), Some(Instant::now() + life)))
            }
            ("SET", _) => Err(b"-ERR syntax error\r\n".to_vec()),
            ("DEL", keys) => {
                let deleted = keys.iter().filter(|key| self.keys.remove(*key).is_some()).count();
                keys.iter().for_each(|key| self.touch(key));
                Ok(integer(deleted))
            }
            ("APPEND", [key, more]) => text(key).map(|text| {
                let text = [text.unwrap_or_default(), more.clone()].concat();
                let length = text.len();
                self.set(key, text, None);
                integer(length)
            }),
            ("INCR", [key]) => text(key).and_then(|text| {
                let count = String::from_utf8(text.unwrap_or_else(|| b"0".to_vec())).unwrap();
                let count: usize = count.parse().map_err(|_| b"-ERR value is not an integer\r\n".to_vec())?;
                self.set(key, (count + 1).to_string().into(), None);
                Ok(integer(count + 1))
            }),
            ("LPUSH" | "RPUSH", [key, value]) => {
                let list = self.keys.entry(key.clone()).or_insert((Data::List(VecDeque::new()), None));
                match &mut list.0 {
                    Data::Text(_) => Err(WRONG_TYPE.into()),
                    Data::List(list) => {
                        list.push_back(value.clone());
                        Ok(integer(list.len()))
                    }
                }
            }
            ("BLPOP", [key, _]) => {
                let Some((Data::List(list), _)) = self.keys.get_mut(key) else { return None };
                let value = list.pop_front()?;
                Ok([b"*2\r\n".to_vec(), bulk(key), bulk(&value)].concat())
            }
            _ => Err(UNKNOWN.into()),
        };
        Some(reply.unwrap_or_else(|error: Vec<u8>| error))
    }

    fn set(&mut self, key: &Key, value: Vec<u8>, until: Option<Instant>) -> Vec<u8> {
        self.keys.insert(key.clone(), (Data::Text(value), until));
        self.touch(key);
        b"+OK\r\n".to_vec()
    }

    /// Tells those who watch or track the key.
    fn touch(&mut self, key: &Key) {
        for client in self.clients.values_mut() {
            client.is_dirty |= client.watched.contains(key);
            if client.tracked.remove(key) {
                let told = [b">2\r\n".to_vec(), bulk(b"invalidate"), b"*1\r\n".to_vec(), bulk(key)].concat();
                client.say.send(told).ok();
            }
        }
    }

    fn publish(&self, channel: &[u8], payload: &[u8]) -> usize {
        let mut heard = 0;
        for client in self.clients.values() {
            if client.channels.contains(channel) {
                let told = [b">3\r\n".to_vec(), bulk(b"message"), bulk(channel), bulk(payload)].concat();
                heard += usize::from(client.say.send(told).is_ok());
            }
            for pattern in client.patterns.iter().filter(|pattern| matches(pattern, channel)) {
                let told =
                    [b">4\r\n".to_vec(), bulk(b"pmessage"), bulk(pattern), bulk(channel), bulk(payload)];
                heard += usize::from(client.say.send(told.concat()).is_ok());
            }
        }
        heard
    }
}

fn is_known(name: &str) -> bool {
    ["GET", "SET", "INCR", "LPUSH", "APPEND", "DEL", "EXISTS", "PING", "ECHO"].contains(&name)
}

fn integer(number: usize) -> Vec<u8> {
    format!(":{number}\r\n").into_bytes()
}

fn bulk(bytes: &[u8]) -> Vec<u8> {
    [format!("${}\r\n", bytes.len()).as_bytes(), bytes, b"\r\n"].concat()
}

/// A pattern of `?` and `*` alone.
fn matches(pattern: &[u8], text: &[u8]) -> bool {
    match (pattern, text) {
        ([], []) => true,
        ([b'*', rest @ ..], _) => (0..=text.len()).any(|skipped| matches(rest, &text[skipped..])),
        ([b'?', rest @ ..], [_, after @ ..]) => matches(rest, after),
        ([one, rest @ ..], [other, after @ ..]) => one == other && matches(rest, after),
        _ => false,
    }
}

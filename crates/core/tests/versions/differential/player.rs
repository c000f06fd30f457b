//! Plays a sequence on one server, from an empty keyspace, and reads what is left in it.
//!
//! Commands of one connection in a row are one round trip. What starts with `@` is more than one:
//!
//! | command | what is sent |
//! |---|---|
//! | `@SCAN ..`, `@SSCAN key ..`, `@HSCAN`, `@ZSCAN` | calls with the cursor of the one before until it is 0; all elements, each once |
//! | `@RESTORE from to ttl ..` | DUMP of one key, then RESTORE of that into another |
//! | `@WAIT ms` | nothing, for so long |
//! | `@SPOP ..` | the plain command: the `@` keeps it out of places where its being random would matter |

use std::net::SocketAddr;
use std::time::Duration;

use super::command::{Command, Protocol, Words};
use super::link::{Link, PATIENCE};
use super::reply::Reply;

/// How often to look whether a command blocks already, and how long in between.
const LOOKS: usize = 6_000;
const PAUSE: Duration = Duration::from_millis(5);

/// More rounds than any scan of ours takes.
const MAX_SCAN_CALLS: usize = 2_000;

#[derive(Debug)]
pub(super) struct Player {
    addr: SocketAddr,
    /// How long a reply may take. For connections that are made from now on.
    patience: Duration,
    links: Option<[Link; 2]>,
    /// Connections whose last command has no reply yet: the command's place.
    waiting: [Option<usize>; 2],
    /// A fault that a test puts in.
    pub(super) fault: Option<Fault>,
}

/// How a subject is made to lie.
#[derive(Clone, Copy, Debug)]
pub(super) enum Fault {
    /// It carries out another command than it was sent.
    Request(fn(&Words) -> Option<Words>),
    /// It gives another reply than it has.
    Reply(fn(&Words, &Reply) -> Option<Reply>),
}

impl Player {
    pub(super) const fn new(addr: SocketAddr) -> Self {
        Self { addr, patience: PATIENCE, links: None, waiting: [None; 2], fault: None }
    }

    /// Waits no longer than this, on new connections.
    pub(super) fn be_patient(&mut self, patience: Duration) {
        self.patience = patience;
        self.links = None;
    }

    /// One reply a command.
    pub(super) async fn play(&mut self, commands: &[Command], protocol: Protocol) -> Vec<Reply> {
        match self.fault {
            None => self.play_well(commands, protocol).await,
            Some(Fault::Request(bend)) => {
                let mut bent = commands.to_vec();
                bent.iter_mut().for_each(|command| {
                    command.words = bend(&command.words).unwrap_or_else(|| command.words.clone());
                });
                self.play_well(&bent, protocol).await
            }
            Some(Fault::Reply(bend)) => {
                let mut replies = self.play_well(commands, protocol).await;
                for (command, reply) in commands.iter().zip(&mut replies) {
                    if let Some(bent) = bend(&command.words, reply) {
                        *reply = bent;
                    }
                }
                replies
            }
        }
    }

    async fn play_well(&mut self, commands: &[Command], protocol: Protocol) -> Vec<Reply> {
        self.prepare(protocol).await;
        let mut replies = vec![Reply::Lost("never sent".into()); commands.len()];
        let mut place = 0;
        while let Some(command) = commands.get(place) {
            let link = command.link;
            self.await_waiting(link, &mut replies).await;
            if command.blocks {
                self.links()[link].send(&command.words).await;
                self.waiting[link] = Some(place);
                self.await_blocked(link, &mut replies).await;
                place += 1;
            } else if command.words.first().is_some_and(|word| word.starts_with(b"@")) {
                replies[place] = self.compound(link, &command.words).await;
                place += 1;
            } else {
                let is_alike = |next: &&Command| {
                    next.link == link && !next.blocks && !next.is_compound() && !next.is_alone()
                };
                let more = if command.is_alone() { 0 } else { usize::MAX };
                let rest = commands[place + 1..].iter().take_while(is_alike).take(more);
                let run: Vec<_> = std::iter::once(command).chain(rest).collect();
                let answered = self.links()[link].pipeline(run.iter().map(|command| &command.words)).await;
                for reply in answered {
                    replies[place] = reply;
                    place += 1;
                }
            }
        }
        for link in 0..2 {
            self.await_waiting(link, &mut replies).await;
        }
        replies
    }

    /// Every key, and what reads it whole, with the replies. For comparison the commands matter as well.
    pub(super) async fn contents(
        &mut self,
        protocol: Protocol,
        has_field_lives: bool,
    ) -> Vec<(Command, Reply)> {
        let mut start = vec![Command::of(&["RESET"])];
        start.extend(hello(protocol));
        self.send_all(0, &start).await;
        let mut all = self.read(vec![Command::of(&["KEYS", "*"])]).await;
        let keys = all[0].1.items().unwrap_or_default().iter().filter_map(Reply::text);
        let mut keys: Vec<_> = keys.map(<[u8]>::to_vec).collect();
        keys.sort();
        let about = |name: &str| -> Vec<Command> {
            let words = keys.iter().map(|key| vec![name.as_bytes().to_vec(), key.clone()]);
            words.map(Command::new).collect()
        };
        let types = self.read(about("TYPE")).await;
        let lives = self.read(about("PEXPIRETIME")).await;
        let readers = types.iter().zip(&keys).filter_map(|((_, kind), key)| reader(kind, key)).collect();
        let values = self.read(readers).await;
        let fields =
            if has_field_lives { values.iter().filter_map(field_lives).collect() } else { Vec::new() };
        let field_lives = self.read(fields).await;
        all.extend(types.into_iter().chain(lives).chain(values).chain(field_lives));
        all
    }

    async fn read(&mut self, commands: Vec<Command>) -> Vec<(Command, Reply)> {
        let replies = self.send_all(0, &commands).await;
        commands.into_iter().zip(replies).collect()
    }

    async fn send_all(&mut self, link: usize, commands: &[Command]) -> Vec<Reply> {
        self.links()[link].pipeline(commands.iter().map(|command| &command.words)).await
    }

    async fn connect(&mut self) {
        let is_whole = self.links.as_ref().is_some_and(|links| !links.iter().any(|link| link.is_broken));
        if !is_whole {
            let open = || async {
                let link = Link::open(self.addr, self.patience).await;
                link.unwrap_or_else(|error| panic!("cannot connect to {}: {error}", self.addr))
            };
            self.links = Some([open().await, open().await]);
        }
    }

    async fn prepare(&mut self, protocol: Protocol) {
        self.connect().await;
        self.waiting = [None; 2];
        let mut start = vec![Command::of(&["RESET"])];
        start.extend(hello(protocol));
        let other = self.send_all(1, &start).await;
        start.push(Command::of(&["FLUSHALL"]));
        start.push(Command::of(&["SCRIPT", "FLUSH"]));
        let own = self.send_all(0, &start).await;
        self.links().iter_mut().for_each(|link| link.pushes.clear());
        for reply in other.iter().chain(&own) {
            assert!(
                !matches!(reply, Reply::Error(_) | Reply::Lost(_)),
                "cannot begin on {}: {reply}",
                self.addr
            );
        }
    }

    fn links(&mut self) -> &mut [Link; 2] {
        self.links.as_mut().expect("connected before anything is sent")
    }

    async fn await_waiting(&mut self, link: usize, replies: &mut [Reply]) {
        if let Some(place) = self.waiting[link].take() {
            let patience = self.patience;
            let reply = self.links()[link].receive(patience).await;
            replies[place] = reply.unwrap_or_else(|| {
                self.links()[link].is_broken = true;
                Reply::Lost("it still blocks".into())
            });
        }
    }

    /// Until the server says that it has this connection's command and does not answer it yet, or it answers.
    async fn await_blocked(&mut self, link: usize, replies: &mut [Reply]) {
        let expected = self.waiting.iter().flatten().count();
        for _ in 0..LOOKS {
            if let Some(reply) = self.links()[link].receive(PAUSE).await {
                let place = self.waiting[link].take().expect("set just before");
                replies[place] = reply;
                return;
            }
            // A connection of its own: the other one may block as well.
            let mut asking = Link::open(self.addr, self.patience).await.expect("one more connection");
            let info = asking.pipeline(std::iter::once(&vec![b"INFO".to_vec(), b"clients".to_vec()])).await;
            let text = String::from_utf8_lossy(info[0].text().unwrap_or_default()).into_owned();
            let blocked =
                text.lines().find_map(|line| line.strip_prefix("blocked_clients:")?.trim().parse().ok());
            if blocked.is_none_or(|blocked: usize| blocked >= expected) {
                return;
            }
        }
    }

    async fn compound(&mut self, link: usize, words: &Words) -> Reply {
        match words[0].as_slice() {
            b"@WAIT" => {
                let ms = String::from_utf8_lossy(&words[1]).parse().expect("milliseconds");
                tokio::time::sleep(Duration::from_millis(ms)).await;
                Reply::Simple(b"waited".into())
            }
            b"@RESTORE" => self.restore(link, words).await,
            b"@SPOP" => {
                let plain = std::iter::once(b"SPOP".to_vec()).chain(words[1..].iter().cloned()).collect();
                self.send_all(link, &[Command::new(plain)]).await.remove(0)
            }
            name => self.scan(link, &name[1..], &words[1..]).await,
        }
    }

    async fn restore(&mut self, link: usize, words: &Words) -> Reply {
        let [_, from, to, ttl, options @ ..] = words.as_slice() else { panic!("@RESTORE from to ttl ..") };
        let dump = Command::new(vec![b"DUMP".to_vec(), from.clone()]);
        match self.send_all(link, &[dump]).await.remove(0) {
            Reply::Bulk(bytes) => {
                let start = [b"RESTORE".to_vec(), to.clone(), ttl.clone(), bytes];
                let restore = Command::new(start.into_iter().chain(options.iter().cloned()).collect());
                self.send_all(link, &[restore]).await.remove(0)
            }
            other => other,
        }
    }

    async fn scan(&mut self, link: usize, name: &[u8], rest: &[Vec<u8>]) -> Reply {
        let keys = usize::from(name != b"SCAN").min(rest.len());
        let (key, options) = rest.split_at(keys);
        let width = if options.iter().any(|word| word.eq_ignore_ascii_case(b"NOVALUES")) {
            1
        } else {
            usize::from(matches!(name, b"HSCAN" | b"ZSCAN")) + 1
        };
        let mut found = Vec::new();
        let mut cursor = b"0".to_vec();
        for _ in 0..MAX_SCAN_CALLS {
            let words = std::iter::once(name.to_vec()).chain(key.iter().cloned()).chain([cursor.clone()]);
            let call = Command::new(words.chain(options.iter().cloned()).collect());
            match self.send_all(link, &[call]).await.remove(0) {
                Reply::Array(reply) if reply.len() == 2 && reply[0].text().is_some() => {
                    cursor = reply[0].text().unwrap_or_default().to_vec();
                    found.extend(reply[1].items().unwrap_or_default().chunks(width).map(<[Reply]>::to_vec));
                }
                other => return other,
            }
            if cursor == b"0" {
                found.sort();
                found.dedup();
                return Reply::Array(found.concat());
            }
        }
        Reply::Lost(format!("the cursor never came back to 0 in {MAX_SCAN_CALLS} calls"))
    }
}

fn hello(protocol: Protocol) -> Option<Command> {
    (protocol == Protocol::Resp3).then(|| Command::of(&["HELLO", "3"]))
}

/// What reads a key of this type whole.
fn reader(kind: &Reply, key: &[u8]) -> Option<Command> {
    let (before, after): (&[&str], &[&str]) = match kind.text()? {
        b"string" => (&["GET"], &[]),
        b"list" => (&["LRANGE"], &["0", "-1"]),
        b"set" => (&["SMEMBERS"], &[]),
        b"hash" => (&["HGETALL"], &[]),
        b"zset" => (&["ZRANGE"], &["0", "-1", "WITHSCORES"]),
        b"stream" => (&["XINFO", "STREAM"], &["FULL", "COUNT", "0"]),
        _ => return None,
    };
    let bytes =
        |words: &[&str]| -> Vec<Vec<u8>> { words.iter().map(|word| word.as_bytes().to_vec()).collect() };
    Some(Command::new([bytes(before), vec![key.to_vec()], bytes(after)].concat()))
}

/// What reads the lives of a hash's fields, after all was read of it.
fn field_lives((command, reply): &(Command, Reply)) -> Option<Command> {
    if command.name() != "HGETALL" {
        return None;
    }
    let mut fields: Vec<_> = match reply {
        Reply::Map(pairs) => pairs.iter().filter_map(|(field, _)| field.text()).collect(),
        _ => reply.items()?.iter().step_by(2).filter_map(Reply::text).collect(),
    };
    fields.sort_unstable();
    let start = [b"HPEXPIRETIME".to_vec(), command.words[1].clone(), b"FIELDS".to_vec()];
    let count = [fields.len().to_string().into_bytes()];
    let fields = fields.into_iter().map(<[u8]>::to_vec);
    Some(Command::new(start.into_iter().chain(count).chain(fields).collect()))
}

//! A node behind its lock: connections, and one command after the other.

use std::collections::BTreeMap;

use redis::Value;
use tokio::sync::oneshot;

use super::blocked::{Ticket, Turn};
use super::call::{Call, Wait};
use super::client::{Client, ClientId, Protocol};
use super::commands::transactions;
use super::data::{Data, Identity};
use super::hub::Names;
use super::mailbox::{Push, Reader};
use super::refusal::Refusal;
use super::spec::{Kind, Spec};
use super::store::Key;
use super::table;
use crate::mutant;

/// What came of a command.
#[derive(Debug)]
pub(crate) enum Answer {
    /// Its reply.
    Reply(Result<Value, Refusal>),
    /// What it is told in place of one reply, by SUBSCRIBE and its like.
    Confirmed(Vec<Value>),
    /// It waits: for the reply, or until this unix time in milliseconds.
    Waits { ticket: Ticket, reply: oneshot::Receiver<Result<Value, Refusal>>, until: Option<i64> },
    /// It never came: its connection had ended before.
    Gone,
}

/// A node's data and its connections.
#[derive(Debug)]
pub(crate) struct State {
    pub(crate) data: Data,
    clients: BTreeMap<ClientId, Client>,
    next_client: ClientId,
}

impl State {
    pub(crate) fn new(data: Data) -> Self {
        Self { data, clients: BTreeMap::new(), next_client: 1 }
    }

    /// A new connection.
    pub(crate) fn connect(&mut self, protocol: Protocol) -> ClientId {
        self.admit(protocol, false)
    }

    pub(crate) fn client(&self, id: ClientId) -> Option<&Client> {
        self.clients.get(&id)
    }

    /// Ends a connection and all that it was interested in.
    pub(crate) fn disconnect(&mut self, id: ClientId) {
        self.data.blocked.leave_client(id);
        self.data.watches.unwatch(id);
        self.data.tracking.stop(id);
        self.data.hub.leave(id);
        self.data.mailboxes.remove(&id);
        self.data.roster.leave(id);
        self.clients.remove(&id);
    }

    /// Ends all connections, as the end of a process does. Listeners find their way back, and may have missed
    /// something.
    pub(crate) fn disconnect_all(&mut self) {
        if mutant::is_on("restart_keeps_sessions") {
            return;
        }
        let ids: Vec<_> = self.clients.keys().copied().collect();
        ids.into_iter().for_each(|id| self.end(id));
    }

    /// Ends a connection that somebody may want back.
    fn end(&mut self, id: ClientId) {
        match self.clients.get(&id) {
            Some(client) if client.is_listener => client.mailbox.put(&Push::Gap),
            _ => self.disconnect(id),
        }
    }

    /// A connection that does nothing but listen.
    pub(crate) fn listen(&mut self, names: impl Iterator<Item = (Names, Key)>) -> (ClientId, Reader) {
        let id = self.admit(Protocol::Resp3, true);
        let mailbox = self.data.mailboxes.get(&id).cloned().unwrap_or_default();
        for (kind, name) in names {
            self.data.hub.subscribe(id, &mailbox, kind, name);
        }
        (id, mailbox.reader())
    }

    fn admit(&mut self, protocol: Protocol, is_listener: bool) -> ClientId {
        let id = self.next_client;
        self.next_client += 1;
        let mut client = Client::new(id, protocol);
        client.is_listener = is_listener;
        self.data.mailboxes.insert(id, client.mailbox.clone());
        // Before the first command there is no time but that of the start.
        let now_ms = self.data.keyspace.now_ms().max(self.data.identity.started_ms);
        self.data.roster.enter(id, protocol, now_ms);
        self.data.server.connections += 1;
        self.clients.insert(id, client);
        id
    }

    /// Forgets what only the process knew, and begins a new life.
    pub(crate) fn forget_process(&mut self, now_ms: i64) {
        if !mutant::is_on("restart_keeps_run_id") {
            self.data.identity = Identity::draw(&mut self.data.random, now_ms);
        }
        self.data.commands = 0;
        self.data.scripts.forget();
        self.data.server.forget_process();
    }

    /// Carries out one command of a connection, at this unix time.
    pub(crate) fn execute(&mut self, id: ClientId, words: &[&[u8]], now_ms: i64) -> Answer {
        self.expire(now_ms);
        let Some(client) = self.clients.get_mut(&id) else {
            return Answer::Gone;
        };
        let (reply, wait) = run(&mut self.data, client, words);
        if let Some(member) = self.data.roster.get_mut(id) {
            member.queued = client.transaction.as_ref().map(|transaction| transaction.commands.len());
            member.protocol = client.protocol;
        }
        let answer = match wait {
            Some(wait) => {
                let until = wait.until;
                let (ticket, reply) = self.data.blocked.wait(id, words, wait);
                self.data.keyspace.listen_for_ready(true);
                Answer::Waits { ticket, reply, until }
            }
            None if client.confirmations.is_empty() => Answer::Reply(reply),
            None => Answer::Confirmed(std::mem::take(&mut client.confirmations)),
        };
        self.settle(id);
        self.data.roster.take_doomed().into_iter().for_each(|id| self.end(id));
        answer
    }

    /// Removes what has expired by now, ends the waits whose time is over, and tells whoever is interested.
    pub(crate) fn expire(&mut self, now_ms: i64) {
        self.data.blocked.end_overdue(now_ms);
        self.data.keyspace.begin(now_ms);
        self.settle(0);
    }

    /// One who waited has gone away.
    pub(crate) fn give_up(&mut self, ticket: Ticket) {
        self.data.blocked.leave(ticket);
    }

    /// Tells those who are interested what `by` changed, and serves those who wait for it, and those who wait for what
    /// these change, until nothing is left to do.
    pub(crate) fn settle(&mut self, by: ClientId) {
        self.tell(by);
        loop {
            let signals = self.data.keyspace.take_ready();
            let ready = self.data.blocked.awaited(signals);
            if ready.is_empty() {
                break;
            }
            for key in ready {
                self.serve(&key);
            }
        }
        self.data.keyspace.listen_for_ready(!self.data.blocked.is_empty());
    }

    /// Tells those who are interested what changed.
    fn tell(&mut self, by: ClientId) {
        if !self.data.keyspace.has_changes() {
            return;
        }
        let (mut keys, was_flushed) = self.data.keyspace.take_changes();
        let is_watched = !self.data.watches.is_idle();
        if self.data.tracking.is_idle() && !is_watched {
            return;
        }
        keys.sort();
        keys.dedup();
        if is_watched {
            keys.iter().for_each(|key| self.data.watches.disturb(key));
        }
        if was_flushed {
            self.data.tracking.invalidate_all(&self.data.mailboxes);
        } else if !self.data.tracking.is_idle() {
            self.data.tracking.invalidate(&keys, by, &self.data.mailboxes);
        }
    }

    /// Tries again what waits for a key, the first first, as long as the key is what they need.
    fn serve(&mut self, key: &[u8]) {
        let end = self.data.blocked.end();
        loop {
            let value = self.data.keyspace.entry(key).map(|entry| &entry.value);
            let Some(turn) = self.data.blocked.first(key, value, end) else { return };
            let Turn { client: id, ticket, words } = turn;
            let Some(client) = self.clients.get_mut(&id) else {
                self.data.blocked.leave(ticket);
                continue;
            };
            let words: Vec<&[u8]> = words.iter().map(Vec::as_slice).collect();
            match run_again(&mut self.data, client, &words) {
                (_, Some(_)) => self.data.blocked.wait_on(ticket),
                (reply, None) => self.data.blocked.answer(ticket, reply),
            }
            self.tell(id);
        }
    }
}

/// Looks a command up and carries it out, or queues it. What it waits for, if it does.
fn run(data: &mut Data, client: &mut Client, words: &[&[u8]]) -> (Result<Value, Refusal>, Option<Wait>) {
    data.commands += 1;
    let spec = match table::find(words) {
        Ok(spec) => spec,
        Err(refusal) => return (Err(transactions::refused(data, client, words, refusal)), None),
    };
    if let Some(transaction) = &mut client.transaction
        && spec.kind != Kind::Transaction
    {
        transaction.commands.push(words.iter().map(|word| word.to_vec()).collect());
        return (Ok(Value::SimpleString("QUEUED".into())), None);
    }
    if client.protocol == Protocol::Resp2 && data.hub.interests(client.id) > 0 && !spec.is_for_subscribers() {
        let refusal = Refusal::while_subscribed(spec.name);
        return (Err(transactions::refused(data, client, words, refusal)), None);
    }
    data.roster.note(client.id, spec.name, data.keyspace.now_ms());
    let ran = run_now(spec, &mut Call::new(data, client, words));
    if let Some(mode) = &mut client.tracking
        && !spec.name.starts_with("client|")
    {
        mode.caching = None;
    }
    ran
}

/// Carries out what waited, which is no command of its own.
fn run_again(
    data: &mut Data,
    client: &mut Client,
    words: &[&[u8]],
) -> (Result<Value, Refusal>, Option<Wait>) {
    match table::find(words) {
        Ok(spec) => run_now(spec, &mut Call::new(data, client, words)),
        Err(refusal) => (Err(refusal), None),
    }
}

/// Carries out a command that is known and has the right number of words.
fn run_now(spec: &Spec, call: &mut Call<'_>) -> (Result<Value, Refusal>, Option<Wait>) {
    let reply = (spec.run)(call);
    if spec.kind == Kind::Read && call.client.tracking.is_some() {
        call.data.tracking.note_read(call.client, &spec.keys.of(call.words), &call.data.mailboxes);
    }
    (reply, call.wait.take())
}

/// Carries out a command inside of another, a transaction or a script, where nothing waits.
pub(crate) fn run_inside(spec: &Spec, call: &mut Call<'_>) -> Result<Value, Refusal> {
    run_now(spec, call).0
}

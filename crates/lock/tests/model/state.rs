//! What a moment of the model is made of.

/// How many servers there are, and how many of them are a majority.
pub(crate) const SERVERS: usize = 3;
pub(crate) const MAJORITY: usize = 2;
pub(crate) const CLIENTS: usize = 2;

/// One moment.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) struct State {
    pub(crate) now: u8,
    /// Sorted: which server is which makes no difference, so that states that differ in nothing else are one.
    pub(crate) servers: [Server; SERVERS],
    pub(crate) clients: [Client; CLIENTS],
    /// The token of the last grant.
    pub(crate) last: u8,
    pub(crate) wipes: u8,
    pub(crate) seen: Seen,
}

/// What has happened so far, of what a run must show to be worth anything.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub(crate) struct Seen {
    pub(crate) token_went_back: bool,
    pub(crate) wiped_while_held: bool,
    pub(crate) restored: bool,
    /// By client: whether it has held the lock.
    pub(crate) held: [bool; CLIENTS],
}

/// One server, and its links to the clients.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct Server {
    /// The id that holds the lock here; 0 if none does.
    pub(crate) owner: u8,
    /// How many steps it holds it.
    pub(crate) lives: u8,
    pub(crate) token: u8,
    /// How many steps it does not vote.
    pub(crate) quarantine: u8,
    pub(crate) links: [Link; CLIENTS],
}

/// What is on its way between a client and a server, and what the client has heard of it in the present round.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct Link {
    /// The older one first. Any arrives first; what has no room any more is lost.
    pub(crate) messages: [Message; 2],
    pub(crate) heard: Heard,
}

/// A request on its way, or a reply.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) enum Message {
    #[default]
    None,
    Take {
        id: u8,
        proposal: u8,
    },
    Know {
        id: u8,
        token: u8,
    },
    Extend {
        id: u8,
        round: u8,
    },
    Restore {
        id: u8,
        life: u8,
        token: u8,
    },
    Release {
        id: u8,
    },
    Reply {
        id: u8,
        round: u8,
        heard: Heard,
    },
}

/// What a server said.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) enum Heard {
    #[default]
    Nothing,
    Granted(u8),
    Written,
    Extended,
    Absent,
    No,
}

/// One client.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub(crate) struct Client {
    pub(crate) id: u8,
    pub(crate) attempts: u8,
    pub(crate) phase: Phase,
}

/// What a client does. `left` is how many steps of validity are left to it, counted from before anything was sent.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub(crate) enum Phase {
    #[default]
    Idle,
    Taking {
        left: u8,
    },
    Knowing {
        left: u8,
        token: u8,
    },
    Holding {
        left: u8,
        token: u8,
        round: u8,
        /// What is left to it if a majority confirms this round: nothing while there is none.
        round_left: u8,
    },
}

impl Link {
    /// Sends a message.
    pub(crate) fn send(&mut self, message: Message) {
        match self.messages {
            [Message::None, Message::None] => self.messages = [message, Message::None],
            [only, Message::None] | [Message::None, only] => self.messages = [only, message],
            [_, newer] => self.messages = [newer, message],
        }
    }

    /// Takes a message off its way.
    pub(crate) fn take(&mut self, place: usize) -> Message {
        let message = std::mem::take(&mut self.messages[place]);
        if place == 0 {
            self.messages = [self.messages[1], Message::None];
        }
        message
    }
}

impl State {
    pub(crate) fn beginning() -> Self {
        let server = Server { owner: 0, lives: 0, token: 0, quarantine: 0, links: Default::default() };
        Self {
            now: 0,
            servers: [server; SERVERS],
            clients: Default::default(),
            last: 0,
            wipes: 0,
            seen: Seen::default(),
        }
    }

    pub(crate) fn send(&mut self, client: usize, message: Message) {
        self.servers.iter_mut().for_each(|server| server.links[client].send(message));
    }

    pub(crate) fn forget_heard(&mut self, client: usize) {
        self.servers.iter_mut().for_each(|server| server.links[client].heard = Heard::Nothing);
    }

    /// How many servers said what this is true of.
    pub(crate) fn count(&self, client: usize, is: impl Fn(Heard) -> bool) -> usize {
        self.servers.iter().filter(|server| is(server.links[client].heard)).count()
    }

    /// Whether this client relies on the lock.
    pub(crate) const fn is_holding(&self, client: usize) -> bool {
        matches!(self.clients[client].phase, Phase::Holding { left, .. } if left > 0)
    }
}

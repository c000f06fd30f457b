//! The algorithm: what each may do in a state, and what comes of it.

use stateright::{Model, Property};

use super::state::{CLIENTS, Client, Heard, MAJORITY, Message, Phase, Server, State};

pub(crate) const ONE_HOLDER: &str = "no two leases are valid at once";
pub(crate) const TOKENS_RISE: &str = "each token is greater than all before";

/// How many steps a lease lives. A server that may have forgotten leases does not vote for as long.
const TTL: u8 = 2;

/// How far the model goes, and which rule it breaks.
#[derive(Clone, Debug, Default)]
pub(crate) struct Rules {
    pub(crate) flaws: &'static [Flaw],
    /// How often each client may ask for the lock.
    pub(crate) attempts: [u8; CLIENTS],
    /// How often each may extend it.
    pub(crate) rounds: [u8; CLIENTS],
    /// How often a server may lose all it has.
    pub(crate) wipes: u8,
    /// Whether it begins with the first client as the holder, by a majority: what led to that is looked at elsewhere.
    pub(crate) is_held: bool,
    /// How many steps there are.
    pub(crate) steps: u8,
}

/// A rule that is left out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Flaw {
    /// A server that has lost what it had votes at once.
    NoQuarantine,
    /// An attempt counts what was granted to earlier ones.
    VotesOfAllAttempts,
    /// A round of extensions counts those of earlier ones.
    VotesOfAllRounds,
    /// A lease counts from when its last vote came.
    ValidityFromReply,
    RestoreOverwrites,
    NoWriteBack,
    /// The id is the client's, not the acquisition's.
    ReleaseByName,
    ExtendInQuarantine,
    /// What is extended where it is not there is made anew, and counts.
    ExtendRecreates,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Action {
    Begin {
        client: usize,
    },
    GiveUp {
        client: usize,
    },
    Extend {
        client: usize,
    },
    Release {
        client: usize,
    },
    /// A message arrives: a request at its server, a reply at its client.
    Arrive {
        server: usize,
        client: usize,
        message: usize,
    },
    /// A server loses all it has, and every connection.
    Wipe {
        server: usize,
    },
    /// A step of time passes.
    Tick,
}

impl Model for Rules {
    type State = State;
    type Action = Action;

    fn init_states(&self) -> Vec<State> {
        let mut state = State::beginning();
        if self.is_held {
            let (id, token) = (1, 1);
            for server in state.servers.iter_mut().skip(1) {
                (server.owner, server.lives, server.token) = (id, TTL, token);
            }
            state.clients[0] = Client { id, attempts: 1, phase: Phase::Idle };
            self.hold(&mut state, 0, TTL, token);
        }
        vec![state]
    }

    fn actions(&self, state: &State, actions: &mut Vec<Action>) {
        for (client, Client { attempts, phase, .. }) in state.clients.iter().enumerate() {
            match phase {
                Phase::Idle if *attempts < self.attempts[client] => actions.push(Action::Begin { client }),
                Phase::Idle => {}
                Phase::Taking { .. } | Phase::Knowing { .. } => actions.push(Action::GiveUp { client }),
                Phase::Holding { round, .. } => {
                    actions.push(Action::Release { client });
                    if *round < self.rounds[client] {
                        actions.push(Action::Extend { client });
                    }
                }
            }
        }
        for (place, server) in state.servers.iter().enumerate() {
            if state.servers[..place].contains(server) {
                continue; // The same as at the other one.
            }
            for (client, link) in server.links.iter().enumerate() {
                let some = (0..2).filter(|message| link.messages[*message] != Message::None);
                actions.extend(some.map(|message| Action::Arrive { server: place, client, message }));
            }
            if state.wipes < self.wipes {
                actions.push(Action::Wipe { server: place });
            }
        }
        if state.now < self.steps {
            actions.push(Action::Tick);
        }
    }

    fn next_state(&self, last: &State, action: Action) -> Option<State> {
        let mut state = *last;
        match action {
            Action::Begin { client } => self.begin(&mut state, client),
            Action::GiveUp { client } if self.has(Flaw::VotesOfAllAttempts) => {
                if let Phase::Taking { left } = &mut state.clients[client].phase {
                    *left = TTL; // It asks on, as if it had only begun.
                }
            }
            Action::GiveUp { client } | Action::Release { client } => release(&mut state, client),
            Action::Extend { client } => self.extend(&mut state, client),
            Action::Arrive { server, client, message } => {
                let link = &mut state.servers[server].links[client];
                match link.take(message) {
                    Message::Reply { id, round, heard } => {
                        self.hear(&mut state, server, client, (id, round, heard));
                    }
                    request @ (Message::None
                    | Message::Take { .. }
                    | Message::Know { .. }
                    | Message::Extend { .. }
                    | Message::Restore { .. }
                    | Message::Release { .. }) => {
                        self.execute(&mut state, server, client, request);
                    }
                }
            }
            Action::Wipe { server } => {
                let wiped = state.servers[server];
                let owner = |place: usize| state.clients[place].id == wiped.owner;
                state.seen.wiped_while_held |=
                    (0..CLIENTS).any(|place| state.is_holding(place) && owner(place));
                let mut links = wiped.links;
                links.iter_mut().for_each(|link| link.messages = Default::default());
                state.servers[server] = Server { owner: 0, lives: 0, token: 0, quarantine: TTL, links };
                state.wipes += 1;
            }
            Action::Tick => tick(&mut state),
        }
        (0..CLIENTS).for_each(|client| self.tidy(&mut state, client));
        state.servers.sort_unstable();
        Some(state)
    }

    fn properties(&self) -> Vec<Property<Self>> {
        let mut properties = vec![
            Property::always(ONE_HOLDER, |_, state: &State| !(state.is_holding(0) && state.is_holding(1))),
            Property::always(TOKENS_RISE, |_, state: &State| !state.seen.token_went_back),
            Property::sometimes("both have held it", |_, state: &State| state.seen.held == [true; CLIENTS]),
            Property::sometimes("a token is written back", |_, state: &State| {
                state.clients.iter().any(|client| matches!(client.phase, Phase::Knowing { .. }))
            }),
        ];
        if self.wipes > 0 {
            properties.push(Property::sometimes("a holder's server is wiped", |_, state: &State| {
                state.seen.wiped_while_held
            }));
        }
        if self.rounds[0] > 0 {
            properties.push(Property::sometimes("a lease is extended", |_, state: &State| {
                state.clients.iter().any(
                    |client| matches!(client.phase, Phase::Holding { left, .. } if left + state.now > TTL && state.now > 0),
                )
            }));
            properties
                .push(Property::sometimes("a lease is restored", |_, state: &State| state.seen.restored));
        }
        properties
    }
}

impl Rules {
    fn has(&self, flaw: Flaw) -> bool {
        self.flaws.contains(&flaw)
    }

    fn begin(&self, state: &mut State, client: usize) {
        let proposal = state.now * 8 + 1;
        let (tag, attempts) =
            (u8::try_from(client).unwrap_or_default() * 16 + 1, state.clients[client].attempts);
        let id = if self.has(Flaw::ReleaseByName) { tag } else { tag + attempts };
        state.clients[client] = Client { id, attempts: attempts + 1, phase: Phase::Taking { left: TTL } };
        state.forget_heard(client);
        state.send(client, Message::Take { id, proposal });
    }

    fn extend(&self, state: &mut State, client: usize) {
        let Client { id, phase, .. } = &mut state.clients[client];
        let id = *id;
        if let Phase::Holding { round, round_left, .. } = phase {
            (*round, *round_left) = (*round + 1, TTL);
            let round = *round;
            if !self.has(Flaw::VotesOfAllRounds) {
                state.forget_heard(client);
            }
            state.send(client, Message::Extend { id, round });
        }
    }

    /// A server carries out a request.
    fn execute(&self, state: &mut State, server: usize, client: usize, request: Message) {
        let here = &mut state.servers[server];
        let may_vote = here.quarantine == 0 || self.has(Flaw::NoQuarantine);
        let (id, round, heard) = match request {
            Message::Take { id, proposal } => {
                (id, 0, if may_vote { take(here, id, proposal) } else { Heard::No })
            }
            Message::Know { id, token } if may_vote && here.owner == id => {
                here.token = here.token.max(token);
                (id, 0, Heard::Written)
            }
            Message::Know { id, .. } => (id, 0, Heard::No),
            Message::Extend { id, round } => {
                let may_extend = may_vote || self.has(Flaw::ExtendInQuarantine);
                (id, round, if may_extend { self.prolong(here, id) } else { Heard::No })
            }
            Message::Restore { id, life, token } => {
                if may_vote && (here.owner == 0 || self.has(Flaw::RestoreOverwrites)) {
                    (here.owner, here.lives, here.token) = (id, life, here.token.max(token));
                    state.seen.restored = true;
                }
                return;
            }
            Message::Release { id } => {
                if here.owner == id {
                    (here.owner, here.lives) = (0, 0);
                }
                return;
            }
            Message::None | Message::Reply { .. } => return,
        };
        // A no makes a client give up early at most, which it may do at any time.
        if heard != Heard::No {
            here.links[client].send(Message::Reply { id, round, heard });
        }
    }

    fn prolong(&self, here: &mut Server, id: u8) -> Heard {
        if here.owner == 0 && self.has(Flaw::ExtendRecreates) {
            here.owner = id;
        }
        if here.owner == id {
            here.lives = TTL;
            return Heard::Extended;
        }
        if here.owner == 0 { Heard::Absent } else { Heard::No }
    }

    /// A client hears a reply, and decides as soon as it can.
    fn hear(&self, state: &mut State, server: usize, client: usize, (id, of, heard): (u8, u8, Heard)) {
        let Client { id: ours, phase, .. } = state.clients[client];
        let is_of_attempt = matches!(heard, Heard::Granted(_)) && of == 0;
        let counts = id == ours
            && match phase {
                Phase::Idle => false,
                Phase::Taking { .. } => is_of_attempt,
                Phase::Knowing { .. } => matches!(heard, Heard::Written) && of == 0,
                Phase::Holding { round, .. } => of > 0 && (of == round || self.has(Flaw::VotesOfAllRounds)),
            };
        if !counts {
            return;
        }
        state.servers[server].links[client].heard = heard;
        match phase {
            Phase::Idle => {}
            Phase::Taking { left } => self.count_grants(state, client, left),
            Phase::Knowing { left, token } => {
                if state.count(client, |heard| heard == Heard::Written) >= MAJORITY {
                    self.hold(state, client, left, token);
                }
            }
            Phase::Holding { left, token, round, round_left } => {
                if state.count(client, |heard| heard == Heard::Extended) < MAJORITY {
                    return;
                }
                let left = left.max(round_left);
                state.clients[client].phase = Phase::Holding { left, token, round, round_left };
                for server in &mut state.servers {
                    let link = &mut server.links[client];
                    if link.heard == Heard::Absent {
                        link.heard = Heard::Nothing;
                        link.send(Message::Restore { id, life: left, token });
                    }
                }
            }
        }
    }

    fn count_grants(&self, state: &mut State, client: usize, left: u8) {
        let granted: Vec<u8> =
            state.servers.iter().filter_map(|server| granted(server.links[client].heard)).collect();
        if granted.len() < MAJORITY {
            return;
        }
        let token = granted.iter().copied().max().unwrap_or_default();
        let exactly = granted.iter().filter(|other| **other == token).count();
        if exactly >= MAJORITY || self.has(Flaw::NoWriteBack) {
            self.hold(state, client, left, token);
        } else {
            let id = state.clients[client].id;
            state.clients[client].phase = Phase::Knowing { left, token };
            state.forget_heard(client);
            state.send(client, Message::Know { id, token });
        }
    }

    fn hold(&self, state: &mut State, client: usize, left: u8, token: u8) {
        let left = if self.has(Flaw::ValidityFromReply) { TTL } else { left };
        state.seen.token_went_back |= token <= state.last;
        state.last = state.last.max(token);
        state.seen.held[client] = true;
        state.clients[client].phase = Phase::Holding { left, token, round: 0, round_left: 0 };
        state.forget_heard(client);
    }

    /// Forgets what changes nothing any more wherever it arrives, so that states that differ in nothing else are one.
    fn tidy(&self, state: &mut State, client: usize) {
        let Client { id: ours, phase, .. } = state.clients[client];
        let current = match phase {
            Phase::Idle => None,
            Phase::Taking { .. } | Phase::Knowing { .. } => Some(0),
            Phase::Holding { round, .. } => Some(round),
        };
        let is_over =
            |of: u8| current.is_none_or(|now| of < now && (of == 0 || !self.has(Flaw::VotesOfAllRounds)));
        let keeps_all = self.has(Flaw::ReleaseByName) || self.has(Flaw::ExtendRecreates);
        for server in &mut state.servers {
            let link = &mut server.links[client];
            if phase == Phase::Idle {
                link.heard = Heard::Nothing;
            }
            for place in [1, 0] {
                let takes = |message: &Message, of: u8| matches!(message, Message::Take { id, .. } | Message::Restore { id, .. } if *id == of);
                let is_there =
                    |of: u8| server.owner == of || link.messages.iter().any(|other| takes(other, of));
                let is_inert = match link.messages[place] {
                    Message::Reply { id, round, .. } => id != ours || is_over(round),
                    Message::Release { id } => !keeps_all && !is_there(id),
                    Message::Know { id, .. } => !keeps_all && !is_there(id),
                    Message::Extend { id, round } => {
                        !keeps_all && !is_there(id) && (id != ours || is_over(round))
                    }
                    Message::None | Message::Take { .. } | Message::Restore { .. } => false,
                };
                if is_inert {
                    link.take(place);
                }
            }
        }
    }
}

fn take(here: &mut Server, id: u8, proposal: u8) -> Heard {
    if here.owner == id {
        return Heard::Granted(here.token);
    }
    if here.owner != 0 {
        return Heard::No;
    }
    (here.owner, here.lives, here.token) = (id, TTL, proposal.max(here.token + 1));
    Heard::Granted(here.token)
}

const fn granted(heard: Heard) -> Option<u8> {
    if let Heard::Granted(token) = heard { Some(token) } else { None }
}

fn release(state: &mut State, client: usize) {
    let id = state.clients[client].id;
    state.clients[client].phase = Phase::Idle;
    state.send(client, Message::Release { id });
}

fn tick(state: &mut State) {
    state.now += 1;
    for server in &mut state.servers {
        server.quarantine = server.quarantine.saturating_sub(1);
        server.lives = server.lives.saturating_sub(1);
        if server.lives == 0 {
            server.owner = 0;
        }
    }
    for client in 0..CLIENTS {
        match &mut state.clients[client].phase {
            Phase::Idle => {}
            Phase::Taking { left } | Phase::Knowing { left, .. } => {
                *left -= 1;
                if *left == 0 {
                    release(state, client);
                }
            }
            Phase::Holding { left, round_left, .. } => {
                *left -= 1;
                *round_left = round_left.saturating_sub(1);
                if *left == 0 {
                    state.clients[client].phase = Phase::Idle;
                }
            }
        }
    }
}

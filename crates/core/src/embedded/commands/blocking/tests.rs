//! Several connections, some of which wait.

use redis::Value;
use tokio::sync::oneshot::{Receiver, error::TryRecvError};

use crate::embedded::blocked::{Ticket, Unblock};
use crate::embedded::client::{ClientId, Protocol};
use crate::embedded::data::Data;
use crate::embedded::refusal::Refusal;
use crate::embedded::state::{Answer, State};
use crate::embedded::testing::{Console, text, words};

type Reply = Result<Value, Refusal>;

/// Connections by number, and what those who wait have not heard yet.
struct Room {
    state: State,
    now_ms: i64,
    clients: Vec<ClientId>,
    waiting: Vec<Option<(Ticket, Receiver<Reply>)>>,
}

impl Room {
    fn new(clients: usize) -> Self {
        let mut state = State::new(Data::new(fastrand::Rng::with_seed(7), 1_000_000));
        let clients: Vec<_> = (0..clients).map(|_| state.connect(Protocol::Resp3)).collect();
        let waiting = clients.iter().map(|_| None).collect();
        Self { state, now_ms: 1_000_000, clients, waiting }
    }

    fn send(&mut self, who: usize, line: &str) -> String {
        self.send_words(who, &words(line))
    }

    fn send_words(&mut self, who: usize, words: &[Vec<u8>]) -> String {
        let words: Vec<&[u8]> = words.iter().map(Vec::as_slice).collect();
        match self.state.execute(self.clients[who], &words, self.now_ms) {
            Answer::Reply(reply) => text(&reply.unwrap_or_else(Refusal::into_value)),
            Answer::Confirmed(confirmations) => text(&Value::Array(confirmations)),
            Answer::Waits { ticket, reply, .. } => {
                self.waiting[who] = Some((ticket, reply));
                "waits".into()
            }
            Answer::Gone => "gone".into(),
        }
    }

    /// What one who waits has heard by now.
    fn heard(&mut self, who: usize) -> String {
        let Some((_, reply)) = &mut self.waiting[who] else { return "does not wait".into() };
        match reply.try_recv() {
            Ok(reply) => text(&reply.unwrap_or_else(Refusal::into_value)),
            Err(TryRecvError::Empty) => "waits".into(),
            Err(TryRecvError::Closed) => "closed".into(),
        }
    }

    /// Runs lines `WHO: COMMAND => REPLY`, or `WHO => WHAT IT HEARD`.
    #[track_caller]
    fn expect(&mut self, lines: &str) {
        for line in lines.lines().map(str::trim).filter(|line| !line.is_empty()) {
            let (line, expected) = line.split_once(" => ").unwrap();
            let reply = match line.split_once(": ") {
                Some((who, command)) => self.send(who.parse().unwrap(), command),
                None => self.heard(line.parse().unwrap()),
            };
            assert_eq!(reply, expected, "`{line}`");
        }
    }
}

#[test]
fn the_first_who_waits_is_served_first() {
    Room::new(4).expect(
        "1: BLPOP a b 0 => waits
         2: BRPOP b 0 => waits
         3: BLMPOP 0 2 b c LEFT COUNT 9 => waits
         0: RPUSH b x y z => 3
         1 => [b, x]
         2 => [b, z]
         3 => [b, [y]]
         0: LLEN b => 0",
    );
}

#[test]
fn one_who_waits_for_several_keys_takes_from_the_first_that_has_something() {
    Room::new(2).expect(
        "1: BLPOP a b 0 => waits
         0: MULTI => OK
         0: RPUSH b 1 => QUEUED
         0: RPUSH a 2 => QUEUED
         0: EXEC => [1, 1]
         1 => [a, 2]
         0: LRANGE b 0 -1 => [1]",
    );
}

#[test]
fn keys_are_served_in_the_order_in_which_they_were_filled() {
    for (first, second) in [("a", "b"), ("b", "a")] {
        let mut room = Room::new(3);
        room.expect(
            "1: BLMOVE b out LEFT RIGHT 0 => waits
             2: BLMOVE a out LEFT RIGHT 0 => waits
             0: MULTI => OK",
        );
        room.send(0, &format!("RPUSH {first} {first}"));
        room.send(0, &format!("RPUSH {second} {second}"));
        assert_eq!(room.send(0, "EXEC"), "[1, 1]");
        assert_eq!(room.send(0, "LRANGE out 0 -1"), format!("[{first}, {second}]"));
    }
}

#[test]
fn who_is_served_feeds_the_next_in_a_chain_and_a_circle_comes_to_rest() {
    Room::new(4).expect(
        "1: BLMOVE a b LEFT RIGHT 0 => waits
         2: BRPOPLPUSH b a 0 => waits
         3: BLPOP a 0 => waits
         0: RPUSH a x => 1
         1 => x
         2 => x
         3 => [a, x]
         0: LLEN a => 0",
    );
}

#[test]
fn a_key_of_another_type_serves_nobody_until_it_is_a_list() {
    let mut room = Room::new(2);
    room.expect(
        "1: BLPOP k 0 => waits
         0: SET k x => OK
         1 => waits
         0: BLPOP k l 0 => WRONGTYPE Operation against a key holding the wrong kind of value
         0: BZPOPMIN k 0 => WRONGTYPE Operation against a key holding the wrong kind of value
         0: RPUSH src x => 1
         0: BLMOVE src k LEFT LEFT 0 => WRONGTYPE Operation against a key holding the wrong kind of value
         0: LLEN src => 1",
    );
    room.state.data.keyspace.remove(b"k");
    room.expect("1 => waits\n0: RPUSH k y => 1\n1 => [k, y]");
}

#[test]
fn one_who_is_woken_for_another_key_stumbles_over_the_wrong_type_of_the_first() {
    Room::new(2).expect(
        "1: BLPOP a b 0 => waits
         0: SET a x => OK
         1 => waits
         0: RPUSH b 1 => 1
         1 => WRONGTYPE Operation against a key holding the wrong kind of value
         0: LLEN b => 1",
    );
}

#[test]
fn what_comes_and_goes_within_a_transaction_wakes_nobody() {
    Room::new(2).expect(
        "1: BLPOP k 0 => waits
         0: MULTI => OK
         0: RPUSH k 1 => QUEUED
         0: LPOP k => QUEUED
         0: EXEC => [1, 1]
         1 => waits
         0: MULTI => OK
         0: RPUSH k 1 => QUEUED
         0: LPOP k => QUEUED
         0: RPUSH k 2 => QUEUED
         0: EXEC => [1, 1, 1]
         1 => [k, 2]",
    );
}

#[test]
fn nothing_waits_inside_a_transaction() {
    Room::new(1).expect(
        "0: MULTI => OK
         0: BLPOP k 0 => QUEUED
         0: BLMOVE k l LEFT LEFT 0 => QUEUED
         0: BZPOPMAX k 0 => QUEUED
         0: EXEC => [nil, nil, nil]",
    );
}

#[test]
fn one_who_has_gone_away_is_passed_over() {
    let mut room = Room::new(4);
    room.expect("1: BLPOP k 0 => waits\n2: BLPOP k 0 => waits\n3: BLPOP k 0 => waits");
    room.waiting[1] = None;
    room.state.disconnect(room.clients[2]);
    room.expect("0: RPUSH k 1 => 1\n2 => closed\n3 => [k, 1]");
}

#[test]
fn one_whose_time_is_over_gets_nothing_even_if_there_is_something_now() {
    let mut room = Room::new(3);
    room.expect("1: BLPOP k 0.0101 => waits\n2: BLPOP k 0 => waits");
    room.now_ms += 11;
    room.expect("0: RPUSH k 1 => 1\n1 => nil\n2 => [k, 1]");
    room.expect("1: BLPOP k 0.0101 => waits");
    room.now_ms += 10;
    room.expect("0: RPUSH k 2 => 1\n1 => [k, 2]");
}

#[test]
fn a_waiting_connection_can_be_unblocked() {
    let mut room = Room::new(3);
    room.expect("1: BLPOP k 0 => waits\n2: BLPOP k 0 => waits");
    let clients = room.clients.clone();
    assert!(room.state.data.blocked.has(clients[1]));
    assert_eq!(room.state.data.blocked.len(), 2);
    assert!(room.state.data.blocked.release(clients[1], Unblock::TimedOut));
    assert!(room.state.data.blocked.release(clients[2], Unblock::Refused));
    assert!(!room.state.data.blocked.release(clients[2], Unblock::Refused));
    assert!(!room.state.data.blocked.has(clients[1]));
    room.expect("1 => nil\n2 => UNBLOCKED client unblocked via CLIENT UNBLOCK\n0: RPUSH k 1 => 1");
}

#[test]
fn a_push_serves_only_those_who_wait_for_its_key() {
    let mut room = Room::new(2_000);
    for client in 2..2_000 {
        assert_eq!(room.send(client, &format!("BLPOP idle{client} 0")), "waits");
    }
    room.expect("1: BLPOP k 0 => waits");
    let before = room.state.data.commands;
    room.expect("0: RPUSH k 1 => 1\n1 => [k, 1]\n0: RPUSH idle7 x => 1\n7 => [idle7, x]");
    assert_eq!(room.state.data.commands, before + 2, "what is tried again is no command of its own");
    assert_eq!(room.state.data.blocked.len(), 1_997);
}

#[test]
fn the_words_are_checked_in_redis_own_order() {
    Console::new().expect(
        "BLPOP k x => ERR timeout is not a float or out of range
         BLPOP k -1 => ERR timeout is negative
         BLPOP k -0.0001 => waits
         BLPOP k inf => ERR timeout is out of range
         BLPOP k 1e400 => ERR timeout is out of range
         BLPOP k -1e400 => ERR timeout is negative
         BLPOP k 1e5000 => ERR timeout is not a float or out of range
         BLPOP k nan => ERR timeout is not a float or out of range
         BLPOP k 1e19 => ERR timeout is out of range
         BLPOP k 9223372036854775 => ERR timeout is out of range
         BLMPOP x 0 k LEFT => ERR numkeys should be greater than 0
         BLMPOP x 2 k LEFT => ERR syntax error
         BLMPOP x 1 k UP => ERR syntax error
         BLMPOP x 1 k LEFT COUNT 0 => ERR count should be greater than 0
         BLMPOP x 1 k LEFT COUNT 1 => ERR timeout is not a float or out of range
         BLMOVE a b LEFT UP x => ERR syntax error
         BZMPOP x 1 k UP => ERR syntax error
         BZMPOP x 1 k MIN => ERR timeout is not a float or out of range
         BLPOP k => ERR wrong number of arguments for 'blpop' command",
    );
}

#[test]
fn a_value_that_replaces_another_wakes_only_where_it_is_a_new_key() {
    Room::new(2).expect(
        "1: BLPOP k 0 => waits
         0: SET k x => OK
         0: RPUSH src 1 2 => 2
         0: SORT src STORE k => 2
         1 => waits
         0: RENAME src k => OK
         1 => [k, 1]
         1: BLPOP l 0 => waits
         0: SET l x => OK
         0: COPY k l REPLACE => 1
         1 => [l, 2]",
    );
}

#[test]
fn sorted_sets_serve_those_who_wait_for_them() {
    Room::new(4).expect(
        "1: BZPOPMIN z 0 => waits
         2: BZPOPMAX x z 0 => waits
         3: BZMPOP 0 1 z MAX COUNT 9 => waits
         0: ZADD z 1 a 2 b 3 c 4 d => 4
         1 => [z, a, 1]
         2 => [z, d, 4]
         3 => [z, [[c, 3], [b, 2]]]
         0: EXISTS z => 0",
    );
}

#[test]
fn streams_serve_those_who_read_from_now_on_and_groups_tell_when_they_are_gone() {
    Room::new(4).expect(
        "1: XREAD BLOCK 0 STREAMS s $ => waits
         2: XREAD BLOCK 0 STREAMS s + => waits
         3: XREAD BLOCK 0 COUNT 1 STREAMS s 5 => waits
         0: XADD s 3-1 n 1 => 3-1
         1 => {s: [[3-1, [n, 1]]]}
         2 => {s: [[3-1, [n, 1]]]}
         3 => waits
         0: XADD s 5-1 n 2 => 5-1
         3 => {s: [[5-1, [n, 2]]]}
         0: XGROUP CREATE s g $ => OK
         1: XREADGROUP GROUP g a BLOCK 0 STREAMS s > => waits
         2: XREADGROUP GROUP g b BLOCK 0 STREAMS s > => waits
         0: XADD s 6-1 n 3 => 6-1
         1 => {s: [[6-1, [n, 3]]]}
         2 => waits
         0: XGROUP DESTROY s g => 1
         2 => NOGROUP No such key 's' or consumer group 'g' in XREADGROUP with GROUP option
         0: XGROUP CREATE s g $ => OK
         1: XREADGROUP GROUP g a BLOCK 0 STREAMS s > => waits
         0: DEL s => 1
         1 => NOGROUP No such key 's' or consumer group 'g' in XREADGROUP with GROUP option
         0: XGROUP CREATE s g $ MKSTREAM => OK
         1: XREADGROUP GROUP g a BLOCK 0 STREAMS s > => waits
         0: SET s x => OK
         1 => WRONGTYPE Operation against a key holding the wrong kind of value
         0: MULTI => OK
         0: XREAD BLOCK 0 STREAMS t $ => QUEUED
         0: EXEC => [nil]",
    );
}

#[test]
fn one_who_finds_nothing_waits_on_behind_all_others() {
    Room::new(4).expect(
        "0: XGROUP CREATE s1 g $ MKSTREAM => OK
         0: XGROUP CREATE s2 g $ MKSTREAM => OK
         1: XREADGROUP GROUP g c BLOCK 0 STREAMS s1 > => waits
         2: XREADGROUP GROUP g c BLOCK 0 STREAMS s1 s2 > > => waits
         3: XREADGROUP GROUP g c BLOCK 0 STREAMS s2 > => waits
         0: XADD s1 1-1 a b => 1-1
         1 => {s1: [[1-1, [a, b]]]}
         2 => waits
         0: XADD s2 1-1 a b => 1-1
         2 => waits
         3 => {s2: [[1-1, [a, b]]]}",
    );
}

#[test]
fn what_nobody_waits_for_has_no_place_in_the_order() {
    Room::new(3).expect(
        "1: BLPOP z a 0 => waits
         0: XADD a 1-1 f v => 1-1
         2: BZPOPMAX z 0 => waits
         0: MULTI => OK
         0: DEL a => QUEUED
         0: ZADD z 1 m => QUEUED
         0: LPUSH a 1 => QUEUED
         0: EXEC => [1, 1, 1]
         2 => [z, m, 1]
         1 => [a, 1]",
    );
}

#[test]
fn what_is_restored_over_something_else_is_served_as_a_new_key_is() {
    let mut room = Room::new(3);
    room.expect(
        "0: RPUSH list a b => 2
         0: XADD stream 6-1 c d => 6-1
         0: XADD s 5-1 a b => 5-1
         1: BLPOP l other 0 => waits
         2: XREAD BLOCK 0 STREAMS s 5-1 => waits
         0: SET l x => OK",
    );
    for (from, to) in [("list", "l"), ("stream", "s")] {
        let dump = [b"DUMP".as_slice(), from.as_bytes()];
        let (client, now_ms) = (room.clients[0], room.now_ms);
        let Answer::Reply(Ok(Value::BulkString(payload))) = room.state.execute(client, &dump, now_ms) else {
            panic!("{from} is dumped")
        };
        let restore = [b"RESTORE".to_vec(), to.into(), b"0".to_vec(), payload, b"REPLACE".to_vec()];
        assert_eq!(room.send_words(0, &restore), "OK");
    }
    room.expect(
        "1 => [l, a]
         2 => {s: [[6-1, [c, d]]]}
         0: LRANGE l 0 -1 => [b]",
    );
}

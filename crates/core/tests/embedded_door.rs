//! An embedded node behind a TCP port, as clients of other processes see it.

#![expect(clippy::unwrap_used, reason = "what tests share fails them as they do themselves")]

#[path = "embedded_door/wire.rs"]
mod wire;

use std::time::Duration;

use futures::StreamExt;
use redfleet_core::{BackendExt, Door, Embedded, Kept};
use redis::aio::MultiplexedConnection;
use redis::{AsyncCommands, Client, ProtocolVersion, PushInfo, PushKind, Value, cmd, pipe};
use tokio::time::timeout;
use wire::Wire;

const SOON: Duration = Duration::from_secs(60);

fn client(door: &Door, protocol: ProtocolVersion) -> Client {
    let suffix = if protocol == ProtocolVersion::RESP3 { "/?protocol=resp3" } else { "" };
    Client::open(format!("{}{suffix}", door.url())).unwrap()
}

async fn connection(door: &Door, protocol: ProtocolVersion) -> MultiplexedConnection {
    client(door, protocol).get_multiplexed_async_connection().await.unwrap()
}

#[tokio::test]
async fn both_protocols_and_the_process_itself_see_one_node() {
    let node = Embedded::new();
    let door = node.listen(0).unwrap();
    for protocol in [ProtocolVersion::RESP2, ProtocolVersion::RESP3] {
        let mut connection = connection(&door, protocol).await;
        let _: () = connection.set("k", format!("{protocol:?}")).await.unwrap();
        assert_eq!(node.query::<String>(cmd("GET").arg("k")).await.unwrap(), format!("{protocol:?}"));
        let _: () = connection.zadd("z", "a", 1.5).await.unwrap();
        let ranks: Vec<(String, f64)> = connection.zrange_withscores("z", 0, -1).await.unwrap();
        assert_eq!(ranks, [("a".to_owned(), 1.5)]);
        assert_eq!(connection.get::<_, Option<String>>("missing").await.unwrap(), None);
        let error = connection.incr::<_, _, i64>("k", 1).await.unwrap_err();
        assert!(error.to_string().contains("not an integer"), "{error}");
    }
}

#[tokio::test]
async fn a_pipeline_is_answered_in_order_and_a_transaction_as_one() {
    let door = Embedded::new().listen(0).unwrap();
    let mut connection = connection(&door, ProtocolVersion::RESP2).await;
    let mut pipeline = pipe();
    for number in 0..2000 {
        pipeline.cmd("ECHO").arg(number);
    }
    let echoed: Vec<i64> = pipeline.query_async(&mut connection).await.unwrap();
    assert!(echoed.into_iter().eq(0..2000));
    let (before, after): (Option<i64>, i64) =
        pipe().atomic().get("n").incr("n", 5).query_async(&mut connection).await.unwrap();
    assert_eq!((before, after), (None, 5));
}

#[tokio::test]
async fn messages_come_to_listeners_of_both_protocols() {
    let node = Embedded::new();
    let door = node.listen(0).unwrap();
    let mut old = client(&door, ProtocolVersion::RESP2).get_async_pubsub().await.unwrap();
    old.subscribe("c").await.unwrap();
    old.psubscribe("c*").await.unwrap();
    let (told, mut pushes) = tokio::sync::mpsc::unbounded_channel();
    let config = redis::AsyncConnectionConfig::new().set_push_sender(told);
    let client = client(&door, ProtocolVersion::RESP3);
    let mut new = client.get_multiplexed_async_connection_with_config(&config).await.unwrap();
    new.subscribe("c").await.unwrap();
    assert_eq!(node.query::<i64>(cmd("PUBLISH").arg("c").arg("hello")).await.unwrap(), 3);
    let mut messages = old.on_message();
    for _ in 0..2 {
        let message = timeout(SOON, messages.next()).await.unwrap().unwrap();
        assert_eq!(message.get_payload::<String>().unwrap(), "hello");
    }
    let mut told = Vec::new();
    while told.last().is_none_or(|push: &PushInfo| push.kind != PushKind::Message) {
        told.push(timeout(SOON, pushes.recv()).await.unwrap().unwrap());
    }
    assert_eq!(told.last().unwrap().data[1], Value::BulkString(b"hello".to_vec()));
}

#[tokio::test]
async fn what_was_read_is_invalidated_also_when_it_expires() {
    let node = Embedded::new();
    let door = node.listen(0).unwrap();
    let mut wire = Wire::to(&door).await;
    wire.send("HELLO 3\nCLIENT TRACKING ON\nSET k v PX 1000\nGET k\n").await;
    wire.expect_end("+OK\r\n+OK\r\n$1\r\nv\r\n").await;
    wire.expect(">2\r\n$10\r\ninvalidate\r\n*1\r\n$1\r\nk\r\n").await;
    wire.send("SET k 1\nGET k\nSET k 2\nPING\n").await;
    wire.expect("+OK\r\n$1\r\n1\r\n+OK\r\n>2\r\n$10\r\ninvalidate\r\n*1\r\n$1\r\nk\r\n+PONG\r\n").await;
    let mut listener = Wire::to(&door).await;
    listener.send("CLIENT ID\nSUBSCRIBE __redis__:invalidate\n").await;
    let id = listener.line().await[1..].to_owned();
    listener.expect("*3\r\n$9\r\nsubscribe\r\n$20\r\n__redis__:invalidate\r\n:1\r\n").await;
    let mut reader = Wire::to(&door).await;
    reader.send(&format!("CLIENT TRACKING ON REDIRECT {id}\nGET k\n")).await;
    reader.expect("+OK\r\n$1\r\n2\r\n").await;
    node.query::<()>(cmd("DEL").arg("k")).await.unwrap();
    listener.expect("*3\r\n$7\r\nmessage\r\n$20\r\n__redis__:invalidate\r\n*1\r\n$1\r\nk\r\n").await;
    listener.send("QUIT\n").await;
    listener.expect("+OK\r\n").await;
    listener.expect_close().await;
    reader.send("HELLO 3\nGET k\nSET k 3\n").await;
    reader.expect_end(&format!("_\r\n+OK\r\n>2\r\n$21\r\ntracking-redir-broken\r\n:{id}\r\n")).await;
}

#[tokio::test]
async fn replies_are_kept_back_as_the_client_asks() {
    let door = Embedded::new().listen(0).unwrap();
    let mut wire = Wire::to(&door).await;
    wire.send(
        "CLIENT REPLY SKIP\nECHO a\nECHO b\nCLIENT REPLY OFF\nECHO c\nECHO d\nCLIENT REPLY ON\nECHO e\n",
    )
    .await;
    wire.expect("$1\r\nb\r\n+OK\r\n$1\r\ne\r\n").await;
}

#[tokio::test]
async fn nils_of_a_transaction_are_those_of_its_commands() {
    let door = Embedded::new().listen(0).unwrap();
    let mut wire = Wire::to(&door).await;
    wire.send("MULTI\nLPOP n 1\nGET n\nEXEC\nWATCH k\nSET k 1\nMULTI\nEXEC\nZRANK n a\nMULTI\nHELLO 3\nEXEC\nGET n\n")
        .await;
    wire.expect("+OK\r\n+QUEUED\r\n+QUEUED\r\n*2\r\n*-1\r\n$-1\r\n+OK\r\n+OK\r\n+OK\r\n*-1\r\n$-1\r\n").await;
    wire.expect("+OK\r\n+QUEUED\r\n*1\r\n%7\r\n").await;
    wire.expect_end("_\r\n").await;
}

#[tokio::test]
async fn a_connection_ends_by_quit_by_kill_by_restart_and_with_the_door() {
    let node = Embedded::new();
    let door = node.listen(0).unwrap();
    let mut quitting = Wire::to(&door).await;
    quitting.send("PING\nQUIT\nPING\n").await;
    quitting.expect("+PONG\r\n+OK\r\n").await;
    quitting.expect_close().await;
    let mut killed = Wire::to(&door).await;
    killed.send("CLIENT ID\n").await;
    let id = killed.line().await[1..].to_owned();
    let count: i64 = node.query(cmd("CLIENT").arg("KILL").arg("ID").arg(id)).await.unwrap();
    assert_eq!(count, 1);
    killed.expect_close().await;
    let mut restarted = Wire::to(&door).await;
    restarted.send("PING\n").await;
    restarted.expect("+PONG\r\n").await;
    node.restart(Kept::All);
    restarted.expect_close().await;
    let mut last = Wire::to(&door).await;
    last.send("PING\n").await;
    last.expect("+PONG\r\n").await;
    let address = door.address();
    door.shutdown().await;
    last.expect_close().await;
    assert!(tokio::net::TcpStream::connect(address).await.is_err());
}

#[tokio::test]
async fn what_is_too_large_or_makes_no_sense_is_told_and_hung_up_on() {
    let door = Embedded::new().listen(0).unwrap();
    for (request, reply) in [
        ("*2\n$3\nGET\n$536870913\n", "-ERR Protocol error: invalid bulk length\r\n"),
        ("*1048577\n", "-ERR Protocol error: invalid multibulk length\r\n"),
        ("*1\nGET\n", "-ERR Protocol error: expected '$', got 'G'\r\n"),
        ("GET \"a\n", "-ERR Protocol error: unbalanced quotes in request\r\n"),
        ("\x16\x03\x01\x02\n", "-ERR unknown command '\x16\x03\x01\x02', with args beginning with: \r\n"),
    ] {
        let mut wire = Wire::to(&door).await;
        wire.send(request).await;
        wire.expect(reply).await;
        if reply.contains("Protocol") {
            wire.expect_close().await;
        }
    }
    let mut wire = Wire::to(&door).await;
    wire.send(&"x".repeat(200_000)).await;
    wire.expect("-ERR Protocol error: too big inline request\r\n").await;
    wire.expect_close().await;
}

#[tokio::test]
async fn one_connection_too_many_is_told_so_and_makes_room_when_another_ends() {
    let door = Embedded::new().door().connections_max(2).listen().unwrap();
    let mut first = Wire::to(&door).await;
    let mut second = Wire::to(&door).await;
    for wire in [&mut first, &mut second] {
        wire.send("PING\n").await;
        wire.expect("+PONG\r\n").await;
    }
    let mut third = Wire::to(&door).await;
    third.expect("-ERR max number of clients reached\r\n").await;
    third.expect_close().await;
    first.send("QUIT\n").await;
    first.expect("+OK\r\n").await;
    first.expect_close().await;
    drop(first);
    second.send("INFO stats\n").await;
    second.expect_end("rejected_connections:1\r\n").await;
    let is_in = async {
        loop {
            let mut fourth = Wire::to(&door).await;
            fourth.send("PING\n").await;
            if fourth.line().await == "+PONG" {
                return;
            }
        }
    };
    timeout(SOON, is_in).await.unwrap();
}

#[tokio::test]
async fn for_a_slow_reader_no_more_is_carried_out_than_he_has_room_for() {
    let node = Embedded::new();
    let door = node.door().unread_max_bytes(1 << 20).listen().unwrap();
    node.query::<()>(cmd("SET").arg("big").arg(vec![b'x'; 1 << 20])).await.unwrap();
    let mut slow = Wire::to(&door).await;
    // Much more than all the buffers between the two hold.
    let requests = "GET big\n".repeat(200) + "SET done 1\n";
    slow.send(&requests).await;
    let is_done = async || node.query::<Option<u8>>(cmd("GET").arg("done")).await.unwrap().is_some();
    for _ in 0..20 {
        tokio::time::sleep(Duration::from_millis(5)).await;
        assert!(!is_done().await, "what he asked for last waits until he has read");
    }
    for _ in 0..200 {
        assert_eq!(slow.line().await, "$1048576");
        slow.skip((1 << 20) + 2).await;
    }
    slow.expect("+OK\r\n").await;
    assert!(is_done().await);
}

/// Waits until it is so.
async fn until(is_so: impl AsyncFn() -> bool) {
    let waited = async {
        while !is_so().await {
            tokio::task::yield_now().await;
        }
    };
    timeout(SOON, waited).await.unwrap();
}

#[tokio::test]
async fn who_waits_is_served_in_order_and_what_he_sent_meanwhile_waits_too() {
    let node = Embedded::new();
    let door = node.listen(0).unwrap();
    let mut first = Wire::to(&door).await;
    first.send("CLIENT ID\nBLPOP l 0\nECHO behind\n").await;
    let id = first.line().await[1..].to_owned();
    let mut second = Wire::to(&door).await;
    second.send("BLPOP l 0.01\nBLPOP l 0\n").await;
    second.expect("*-1\r\n").await;
    let waiting = async || node.query::<String>(cmd("INFO").arg("clients")).await.unwrap();
    until(async || waiting().await.contains("blocked_clients:2\r\n")).await;
    node.query::<()>(cmd("RPUSH").arg("l").arg("a").arg("b")).await.unwrap();
    first.expect("*2\r\n$1\r\nl\r\n$1\r\na\r\n$6\r\nbehind\r\n").await;
    second.expect("*2\r\n$1\r\nl\r\n$1\r\nb\r\n").await;
    first.send("BLPOP l 0\n").await;
    let unblock = cmd("CLIENT").arg("UNBLOCK").arg(id).arg("ERROR").to_owned();
    until(async || node.query::<i64>(&unblock).await.unwrap() == 1).await;
    first.expect("-UNBLOCKED client unblocked via CLIENT UNBLOCK\r\n").await;
    // One who goes away while he waits takes nothing.
    first.send("BLPOP l 0\n").await;
    until(async || waiting().await.contains("blocked_clients:1\r\n")).await;
    drop(first);
    until(async || waiting().await.contains("blocked_clients:0\r\n")).await;
    node.query::<()>(cmd("RPUSH").arg("l").arg("c")).await.unwrap();
    assert_eq!(node.query::<i64>(cmd("LLEN").arg("l")).await.unwrap(), 1);
}

#[tokio::test]
async fn info_tells_of_the_door() {
    let node = Embedded::new();
    assert!(node.query::<String>(cmd("INFO").arg("server")).await.unwrap().contains("tcp_port:0\r\n"));
    let door = node.listen(0).unwrap();
    let mut wire = Wire::to(&door).await;
    wire.send("CLIENT INFO\nINFO server\n").await;
    wire.line().await;
    let line = wire.line().await;
    assert!(
        line.contains("addr=127.0.0.1:") && line.contains(&format!("laddr={}", door.address())),
        "{line}"
    );
    wire.expect_end(&format!("tcp_port:{}\r\n", door.address().port())).await;
}

/// A connection that is not one too many, and its number, as soon as there is room.
async fn let_in(door: &Door) -> (Wire, String) {
    loop {
        let mut wire = Wire::to(door).await;
        wire.send("CLIENT ID\n").await;
        if let Some(id) = wire.line().await.strip_prefix(':') {
            return (wire, id.to_owned());
        }
    }
}

#[tokio::test]
async fn who_does_not_read_is_cut_off_by_kill_by_restart_and_when_he_is_too_far_behind() {
    let node = Embedded::new();
    let door = node.door().unread_max_bytes(1 << 20).connections_max(1).listen().unwrap();
    let big = vec![b'x'; 1 << 20];
    let is_told = async || {
        let told: u64 = node.query(cmd("PUBLISH").arg("c").arg(&big)).await.unwrap();
        told > 0
    };
    for end in ["kill", "restart", "gap"] {
        node.query::<()>(cmd("SET").arg("big").arg(&big)).await.unwrap();
        let (mut slow, id) = let_in(&door).await;
        if end == "gap" {
            slow.send("SUBSCRIBE c\n").await;
            slow.expect_end(":1\r\n").await;
            // More than a mailbox and all the buffers hold.
            for _ in 0..200 {
                if !is_told().await {
                    break;
                }
                tokio::time::sleep(Duration::from_millis(1)).await;
            }
        } else {
            slow.send(&"GET big\n".repeat(200)).await;
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
        match end {
            "kill" => node.query::<()>(cmd("CLIENT").arg("KILL").arg("ID").arg(id)).await.unwrap(),
            "restart" => node.restart(Kept::All),
            _ => {}
        }
        // There is room for one more as soon as he is gone.
        drop(timeout(SOON, let_in(&door)).await.expect(end));
        drop(slow);
    }
}

#[tokio::test]
async fn of_two_doors_one_closes_and_the_other_is_told_of() {
    let node = Embedded::new();
    let first = node.door().connections_max(7).listen().unwrap();
    let second = node.listen(0).unwrap();
    let is_told = async |wanted: &str| {
        while !node.query::<String>(cmd("INFO")).await.unwrap().contains(wanted) {
            tokio::task::yield_now().await;
        }
    };
    timeout(SOON, is_told(&format!("tcp_port:{}\r\n", second.address().port()))).await.unwrap();
    second.shutdown().await;
    let info: String = node.query(cmd("INFO")).await.unwrap();
    assert!(info.contains(&format!("tcp_port:{}\r\n", first.address().port())), "{info}");
    assert!(info.contains("maxclients:7\r\n"), "{info}");
    let third = node.listen(0).unwrap();
    timeout(SOON, is_told(&format!("tcp_port:{}\r\n", third.address().port()))).await.unwrap();
    first.shutdown().await;
    let info: String = node.query(cmd("INFO")).await.unwrap();
    assert!(info.contains(&format!("tcp_port:{}\r\n", third.address().port())), "{info}");
}

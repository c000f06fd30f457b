//! The proxy in front of an echo server.

use std::net::Ipv4Addr;
use std::sync::mpsc;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::time::{Instant, timeout};

use super::*;

/// Long enough for anything that comes, on whatever machine.
const SOON: Duration = Duration::from_secs(60);
/// Short enough to wait for what must not come.
const A_WHILE: Duration = Duration::from_millis(60);

/// Answers every piece by itself, and tells what arrived.
async fn echo() -> (SocketAddr, mpsc::Receiver<Vec<u8>>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let addr = listener.local_addr().unwrap();
    let (arrived, arrivals) = mpsc::channel();
    tokio::spawn(async move {
        while let Ok((mut stream, _)) = listener.accept().await {
            let arrived = arrived.clone();
            tokio::spawn(async move {
                let mut buffer = vec![0; 64 * 1024];
                while let Ok(count @ 1..) = stream.read(&mut buffer).await {
                    arrived.send(buffer[..count].to_vec()).ok();
                    stream.write_all(&buffer[..count]).await.ok();
                }
            });
        }
    });
    (addr, arrivals)
}

/// Waits until so many bytes were swallowed: what is healed before that is not lost.
async fn has_lost(proxy: &Proxy, bytes: u64) {
    let lost = async {
        while proxy.traffic().lost_bytes < bytes {
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
    };
    timeout(SOON, lost).await.expect("it is lost");
}

struct Client(TcpStream);

impl Client {
    async fn connect(proxy: &Proxy) -> Self {
        Self(TcpStream::connect(proxy.addr()).await.unwrap())
    }

    async fn send(&mut self, text: &str) {
        self.0.write_all(text.as_bytes()).await.unwrap();
    }

    /// What comes next; empty if the connection ends.
    async fn next(&mut self) -> String {
        let mut buffer = [0; 1024];
        let read = timeout(SOON, self.0.read(&mut buffer)).await.expect("something comes or ends");
        String::from_utf8_lossy(&buffer[..read.unwrap_or(0)]).into_owned()
    }

    async fn is_silent(&mut self) -> bool {
        let mut buffer = [0; 1];
        timeout(A_WHILE, self.0.peek(&mut buffer)).await.is_err()
    }

    async fn echoes(&mut self, text: &str) -> bool {
        self.send(text).await;
        self.next().await == text
    }
}

#[tokio::test]
async fn what_passes_is_unchanged_and_counted() {
    let (server, _arrivals) = echo().await;
    let proxy = Proxy::start(server).unwrap();
    let mut client = Client::connect(&proxy).await;
    assert!(client.echoes("PING").await);
    assert!(client.echoes("again").await);
    assert_eq!(proxy.traffic(), Traffic { connections: 1, request_bytes: 9, reply_bytes: 9, lost_bytes: 0 });
    assert_eq!(proxy.open_connections(), 1);
}

#[tokio::test]
async fn a_big_value_passes_whole_both_ways() {
    let (server, _arrivals) = echo().await;
    let proxy = Proxy::start(server).unwrap();
    let (mut reader, mut writer) = TcpStream::connect(proxy.addr()).await.unwrap().into_split();
    let sent: Vec<u8> = (0..8 * 1024 * 1024_u32).map(|i| i.to_le_bytes()[i as usize % 3]).collect();
    let expected = sent.clone();
    tokio::spawn(async move {
        writer.write_all(&sent).await.unwrap();
        writer.shutdown().await.unwrap();
    });
    let mut received = Vec::new();
    timeout(SOON, reader.read_to_end(&mut received)).await.expect("all comes").unwrap();
    assert!(received == expected, "{} of {} bytes, or not the same", received.len(), expected.len());
}

/// So many that a slow machine takes less time for all than they would take one after the other.
const PIECES: u32 = 50;

#[tokio::test]
async fn each_way_has_its_own_delay_and_later_bytes_do_not_wait_for_earlier_ones() {
    let (server, _arrivals) = echo().await;
    let proxy = Proxy::start(server).unwrap();
    let mut client = Client::connect(&proxy).await;
    assert!(client.echoes("before").await);
    proxy.set(Fault::Delay { requests: Duration::from_millis(500), replies: Duration::from_millis(700) });
    let start = Instant::now();
    let mut last = start;
    client.send("one").await;
    for _ in 0..PIECES {
        // Apart, so that each is a piece of its own.
        tokio::time::sleep(Duration::from_millis(20)).await;
        last = Instant::now();
        client.send("two").await;
    }
    let mut reply = [0; 3];
    client.0.read_exact(&mut reply).await.unwrap();
    assert_eq!(&reply, b"one");
    assert!(start.elapsed() >= Duration::from_millis(1200), "{:?}", start.elapsed());
    for _ in 0..PIECES {
        client.0.read_exact(&mut reply).await.unwrap();
        assert_eq!(&reply, b"two");
    }
    assert!(last.elapsed() >= Duration::from_millis(1200), "{:?}", last.elapsed());
    // One after the other, they would take 700 ms each.
    assert!(start.elapsed() < Duration::from_millis(700) * PIECES, "{:?}", start.elapsed());
}

#[tokio::test]
async fn lost_requests_do_not_arrive_and_the_connection_ends_with_the_fault() {
    let (server, arrivals) = echo().await;
    let proxy = Proxy::start(server).unwrap();
    let mut client = Client::connect(&proxy).await;
    assert!(client.echoes("before").await);
    proxy.set(Fault::LoseRequests);
    client.send("lost").await;
    has_lost(&proxy, 4).await;
    assert!(client.is_silent().await);
    proxy.heal();
    assert_eq!(client.next().await, "", "a stream with a hole must not go on");
    assert!(Client::connect(&proxy).await.echoes("after").await);
    assert_eq!(arrivals.try_iter().collect::<Vec<_>>(), [b"before".to_vec(), b"after".to_vec()]);
}

#[tokio::test]
async fn lost_replies_were_requests_that_arrived() {
    let (server, arrivals) = echo().await;
    let proxy = Proxy::start(server).unwrap();
    let mut client = Client::connect(&proxy).await;
    assert!(client.echoes("before").await);
    proxy.set(Fault::LoseReplies);
    client.send("done").await;
    has_lost(&proxy, 4).await;
    assert!(client.is_silent().await);
    assert_eq!(arrivals.try_iter().collect::<Vec<_>>(), [b"before".to_vec(), b"done".to_vec()]);
    proxy.heal();
    assert_eq!(client.next().await, "", "a stream with a hole must not go on");
}

#[tokio::test]
async fn the_next_replies_are_lost_each_with_its_connection_and_no_more() {
    let (server, arrivals) = echo().await;
    let proxy = Proxy::start(server).unwrap();
    let mut clients = [Client::connect(&proxy).await, Client::connect(&proxy).await];
    let mut third = Client::connect(&proxy).await;
    proxy.lose_next_replies(2);
    for client in &mut clients {
        client.send("done").await;
        assert_eq!(client.next().await, "");
    }
    assert!(third.echoes("told").await);
    assert_eq!(arrivals.try_iter().count(), 3);
}

#[tokio::test]
async fn the_next_request_is_lost_with_its_connection_and_no_more() {
    let (server, arrivals) = echo().await;
    let proxy = Proxy::start(server).unwrap();
    let mut client = Client::connect(&proxy).await;
    proxy.lose_next_requests(1);
    client.send("lost").await;
    assert_eq!(client.next().await, "");
    assert!(Client::connect(&proxy).await.echoes("after").await);
    assert_eq!(arrivals.try_iter().collect::<Vec<_>>(), [b"after".to_vec()]);
}

#[tokio::test]
async fn a_hang_takes_connections_and_loses_nothing() {
    let (server, arrivals) = echo().await;
    let proxy = Proxy::start(server).unwrap();
    let mut old = Client::connect(&proxy).await;
    assert!(old.echoes("before").await);
    proxy.set(Fault::Hang);
    let mut new = Client::connect(&proxy).await;
    old.send("old").await;
    new.send("new").await;
    assert!(old.is_silent().await && new.is_silent().await);
    assert_eq!(arrivals.try_iter().count(), 1);
    proxy.heal();
    assert_eq!(old.next().await, "old");
    assert_eq!(new.next().await, "new");
}

#[tokio::test]
async fn a_cut_closes_what_is_open_and_refuses_what_comes_until_it_heals() {
    let (server, _arrivals) = echo().await;
    let proxy = Proxy::start(server).unwrap();
    let addr = proxy.addr();
    for round in 0..50 {
        let mut client = Client::connect(&proxy).await;
        assert!(client.echoes("before").await, "round {round}");
        proxy.cut();
        let refusal = TcpStream::connect(addr).await.expect_err("a cut refuses");
        assert_eq!(refusal.kind(), io::ErrorKind::ConnectionRefused, "round {round}");
        assert_eq!(client.next().await, "", "round {round}");
        proxy.heal();
    }
    assert_eq!(proxy.addr(), addr);
}

#[tokio::test]
async fn a_cut_that_heals_at_once_still_closes_what_was_open() {
    let (server, _arrivals) = echo().await;
    let proxy = Proxy::start(server).unwrap();
    let mut clients = [Client::connect(&proxy).await, Client::connect(&proxy).await];
    proxy.cut();
    proxy.heal();
    assert_eq!(clients[0].next().await, "");
    assert_eq!(clients[1].next().await, "");
    assert!(Client::connect(&proxy).await.echoes("after").await);
}

#[tokio::test]
async fn a_disconnect_closes_what_is_open_and_takes_what_comes() {
    let (server, _arrivals) = echo().await;
    let proxy = Proxy::start(server).unwrap();
    let mut client = Client::connect(&proxy).await;
    assert!(client.echoes("before").await);
    proxy.disconnect();
    let mut next = Client::connect(&proxy).await;
    assert_eq!(client.next().await, "");
    assert!(next.echoes("after").await);
}

#[tokio::test]
async fn garbage_is_not_resp_and_the_server_sees_nothing_of_it() {
    let (server, arrivals) = echo().await;
    let proxy = Proxy::start(server).unwrap();
    let mut old = Client::connect(&proxy).await;
    assert!(old.echoes("before").await);
    proxy.set(Fault::Garbage);
    let mut new = Client::connect(&proxy).await;
    for client in [&mut old, &mut new] {
        client.send("PING").await;
        assert!(client.next().await.starts_with("HTTP/1.1 400"));
    }
    proxy.heal();
    assert_eq!(old.next().await, "", "after garbage a client cannot know where it is");
    assert_eq!(arrivals.try_iter().count(), 1);
}

#[tokio::test]
async fn garbage_needs_no_server() {
    let proxy = Proxy::start((Ipv4Addr::LOCALHOST, 1).into()).unwrap();
    proxy.set(Fault::Garbage);
    let mut client = Client::connect(&proxy).await;
    client.send("PING").await;
    assert!(client.next().await.starts_with("HTTP/1.1 400"));
}

#[tokio::test]
async fn new_connections_go_to_the_new_upstream() {
    let (first, first_arrivals) = echo().await;
    let (second, second_arrivals) = echo().await;
    let proxy = Proxy::start(first).unwrap();
    let mut old = Client::connect(&proxy).await;
    assert!(old.echoes("old").await);
    proxy.set_upstream(second);
    assert_eq!(proxy.upstream(), second);
    assert!(Client::connect(&proxy).await.echoes("new").await);
    assert!(old.echoes("old").await);
    assert_eq!((first_arrivals.try_iter().count(), second_arrivals.try_iter().count()), (2, 1));
}

#[tokio::test]
async fn a_dead_upstream_ends_the_connection() {
    let (server, _arrivals) = echo().await;
    let proxy = Proxy::start((Ipv4Addr::LOCALHOST, 1).into()).unwrap();
    if let Ok(client) = TcpStream::connect(proxy.addr()).await {
        assert_eq!(Client(client).next().await, "");
    }
    proxy.set_upstream(server);
    assert!(Client::connect(&proxy).await.echoes("after").await);
}

#[test]
fn a_proxy_survives_the_runtime_that_started_it() {
    let runtime = || tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let server = runtime();
    let (upstream, _arrivals) = server.block_on(echo());
    let proxy = runtime().block_on(async { Proxy::start(upstream).unwrap() });
    server.block_on(async {
        assert!(Client::connect(&proxy).await.echoes("after").await);
    });
}

#[tokio::test]
async fn the_last_clone_takes_connections_and_port_along() {
    let (server, _arrivals) = echo().await;
    let proxy = Proxy::start(server).unwrap();
    let addr = proxy.addr();
    let mut client = Client::connect(&proxy).await;
    let clone = proxy.clone();
    drop(proxy);
    assert!(client.echoes("still there").await);
    drop(clone);
    assert_eq!(client.next().await, "");
    assert!(TcpStream::connect(addr).await.is_err());
}

#[tokio::test]
async fn what_is_stranded_arrives_when_it_heals_also_from_who_is_gone() {
    let (server, arrivals) = echo().await;
    let proxy = Proxy::start(server).unwrap();
    let (mut gone, mut here) = (Client::connect(&proxy).await, Client::connect(&proxy).await);
    assert!(gone.echoes("a").await && here.echoes("b").await);
    proxy.strand();
    gone.send("late").await;
    drop(gone);
    here.send("held").await;
    assert!(Client::connect(&proxy).await.echoes("new").await, "new connections are not concerned");
    tokio::time::sleep(A_WHILE).await;
    let arrived: Vec<_> = arrivals.try_iter().collect();
    assert_eq!(arrived, [b"a".to_vec(), b"b".to_vec(), b"new".to_vec()]);
    proxy.heal();
    assert_eq!(here.next().await, "held", "and who waited is answered");
    assert_eq!(
        tokio::task::spawn_blocking(move || {
            let mut late = [arrivals.recv_timeout(SOON).unwrap(), arrivals.recv_timeout(SOON).unwrap()];
            late.sort();
            late
        })
        .await
        .unwrap(),
        [b"held".to_vec(), b"late".to_vec()]
    );
}

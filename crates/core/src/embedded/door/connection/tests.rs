//! One connection with limits that no door has.

use tokio::net::TcpListener;

use super::*;
use crate::embedded::Embedded;
use crate::embedded::door::parse;

#[tokio::test]
async fn what_is_queued_is_limited_also_if_it_is_many_short_commands() {
    let requests = parse::Limits { request_max_bytes: 1000, ..Limits::default().requests };
    let limits = Limits { requests, ..Limits::default() };
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let mut client = TcpStream::connect(address).await.unwrap();
    let (stream, peer) = listener.accept().await.unwrap();
    let node = Arc::clone(&Embedded::new().node);
    let serving = tokio::spawn(Connection::open(node, peer, address, limits).serve(stream));
    client.write_all("MULTI\r\n".as_bytes()).await.unwrap();
    client.write_all("PING\r\n".repeat(12).as_bytes()).await.unwrap();
    let mut told = String::new();
    let read = client.read_to_string(&mut told);
    timeout(Duration::from_secs(60), read).await.expect("he is hung up on").unwrap();
    let queued = "+QUEUED\r\n".repeat(10);
    let refused = "-ERR Protocol error: too big request\r\n";
    assert!(told.starts_with(&format!("+OK\r\n{queued}")) && told.contains(refused), "{told}");
    drop(client);
    serving.await.unwrap();
}

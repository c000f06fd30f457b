//! The leash: containers end with the process that started them, however it ends.
#![cfg(feature = "test-servers")]
#![expect(clippy::unwrap_used, clippy::expect_used, reason = "a test's own steps")]
#![expect(clippy::print_stdout, reason = "how the process that dies says that it is ready")]

use std::env;
use std::io::{BufRead, BufReader, Read};
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use redfleet_core::test_util::{Server, owner, servers};
use tokio::time::{Instant, sleep};

/// Set where this very test binary runs once more, as the one that dies.
const PART: &str = "REDFLEET_LEASH_PART";
const PATIENCE: Duration = Duration::from_secs(60);
const READY: &str = "owner: ";

/// All containers that belong to `owner`, running or not.
fn containers(owner: &str) -> Vec<String> {
    let filter = format!("label=redfleet.owner={owner}");
    let output = Command::new("docker").args(["ps", "-aq", "--filter", &filter]).output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8_lossy(&output.stdout).lines().map(str::to_owned).collect()
}

async fn no_container_is_left(owner: &str) {
    let start = Instant::now();
    while !containers(owner).is_empty() {
        assert!(start.elapsed() < PATIENCE, "{:?} are left after {PATIENCE:?}", containers(owner));
        sleep(Duration::from_millis(50)).await;
    }
}

/// Runs the test of this name in a process of its own.
fn start_again(test: &str) -> Child {
    let mut command = Command::new(env::current_exe().unwrap());
    command.args(["--exact", test, "--nocapture"]).env(PART, "1");
    command.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap()
}

/// Waits until the child has its servers, and answers its owner's name.
fn owner_of(child: &mut Child) -> String {
    let lines = BufReader::new(child.stdout.as_mut().unwrap()).lines();
    let ready =
        lines.map_while(Result::ok).find_map(|line| line.split_once(READY).map(|(_, name)| name.to_owned()));
    ready.expect("the child has started its servers")
}

/// The part of the one that dies: two kinds of servers, then a wait until the parent is done with it.
async fn hold_servers() {
    let own = Server::start().await;
    let shared = servers(1).await;
    println!("{READY}{}", owner());
    std::io::stdin().read_to_end(&mut Vec::new()).unwrap();
    // As at the end of most tests: nobody removed anything.
    std::mem::forget((own, shared));
}

#[tokio::test]
async fn a_process_that_is_killed_leaves_no_container() {
    if env::var_os(PART).is_some() {
        return hold_servers().await;
    }
    let mut child = start_again("a_process_that_is_killed_leaves_no_container");
    let owner = owner_of(&mut child);
    assert_eq!(containers(&owner).len(), 2);
    child.kill().unwrap();
    let status = child.wait().unwrap();
    assert_eq!(status.code(), None, "it was to die by a signal: {status}");
    no_container_is_left(&owner).await;
}

#[tokio::test]
async fn a_process_that_ends_leaves_no_container() {
    if env::var_os(PART).is_some() {
        return hold_servers().await;
    }
    let mut child = start_again("a_process_that_ends_leaves_no_container");
    let owner = owner_of(&mut child);
    assert_eq!(containers(&owner).len(), 2);
    drop(child.stdin.take());
    assert!(child.wait().unwrap().success());
    no_container_is_left(&owner).await;
}

#[tokio::test]
async fn a_process_that_is_killed_while_a_container_is_made_leaves_none() {
    if env::var_os(PART).is_some() {
        println!("{READY}{}", owner());
        Server::start().await;
        std::future::pending::<()>().await;
    }
    for delay_ms in [0, 10, 30, 60, 100, 200] {
        let mut child = start_again("a_process_that_is_killed_while_a_container_is_made_leaves_none");
        let owner = owner_of(&mut child);
        sleep(Duration::from_millis(delay_ms)).await;
        child.kill().unwrap();
        child.wait().unwrap();
        // Longer than Docker takes to make what it was asked for, and so to show what came too late.
        sleep(Duration::from_millis(1500)).await;
        no_container_is_left(&owner).await;
    }
}

#[tokio::test]
async fn a_server_that_is_dropped_is_removed_at_once() {
    let server = Server::start().await;
    let before = containers(owner()).len();
    drop(server);
    let start = Instant::now();
    while containers(owner()).len() >= before {
        assert!(start.elapsed() < PATIENCE, "it is still there");
        sleep(Duration::from_millis(50)).await;
    }
}

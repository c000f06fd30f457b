//! Which servers vote, and when: first starts, restarts, wipes, strangers, twins, and clocks that are set.
#![expect(clippy::unwrap_used, reason = "set-up that fails is a failed test")]

use std::time::Duration;

use redfleet_core::redis::cmd;
use redfleet_core::test_util::SimulatedClock;
use redfleet_core::{BackendExt, Clock, Embedded, Fleet, Kept};
use redfleet_lock::{Builder, Error, Locks, ServerState};

const QUARANTINE: Duration = Duration::from_millis(60_602);

fn ms(ms: u64) -> Duration {
    Duration::from_millis(ms)
}

fn stores(count: usize) -> Vec<Embedded> {
    (0..count).map(|_| Embedded::new()).collect()
}

fn fleet(stores: &[Embedded]) -> Fleet {
    let named = stores.iter().enumerate();
    let node = |fleet: redfleet_core::FleetBuilder, (place, store): (usize, &Embedded)| {
        fleet.node(format!("n{place}"), store.shared())
    };
    named.fold(Fleet::builder(), node).build().unwrap()
}

/// A client whose clock follows the same paused time as the servers'.
fn client(stores: &[Embedded]) -> Builder {
    Locks::builder(fleet(stores)).clock(Clock::tokio())
}

async fn takes(locks: &Locks) -> bool {
    takes_one(locks, "invoice:7").await
}

async fn takes_one(locks: &Locks, name: &str) -> bool {
    match locks.lock(name).try_acquire().await {
        Ok(lease) => {
            lease.release().await.unwrap();
            true
        }
        Err(Error::Unreachable { .. }) => false,
        Err(other) => panic!("{other}"),
    }
}

fn states(locks: &Locks) -> Vec<&'static str> {
    let word = |state: &ServerState| match state {
        ServerState::Voting => "voting",
        ServerState::Unknown => "unknown",
        ServerState::Quarantined { .. } => "quarantined",
        ServerState::Down { .. } => "down",
        ServerState::Mixed { .. } => "mixed",
        ServerState::Twin { .. } => "twin",
        ServerState::Unfit { .. } => "unfit",
        _ => "new",
    };
    locks.health().iter().map(|server| word(&server.state)).collect()
}

/// Asks so often that every server has been asked.
async fn settle(locks: &Locks) -> Vec<&'static str> {
    // A majority is asked first, and by the name it is decided which: so all are asked.
    for name in ["a", "b", "c", "d", "e", "f"] {
        takes_one(locks, name).await;
        tokio::time::sleep(ms(1)).await;
    }
    states(locks)
}

#[tokio::test(start_paused = true)]
async fn an_unknown_server_votes_after_its_quarantine_and_not_a_millisecond_before() {
    for count in [1, 3] {
        let stores = stores(count);
        let locks = client(&stores).build().unwrap();
        assert_eq!(states(&locks), vec!["unknown"; count]);
        assert!(!takes(&locks).await);
        tokio::time::sleep(QUARANTINE - ms(1)).await;
        assert!(!takes(&locks).await);
        assert_eq!(settle(&locks).await[0], "voting");
        assert!(takes(&locks).await);
    }
}

#[tokio::test(start_paused = true)]
async fn a_restart_without_data_costs_a_server_its_vote_and_a_fleet_of_three_nothing() {
    let stores = stores(3);
    let locks = client(&stores).new_fleet().build().unwrap();
    assert_eq!(settle(&locks).await, ["voting"; 3]);
    stores[0].restart(Kept::Nothing);
    assert!(takes(&locks).await, "two of three vote");
    assert_eq!(settle(&locks).await, ["quarantined", "voting", "voting"]);
    stores[1].restart(Kept::Nothing);
    assert_eq!(settle(&locks).await, ["quarantined", "quarantined", "voting"]);
    assert!(!takes(&locks).await);
    tokio::time::sleep(QUARANTINE).await;
    assert_eq!(settle(&locks).await, ["voting"; 3]);
}

#[tokio::test(start_paused = true)]
async fn a_server_that_keeps_its_data_votes_at_once_after_a_restart_only_if_it_was_declared_to() {
    for is_durable in [false, true] {
        for kept in [Kept::All, Kept::Nothing] {
            let stores = stores(1);
            let builder = client(&stores).new_fleet();
            let builder = if is_durable { builder.durable() } else { builder };
            let locks = builder.build().unwrap();
            assert!(takes(&locks).await);
            stores[0].restart(kept);
            let votes = is_durable && kept == Kept::All;
            assert_eq!(takes(&locks).await, votes, "durable {is_durable}, {kept:?}");
            // Also for a client that begins after the restart: the mark of the life before is there, or all is gone.
            let later = client(&stores);
            let later = if is_durable { later.durable() } else { later }.build().unwrap();
            assert_eq!(takes(&later).await, votes, "durable {is_durable}, {kept:?}");
        }
    }
}

#[tokio::test(start_paused = true)]
async fn whatever_is_wiped_while_a_process_runs_is_no_new_fleet() {
    let stores = stores(3);
    let locks = client(&stores).new_fleet().build().unwrap();
    assert!(takes(&locks).await);
    for store in &stores {
        store.shared().query::<()>(cmd("FLUSHALL")).await.unwrap();
    }
    assert!(!takes(&locks).await);
    assert_eq!(settle(&locks).await, ["quarantined"; 3]);
    let later = client(&stores).new_fleet().build().unwrap();
    assert!(!takes(&later).await, "they have marks again");
    tokio::time::sleep(QUARANTINE).await;
    assert!(takes(&locks).await && takes(&later).await);
}

#[tokio::test(start_paused = true)]
async fn a_server_that_forgot_is_not_excused_by_a_process_that_starts_and_declares_a_new_fleet() {
    let stores = stores(3);
    assert!(takes(&client(&stores).new_fleet().build().unwrap()).await);
    stores[2].restart(Kept::Nothing);
    let later = client(&stores).new_fleet().build().unwrap();
    let before = tokio::time::Instant::now();
    assert!(takes(&later).await);
    assert!((ms(1_000)..ms(1_500)).contains(&before.elapsed()), "it looked again for a second");
    assert_eq!(settle(&later).await, ["voting", "voting", "quarantined"]);
}

#[tokio::test(start_paused = true)]
async fn a_fleet_is_not_new_as_long_as_a_server_does_not_answer() {
    let stores = stores(2);
    let with_nobody = Fleet::builder()
        .node("n0", stores[0].shared())
        .node("n1", stores[1].shared())
        .connect(["redis://127.0.0.1:1"])
        .unwrap()
        .build()
        .unwrap();
    let locks = Locks::builder(with_nobody).clock(Clock::tokio()).new_fleet().build().unwrap();
    assert!(!takes(&locks).await);
    assert_eq!(states(&locks)[..2], ["quarantined"; 2]);
}

#[tokio::test(start_paused = true)]
async fn processes_that_declare_a_new_fleet_at_the_same_time_are_one_declaration() {
    for _ in 0..20 {
        let stores = stores(3);
        let many: Vec<_> = (0..5).map(|_| client(&stores).new_fleet().build().unwrap()).collect();
        let race = many.iter().map(|locks| async move {
            let lease = locks.lock("invoice:7").try_acquire().await;
            // Who was not first may find it held, and never that too few vote.
            assert!(!matches!(lease, Err(Error::Unreachable { .. })) || is_split(&lease), "{lease:?}");
            if let Ok(lease) = lease {
                lease.release().await.unwrap();
            }
        });
        futures::future::join_all(race).await;
        for locks in &many {
            assert_eq!(settle(locks).await, ["voting"; 3]);
        }
    }
}

/// Whether all servers voted, though none got a majority.
fn is_split<T>(denied: &Result<T, Error>) -> bool {
    denied.as_ref().err().is_some_and(|error| error.to_string().contains("held"))
}

#[tokio::test(start_paused = true)]
async fn a_declaration_that_was_broken_off_is_finished_by_nobody_as_new() {
    // A process that died while it marked: one server has a mark, the others not.
    let stores = stores(3);
    let founder = client(&stores[..1]).new_fleet().build().unwrap();
    assert!(takes(&founder).await);
    let run_id = stores[0].shared().identify().await.unwrap().run_id().unwrap().to_owned();
    let mark = format!("{run_id} 3 60000");
    stores[0].shared().query::<()>(cmd("SET").arg("redfleet:lock:mark").arg(mark)).await.unwrap();
    let locks = client(&stores).new_fleet().build().unwrap();
    assert!(!takes(&locks).await);
    assert_eq!(settle(&locks).await, ["voting", "quarantined", "quarantined"]);
}

#[tokio::test(start_paused = true)]
async fn clients_that_disagree_on_the_fleet_get_no_votes_and_change_nothing() {
    let stores = stores(3);
    let locks = client(&stores).new_fleet().build().unwrap();
    assert_eq!(settle(&locks).await, ["voting"; 3]);
    let fewer = client(&stores[..1]).new_fleet().build().unwrap();
    let longer = client(&stores).max_ttl(Duration::from_secs(120)).build().unwrap();
    let stranger = client(&stores).namespace("shop").new_fleet().build().unwrap();
    for (wrong, count) in [(&fewer, 1), (&longer, 3)] {
        let error = wrong.lock("invoice:7").try_acquire().await.unwrap_err();
        assert!(error.to_string().contains("it belongs to another fleet: it has `"), "{error}");
        assert!(error.to_string().contains(" 3 60000`, and we say `"), "{error}");
        assert_eq!(settle(wrong).await, vec!["mixed"; count]);
    }
    assert_eq!(settle(&stranger).await, ["voting"; 3], "a namespace is a fleet of its own");
    assert_eq!(settle(&locks).await, ["voting"; 3]);
}

#[tokio::test(start_paused = true)]
async fn one_server_under_two_names_votes_once() {
    let one = Embedded::new();
    let stores = [one.clone(), one, Embedded::new()];
    let locks = client(&stores).build().unwrap();
    assert!(!takes(&locks).await);
    tokio::time::sleep(QUARANTINE).await;
    assert_eq!(settle(&locks).await, ["voting", "twin", "voting"]);
    assert!(takes(&locks).await, "two of three servers vote");
    let health = locks.health();
    assert!(matches!(&health[1].state, ServerState::Twin { of, .. } if &**of == "n0"), "{health:?}");
}

/// Servers whose clocks can be set.
fn dialled(count: usize) -> (Vec<SimulatedClock>, Vec<Embedded>) {
    let hands: Vec<_> = (0..count).map(|_| SimulatedClock::new(Duration::from_secs(1_700_000_000))).collect();
    let stores = hands.iter().map(|hand| Embedded::builder().clock(hand.clock()).build());
    (hands.clone(), stores.collect())
}

#[tokio::test(start_paused = true)]
async fn a_server_whose_clock_goes_forward_does_not_vote_until_all_that_it_ended_too_early_is_over() {
    let (hands, stores) = dialled(3);
    let locks = client(&stores).new_fleet().build().unwrap();
    assert_eq!(settle(&locks).await, ["voting"; 3]);
    hands[1].set_offset_ms(5_000);
    assert!(takes(&locks).await, "two of three vote");
    assert_eq!(settle(&locks).await, ["voting", "quarantined", "voting"]);
    let health = locks.health();
    assert!(health[1].jumped_ago.is_some() && health[0].jumped_ago.is_none(), "{health:?}");
    assert!((4_990_000..=5_010_000).contains(&health[1].clock_offset_us.unwrap()), "{health:?}");
    // Also for those who never saw it jump.
    let later = client(&stores).build().unwrap();
    assert_eq!(settle(&later).await, ["voting", "quarantined", "voting"]);
    tokio::time::sleep(QUARANTINE).await;
    assert_eq!(settle(&locks).await, ["voting"; 3]);
}

#[tokio::test(start_paused = true)]
async fn the_vote_that_tells_of_a_jump_does_not_count_and_a_longer_quarantine_stays() {
    let (hands, stores) = dialled(1);
    let locks = client(&stores).new_fleet().build().unwrap();
    assert!(takes(&locks).await && takes(&locks).await);
    hands[0].set_offset_ms(1_000);
    let error = locks.lock("invoice:7").try_acquire().await.unwrap_err();
    assert!(error.to_string().contains("its clock went forward"), "{error}");
    assert_eq!(states(&locks), ["quarantined"]);
    tokio::time::sleep(ms(10)).await;
    let owner: Option<String> =
        stores[0].shared().query(cmd("GET").arg("redfleet:lock:{invoice:7}:owner")).await.unwrap();
    assert_eq!(owner, None, "it was given back");
    let key = "redfleet:lock:quarantine";
    stores[0].shared().query::<()>(cmd("PEXPIRE").arg(key).arg(90_000)).await.unwrap();
    hands[0].set_offset_ms(2_000);
    assert!(!takes(&locks).await);
    let left_ms: u64 = stores[0].shared().query(cmd("PTTL").arg(key)).await.unwrap();
    assert!(left_ms > 80_000, "{left_ms}");
}

#[tokio::test(start_paused = true)]
async fn a_clock_that_goes_back_is_told_of_and_its_server_votes_on() {
    let (hands, stores) = dialled(3);
    let locks = client(&stores).new_fleet().build().unwrap();
    assert_eq!(settle(&locks).await, ["voting"; 3]);
    hands[2].set_offset_ms(-20_000);
    assert_eq!(settle(&locks).await, ["voting"; 3]);
    let offset_us = locks.health()[2].clock_offset_us.unwrap();
    assert!((-20_010_000..=-19_990_000).contains(&offset_us), "{offset_us}");
}

#[tokio::test(start_paused = true)]
async fn a_client_whose_own_clock_stood_still_accuses_nobody_ends_its_leases_and_takes_nothing_for_a_while() {
    let (_hands, stores) = dialled(3);
    let hand = SimulatedClock::new(Duration::from_secs(1));
    tokio::time::sleep(ms(1)).await;
    let locks = Locks::builder(fleet(&stores)).clock(hand.clock()).new_fleet().build().unwrap();
    assert_eq!(settle(&locks).await, ["voting"; 3]);
    tokio::time::sleep(Duration::from_secs(100)).await;
    let lease = locks.lock("other").unattended().try_acquire().await.unwrap();
    let before = lease.remaining();
    // The machine was stopped for 20 s without knowing it.
    tokio::time::sleep(Duration::from_secs(20)).await;
    hand.jump_ms(-20_000);
    assert!(before - lease.remaining() < ms(1));
    assert!(!takes(&locks).await, "the votes that tell of it do not count");
    let spent = before - lease.remaining();
    assert!((20_000..22_000).contains(&spent.as_millis()), "its lease has aged: {spent:?}");
    assert_eq!(states(&locks), ["voting"; 3], "no server was accused");
    tokio::time::sleep(ms(10)).await;
    assert!(!takes(&locks).await, "others may hold what is free on the servers, if it was them");
    tokio::time::sleep(ms(10)).await;
    assert!(lease.extend().await.is_ok(), "what is held is not concerned");
    let others = client(&stores).build().unwrap();
    assert!(takes(&others).await);
    tokio::time::sleep(QUARANTINE).await;
    assert!(takes(&locks).await);
}

#[tokio::test(start_paused = true)]
async fn with_one_server_a_client_whose_clock_stood_still_ends_its_leases_too_though_the_server_is_put_in_quarantine()
 {
    let (_hands, stores) = dialled(1);
    let hand = SimulatedClock::new(Duration::from_secs(1_000));
    let locks = Locks::builder(fleet(&stores)).clock(hand.clock()).new_fleet().build().unwrap();
    assert!(takes(&locks).await && takes(&locks).await);
    let lease = locks.lock("invoice:7").unattended().try_acquire().await.unwrap();
    // The machine was stopped for longer than the lease lives, and does not know it.
    for _ in 0..31 {
        tokio::time::sleep(Duration::from_secs(1)).await;
        hand.jump_ms(-1_000);
    }
    let others = client(&stores).build().unwrap();
    let theirs = others.lock("invoice:7").try_acquire().await.unwrap();
    assert!(!lease.remaining().is_zero(), "nobody has told it yet");
    assert!(locks.lock("other").try_acquire().await.is_err());
    assert!(lease.remaining().is_zero(), "now the server has, by what time it is there");
    assert!(!theirs.remaining().is_zero());
    assert_eq!(states(&locks), ["quarantined"], "it may have been the server's clock");
}

//! A rate is exact on one server, and within its bound on several, whatever falls apart.

use std::time::Duration;

use redfleet_core::{Clock, Faults, Fleet, Layer};
use redfleet_lock::{Error, Locks, Rate};
use tokio::time::Instant;

use crate::World;

/// The generic cell rate algorithm as its source has it, virtual scheduling, in microseconds.
struct Reference {
    interval: u64,
    burst: u64,
    arrival: u64,
}

impl Reference {
    /// What is left of the burst, or how long to wait.
    fn take(&mut self, now: u64, cost: u64) -> Result<u64, u64> {
        let arrival = self.arrival.max(now) + cost * self.interval;
        let latest = now + self.burst * self.interval;
        if arrival > latest {
            return Err(arrival - latest);
        }
        self.arrival = arrival;
        Ok((latest - arrival) / self.interval)
    }
}

#[tokio::test(start_paused = true)]
async fn on_one_server_it_is_the_algorithm_to_the_microsecond() {
    for seed in 0..20 {
        let mut random = fastrand::Rng::with_seed(seed);
        let world = World::new(1);
        let (count, burst) = (random.u32(1..200), random.u32(1..8));
        let rate = Rate::per_second(count).burst(burst);
        let interval = u64::from(1_000_000_u32.div_ceil(count));
        let mut reference = Reference { interval, burst: burst.into(), arrival: 0 };
        let clients = [world.client(seed), world.client(seed + 100)];
        let mut given = 0;
        for _ in 0..300 {
            tokio::time::advance(Duration::from_micros(random.u64(0..interval * 2))).await;
            let (seconds, micros): (u64, u64) = world.say(0, &["TIME"]).await;
            let cost = random.u32(1..=burst);
            let expected = reference.take(seconds * 1_000_000 + micros, cost.into());
            let client = random.usize(0..2);
            let got = match clients[client].rate("a", rate).try_take(cost).await {
                Ok(taken) => Ok(u64::from(taken.left)),
                Err(Error::Limited { retry_after, .. }) => {
                    Err(u64::try_from(retry_after.as_micros()).unwrap())
                }
                Err(error) => panic!("{error}"),
            };
            given += u64::from(got.is_ok());
            assert_eq!(got, expected, "seed {seed}: {rate:?}");
        }
        assert!((1..300).contains(&given), "seed {seed}: {given}");
    }
}

/// The most that was given in any span beyond what the bound allows for it, in parts of one.
fn beyond(given: &[Instant], rate: Rate, burst: u32, (servers, majority): (u32, u32)) -> f64 {
    let mut most = f64::MIN;
    for (first, start) in given.iter().enumerate() {
        for (last, end) in given.iter().enumerate().skip(first) {
            let earned = (*end - *start).as_secs_f64() / rate.interval().as_secs_f64();
            let allowed = f64::from(servers) / f64::from(majority) * (f64::from(burst) + earned);
            let count = u32::try_from(last - first + 1).unwrap();
            most = most.max(f64::from(count) - allowed);
        }
    }
    most
}

#[tokio::test(start_paused = true)]
async fn whatever_is_lost_all_processes_together_get_no_more_than_the_bound() {
    for (servers, majority) in [(3, 2), (5, 3)] {
        for seed in 0..6 {
            let mut random = fastrand::Rng::with_seed(seed);
            let world = World::new(servers);
            let cut: Vec<Vec<bool>> =
                (0..4).map(|_| (0..servers).map(|_| random.u8(0..4) == 0).collect()).collect();
            let clients: Vec<_> = (0..4_usize)
                .map(|client| {
                    let cut = &cut[client];
                    world.client_behind(seed * 10 + client as u64, |server, node| {
                        let faults = Faults::seeded(seed * 100 + (client * 10 + server) as u64);
                        let lost = if cut[server] { 1.0 } else { 0.1 };
                        faults.lose_requests(lost).lose_replies(0.1).layer(node)
                    })
                })
                .collect();
            let rate = Rate::per_second(100).burst(5);
            let mut given = Vec::new();
            for _ in 0..400 {
                tokio::time::advance(Duration::from_micros(random.u64(0..8_000))).await;
                let client = &clients[random.usize(0..4)];
                if client.rate("a", rate).try_take(1).await.is_ok() {
                    given.push(Instant::now());
                }
            }
            assert!(given.len() > 20, "{servers} servers, seed {seed}: {}", given.len());
            let bound = (u32::try_from(servers).unwrap(), majority);
            let beyond = beyond(&given, rate, 5, bound);
            assert!(beyond < 0.001, "{servers} servers, seed {seed}: {beyond} beyond");
        }
    }
}

#[tokio::test(start_paused = true)]
async fn the_bound_is_met_when_each_process_reaches_another_majority() {
    let world = World::new(3);
    let clients: Vec<_> = (0..3)
        .map(|client| {
            world.client_behind(client as u64, |server, node| {
                let lost = if server == client { 1.0 } else { 0.0 };
                Faults::seeded(7).lose_requests(lost).layer(node)
            })
        })
        .collect();
    let mut given = 0;
    for turn in 0..60 {
        let rate = Rate::per(1, Duration::from_secs(3600)).burst(6);
        given += usize::from(clients[turn % 3].rate("a", rate).try_take(1).await.is_ok());
    }
    assert_eq!(given, 9, "3/2 of a burst of 6");
}

#[tokio::test(start_paused = true)]
async fn servers_whose_turns_fell_apart_come_together_again() {
    let world = World::new(3);
    let client = world.client(1);
    let (seconds, micros): (u64, u64) = world.say(0, &["TIME"]).await;
    for server in 0..3 {
        let arrival = seconds * 1_000_000 + micros + 30_000 * (server as u64 + 1);
        world.say::<()>(server, &["SET", "redfleet:lock:{a}:rate", &arrival.to_string()]).await;
    }
    let rate = client.rate("a", Rate::per_second(10));
    let mut given = 0;
    for _ in 0..1_000 {
        tokio::time::advance(Duration::from_millis(1)).await;
        given += usize::from(rate.try_take(1).await.is_ok());
        tokio::task::yield_now().await;
    }
    assert!((9..=10).contains(&given), "{given} in a second");
}

#[tokio::test(start_paused = true)]
async fn who_waits_takes_as_soon_as_it_was_told_and_not_at_all_if_that_is_too_late() {
    for servers in [1, 3] {
        let world = World::new(servers);
        let rate = world.client(1).rate("a", Rate::per_second(10)).wait(Duration::from_millis(950));
        let start = Instant::now();
        let all: Vec<_> = (0..12)
            .map(|_| {
                let rate = rate.clone();
                tokio::spawn(async move { rate.take(1).await.map(|_| Instant::now()) })
            })
            .collect();
        let mut taken = Vec::new();
        let mut too_late = 0;
        for one in all {
            match one.await.unwrap() {
                Ok(at) => taken.push((at - start).as_millis()),
                Err(Error::TimedOut { last, .. }) => {
                    assert!(matches!(*last, Error::Limited { .. }));
                    too_late += 1;
                }
                Err(error) => panic!("{error}"),
            }
        }
        assert_eq!(taken.len(), 10, "{servers}: {taken:?}");
        assert_eq!(too_late, 2);
        assert!(taken.iter().zip(0_u128..).all(|(at, turn)| at.abs_diff(turn * 100) <= 20), "{taken:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn on_one_server_it_is_exact_and_not_to_be_had_without_that_one() {
    let world = World::new(3);
    let names = ["a", "b", "c", "d", "e", "f", "g", "h"];
    let mut down = 0;
    for name in names {
        let rate = Rate::per(1, Duration::from_secs(3600)).burst(2);
        let ours = world.client(1).rate(name, rate).on_one();
        let cut = world.client_behind(2, |server, node| {
            let lost = if server == 0 { 1.0 } else { 0.0 };
            Faults::seeded(7).lose_requests(lost).layer(node)
        });
        match cut.rate(name, rate).on_one().try_take(1).await {
            Ok(_) => assert!(ours.try_take(1).await.is_ok()),
            Err(Error::Unreachable { answers, .. }) => {
                down += 1;
                assert!(answers.to_string().contains("n0"), "{answers}");
                assert!(ours.try_take(2).await.is_ok());
            }
            Err(error) => panic!("{error}"),
        }
        assert!(matches!(ours.try_take(1).await, Err(Error::Limited { .. })));
    }
    assert!((1..names.len()).contains(&down), "{down}");
}

#[tokio::test(start_paused = true)]
async fn a_clock_that_was_set_back_takes_nothing_away_and_a_smaller_burst_is_told_the_truth() {
    for servers in [1, 3] {
        let world = World::new(servers);
        let locks = world.client(1);
        let rate = locks.rate("a", Rate::per_second(10).burst(3));
        rate.try_take(3).await.unwrap();
        for server in 0..servers {
            // What it keeps says that something was last taken an hour from now.
            let kept: String = world.say(server, &["GET", "redfleet:lock:{a}:rate"]).await;
            let hour = 3_600_000_000;
            let later: Vec<String> =
                kept.split(' ').map(|at| (at.parse::<u64>().unwrap() + hour).to_string()).collect();
            world.say::<()>(server, &["SET", "redfleet:lock:{a}:rate", &later.join(" ")]).await;
        }
        let Err(Error::Limited { retry_after, .. }) = rate.try_take(1).await else { panic!("it owes three") };
        assert!(retry_after <= Duration::from_millis(100), "{retry_after:?}");
        rate.clone().wait(Duration::from_secs(1)).take(1).await.unwrap();

        let many = locks.rate("b", Rate::per_second(1).burst(1_000));
        many.try_take(1_000).await.unwrap();
        let few = locks.rate("b", Rate::per_second(1).burst(1)).try_take(1).await;
        let Err(Error::Limited { retry_after, .. }) = few else { panic!("{few:?}") };
        assert!(retry_after > Duration::from_secs(990), "{retry_after:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn who_keep_each_other_from_a_majority_of_a_free_rate_do_not_believe_that_it_is_used_up() {
    let world = World::new(3);
    let ms = Duration::from_millis;
    let clients: Vec<_> = (0..3)
        .map(|client| {
            // Each is the first at another server.
            world.client_behind(client, |server, node| {
                let delay = if server as u64 == client { ms(1) } else { ms(6) };
                Faults::seeded(client).delay(delay..delay).layer(node)
            })
        })
        .collect();
    for name in ["a", "b", "c", "d", "e", "f"] {
        let rate = Rate::per(1, Duration::from_secs(3600));
        let all = clients.iter().map(|locks| locks.rate(name, rate).wait(Duration::from_secs(10)).take(1));
        let told = futures::future::join_all(all).await;
        assert_eq!(told.iter().filter(|told| told.is_ok()).count(), 1, "{name}: {told:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn the_one_server_that_decides_is_the_same_in_whatever_order_the_nodes_are_named() {
    let world = World::new(3);
    let fleet = |order: [usize; 3]| {
        let nodes = order.into_iter().fold(Fleet::builder(), |fleet, place| {
            fleet.node(format!("n{place}"), world.stores[place].shared())
        });
        Locks::builder(nodes.build().unwrap()).new_fleet().clock(Clock::tokio()).build().unwrap()
    };
    let (one, other) = (fleet([0, 1, 2]), fleet([2, 1, 0]));
    for name in ["a", "b", "c", "d", "e", "f", "g", "h"] {
        let rate = Rate::per(1, Duration::from_secs(3600));
        one.rate(name, rate).on_one().try_take(1).await.unwrap();
        let told = other.rate(name, rate).on_one().try_take(1).await;
        assert!(matches!(told, Err(Error::Limited { .. })), "{name}: {told:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn eight_processes_that_all_want_it_leave_little_of_a_rate_unused() {
    let ms = Duration::from_millis;
    for servers in [1, 3, 5] {
        let world = World::new(servers);
        let behind = |client: u64| {
            world.client_behind(client, move |server, node| {
                Faults::seeded(client * 10 + server as u64).delay(ms(1)..ms(7)).layer(node)
            })
        };
        let start = Instant::now();
        let tasks = (0..8).map(behind).map(|locks| async move {
            let rate = locks.rate("a", Rate::per(1, ms(2_000))).wait(ms(60_000));
            let mut taken = 0;
            while start.elapsed() < ms(200_000) {
                taken += usize::from(rate.take(1).await.is_ok());
            }
            taken
        });
        let taken = futures::future::join_all(tasks).await;
        // In 200 s it earns 100, and the last of them take in the seconds after.
        assert!(taken.iter().sum::<usize>() >= 95, "{servers}: {taken:?}");
    }
}

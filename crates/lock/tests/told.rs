//! What is told of servers that do not vote: once each, and no key or secret in it.
#![expect(clippy::unwrap_used, reason = "set-up that fails is a failed test")]

use std::fmt::{Debug, Write};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use redfleet_core::test_util::SimulatedClock;
use redfleet_core::{Clock, Embedded, Fleet, Kept};
use redfleet_lock::Locks;
use tracing::field::{Field, Visit};
use tracing::{Event, Level};
use tracing_subscriber::layer::{Context, SubscriberExt};

/// The warnings of the locks, a line each.
#[derive(Clone, Default)]
struct Told(Arc<Mutex<Vec<String>>>);

impl Told {
    fn take(&self) -> Vec<String> {
        std::mem::take(&mut *self.0.lock().unwrap())
    }
}

struct Line<'a>(&'a mut String);

impl Visit for Line<'_> {
    fn record_debug(&mut self, field: &Field, value: &dyn Debug) {
        // How much it is to the millisecond is told elsewhere.
        if field.name().ends_with("_ms") {
            write!(self.0, " {}", field.name()).unwrap();
        } else {
            write!(self.0, " {value:?}").unwrap();
        }
    }
}

impl<S: tracing::Subscriber> tracing_subscriber::Layer<S> for Told {
    fn on_event(&self, event: &Event<'_>, _: Context<'_, S>) {
        if *event.metadata().level() == Level::WARN && event.metadata().target().starts_with("redfleet_lock")
        {
            let mut line = String::new();
            event.record(&mut Line(&mut line));
            self.0.lock().unwrap().push(line);
        }
    }
}

#[tokio::test(start_paused = true)]
async fn whatever_happens_to_a_server_is_told_once_when_it_begins() {
    let told = Told::default();
    // For the whole process, and so in a binary of its own: what other threads see decides for all, too.
    tracing::subscriber::set_global_default(tracing_subscriber::registry().with(told.clone())).unwrap();
    let hands: Vec<_> = (0..3).map(|_| SimulatedClock::new(Duration::from_secs(1_700_000_000))).collect();
    let stores: Vec<_> = hands.iter().map(|hand| Embedded::builder().clock(hand.clock()).build()).collect();
    let fleet = |places: &[usize]| {
        let node = |fleet: redfleet_core::FleetBuilder, (name, place): (usize, &usize)| {
            fleet.node(format!("n{name}"), stores[*place].shared())
        };
        places.iter().enumerate().fold(Fleet::builder(), node).build().unwrap()
    };
    let client = |places: &[usize]| Locks::builder(fleet(places)).clock(Clock::tokio()).new_fleet();
    let ask = |locks: Locks| async move {
        for _ in 0..4 {
            if let Ok(lease) = locks.lock("secret-name").try_acquire().await {
                lease.release().await.unwrap();
            }
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
    };
    let locks = client(&[0, 1, 2]).build().unwrap();
    ask(locks.clone()).await;
    assert_eq!(told.take(), Vec::<String>::new(), "nothing is wrong");

    stores[0].restart(Kept::Nothing);
    ask(locks.clone()).await;
    let forgot = r#" "a server does not vote: it may have forgotten leases" "n0" left_ms"#;
    assert_eq!(told.take().iter().map(|line| sorted(line)).collect::<Vec<_>>(), [sorted(forgot)]);

    hands[1].set_offset_ms(5_000);
    ask(locks.clone()).await;
    hands[1].set_offset_ms(-20_000);
    ask(locks.clone()).await;
    let lines = told.take();
    let of = |what: &str| lines.iter().filter(|line| line.contains(what) && line.contains("n1")).count();
    assert_eq!(of("a server's clock was set forward"), 1, "{lines:?}");
    assert_eq!(of("does not vote"), 1, "the same line: {lines:?}");
    assert_eq!(of("a server's clock was set back"), 1, "{lines:?}");
    assert_eq!(of("a server's clock is off"), 1, "{lines:?}");

    tokio::time::sleep(Duration::from_secs(61)).await;
    ask(client(&[0, 1]).build().unwrap()).await;
    let lines = told.take();
    assert_eq!(lines.iter().filter(|line| line.contains("another fleet")).count(), 2, "{lines:?}");
    ask(client(&[2, 2, 1]).build().unwrap()).await;
    let lines = told.take();
    assert_eq!(lines.iter().filter(|line| line.contains("two nodes are one server")).count(), 1, "{lines:?}");
    assert!(!format!("{lines:?}").contains("secret"));
}

/// The words of a line, whatever the order of its fields.
fn sorted(line: &str) -> Vec<String> {
    let mut words: Vec<String> =
        line.split_whitespace().map(|word| word.trim_matches('"').to_owned()).collect();
    words.sort_unstable();
    words
}

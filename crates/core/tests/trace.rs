//! What the trace layer tells.
#![expect(clippy::unwrap_used, reason = "set-up that fails is a failed test")]

use std::collections::BTreeMap;
use std::fmt::Debug;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use redfleet_core::test_util::{Condition, Scripted};
use redfleet_core::{Batch, Layer, Trace};
use redis::cmd;
use tracing::field::{Field, Visit};
use tracing::span::{Attributes, Id, Record};
use tracing_subscriber::layer::{Context, SubscriberExt};

/// The fields of every span, in the order in which the spans were opened.
#[derive(Clone, Default)]
struct Spans(Arc<Mutex<BTreeMap<u64, BTreeMap<String, String>>>>);

impl Spans {
    fn note(&self, id: &Id, record: impl FnOnce(&mut dyn Visit)) {
        let mut all = self.0.lock().unwrap();
        record(&mut Fields(all.entry(id.into_u64()).or_default()));
    }
}

struct Fields<'a>(&'a mut BTreeMap<String, String>);

impl Visit for Fields<'_> {
    fn record_debug(&mut self, field: &Field, value: &dyn Debug) {
        self.0.insert(field.name().to_owned(), format!("{value:?}"));
    }

    fn record_str(&mut self, field: &Field, value: &str) {
        self.0.insert(field.name().to_owned(), value.to_owned());
    }
}

impl<S: tracing::Subscriber> tracing_subscriber::Layer<S> for Spans {
    fn on_new_span(&self, attributes: &Attributes<'_>, id: &Id, _: Context<'_, S>) {
        self.note(id, |fields| attributes.record(fields));
    }

    fn on_record(&self, id: &Id, values: &Record<'_>, _: Context<'_, S>) {
        self.note(id, |fields| values.record(fields));
    }
}

#[tokio::test(start_paused = true)]
async fn a_span_tells_node_command_outcome_and_time_and_no_key_or_value() {
    let spans = Spans::default();
    // For the whole process, and so in a binary of its own: what other threads see decides for all, too.
    tracing::subscriber::set_global_default(tracing_subscriber::registry().with(spans.clone())).unwrap();
    let server = Scripted::new().on("INCR", ":1\r\n").on("GET", "-WRONGTYPE not a string\r\n");
    let node = Trace::new("n7").layer(server.shared());
    server.set(Condition::Slow(Duration::from_micros(250)));
    node.call(cmd("incr").arg("secret-key").arg("secret-value")).await.unwrap();
    node.call(cmd("GET").arg("secret-key")).await.unwrap_err();
    let batch: Batch = (0..3).map(|_| cmd("INCR").arg("secret-key").take()).collect();
    node.call_batch(&batch).await.unwrap();
    server.set(Condition::Refused);
    node.call(&cmd("PING")).await.unwrap_err();

    let spans = spans.0.lock().unwrap();
    let told: Vec<_> =
        spans.values().map(|span| (span["command"].as_str(), span["outcome"].as_str())).collect();
    assert_eq!(told, [("INCR", "ok"), ("GET", "refused"), ("batch of 3", "ok"), ("PING", "link")]);
    assert!(spans.values().all(|span| span["node"] == "n7"));
    // Paused time advances by whole milliseconds.
    assert_eq!(spans.values().next().unwrap()["micros"], "1000");
    assert!(!format!("{spans:?}").contains("secret"));
}

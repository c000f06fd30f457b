//! Errors that nobody awaits are logged, and no others.

use std::fmt::Debug;
use std::sync::{Arc, Mutex, PoisonError};

use redfleet_core::redis::Cmd;
use redfleet_pipe::Pipes;
use tracing::field::{Field, Visit};
use tracing_subscriber::layer::{Context, Layer, SubscriberExt};

/// The texts of warnings.
#[derive(Clone, Default)]
struct Warnings(Arc<Mutex<Vec<String>>>);

impl<S: tracing::Subscriber> Layer<S> for Warnings {
    fn on_event(&self, event: &tracing::Event<'_>, _: Context<'_, S>) {
        let mut text = event.metadata().level().to_string();
        event.record(&mut Text(&mut text));
        self.0.lock().unwrap_or_else(PoisonError::into_inner).push(text);
    }
}

struct Text<'a>(&'a mut String);

impl Visit for Text<'_> {
    fn record_debug(&mut self, field: &Field, value: &dyn Debug) {
        self.0.push_str(&format!(" {}={value:?}", field.name()));
    }
}

// One test, for the warnings are those of the whole process.
#[tokio::test]
async fn an_error_that_nobody_awaits_is_logged_and_one_that_is_awaited_or_asked_for_is_not() {
    let warnings = Warnings::default();
    tracing::subscriber::set_global_default(tracing_subscriber::registry().with(warnings.clone())).unwrap();
    let take = || std::mem::take(&mut *warnings.0.lock().unwrap());
    let pipes = Pipes::connect("embedded://unseen").unwrap();
    pipes.run(|pipe| pipe.set("text", "private")).await.unwrap();

    pipes.scope(async |scope| drop(scope.add::<i64>(Cmd::incr("text", 1)))).await;
    let told = take();
    assert_eq!(told.len(), 1, "before it was sent: {told:?}");
    assert!(
        told[0].starts_with("WARN message=a command failed whose value nobody awaited error=INCRBY"),
        "{told:?}"
    );
    assert!(!told[0].contains("private"), "{told:?}");

    pipes
        .scope(async |scope| {
            let late = scope.add::<i64>(Cmd::incr("text", 1));
            assert!(scope.add::<i64>(Cmd::incr("text", 1)).await.is_err());
            assert!(scope.run(|pipe| pipe.incr("text", 1).result()).await.unwrap().is_err());
            drop(late);
            drop(scope.run(|pipe| pipe.incr("text", 1).result()));
            drop(scope.add::<i64>(Cmd::incr("n", 1)));
        })
        .await;
    assert_eq!(take().len(), 1, "only the one that was dropped when its reply was there");
}

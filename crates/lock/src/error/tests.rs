//! What errors say, and what may be left of what failed.

use redfleet_core::{Error as CoreError, Fleet, test_util::Scripted};

use super::*;

/// What three servers said, of which the first did as asked.
async fn answers(effect: Effect) -> Shortfall {
    let fleet = (0..3)
        .fold(Fleet::builder(), |fleet, place| fleet.node(format!("n{place}"), Scripted::new().shared()));
    let fleet = fleet.build().unwrap();
    let answer = move |node: redfleet_core::Node| async move {
        if node.index() == 0 && effect == Effect::Unknown {
            return Ok(());
        }
        Err(CoreError::declined("it is held there for 20 ms more", Effect::None))
    };
    fleet.run(fleet.majority(), answer).await.shortfall()
}

fn name() -> Arc<str> {
    "invoice:7".into()
}

#[tokio::test]
async fn each_text_is_complete_in_itself() {
    let (held, ttl) = (answers(Effect::Unknown).await, Duration::from_secs(30));
    let said = "1 of the 2 acknowledgements needed; n1: declined: it is held there for 20 ms more; n2: declined: it is held there \
                for 20 ms more";
    let last = Box::new(Error::Held { name: name(), answers: held.clone() });
    let texts = [
        (*last.clone(), format!("`invoice:7` is held: {said}")),
        (
            Error::TimedOut { name: name(), wait: Duration::from_millis(250), last },
            format!("`invoice:7` was not free within 250ms: `invoice:7` is held: {said}"),
        ),
        (
            Error::Unreachable { name: name(), answers: held.clone() },
            format!("`invoice:7` cannot be taken: {said}"),
        ),
        (
            Error::TooLate { name: name(), ttl },
            "`invoice:7` was granted too late: of its ttl of 30s nothing was left: choose a longer one"
                .to_owned(),
        ),
        (
            Error::Lost { name: name() },
            "the lease on `invoice:7` is lost: what it protects may be somebody else's now".to_owned(),
        ),
        (Error::Released { name: name() }, "the lease on `invoice:7` was released before".to_owned()),
        (
            Error::Unconfirmed { name: name(), answers: held.clone(), ttl },
            format!(
                "`invoice:7` was released, but too few servers confirmed it, so it may stay taken for up to 30s: {said}"
            ),
        ),
        (
            Error::NotHolder { name: name(), answers: held },
            format!("`invoice:7` is not held under this id: {said}"),
        ),
        (
            Error::Request { what: "a lock's name", expected: "not empty".into() },
            "nothing was sent: a lock's name must be not empty".to_owned(),
        ),
        (Error::Shutdown, "the locks were shut down".to_owned()),
    ];
    for (error, text) in texts {
        assert_eq!(error.to_string(), text);
    }
}

#[tokio::test]
async fn the_effect_is_none_only_where_nothing_can_be_left_on_a_server() {
    for effect in [Effect::None, Effect::Unknown] {
        let held = Error::Held { name: name(), answers: answers(effect).await };
        assert_eq!(held.effect(), effect);
        let timed_out = Error::TimedOut { name: name(), wait: Duration::ZERO, last: Box::new(held) };
        assert_eq!(timed_out.effect(), effect);
        let limited =
            Error::Limited { name: name(), retry_after: Duration::ZERO, answers: answers(effect).await };
        assert_eq!(limited.effect(), effect);
        assert_eq!(Error::Unreachable { name: name(), answers: answers(effect).await }.effect(), effect);
    }
    assert_eq!(Error::TooLate { name: name(), ttl: Duration::ZERO }.effect(), Effect::Unknown);
    assert_eq!(Error::Shutdown.effect(), Effect::None);
}

#[test]
fn what_cannot_be_built_says_what_to_do() {
    let texts = [
        (
            BuildError::Setting { setting: "the ttl", expected: "longer than zero" },
            "the ttl must be longer than zero",
        ),
        (
            BuildError::Sharded { node: "n1".into() },
            "`n1` is a cluster, which cannot vote: its members forget what they granted when a replica takes over: give single \
             servers",
        ),
        (
            BuildError::NoRuntime,
            "locks need a tokio runtime when they are built: build them in an async function",
        ),
    ];
    for (error, text) in texts {
        assert_eq!(error.to_string(), text);
    }
}

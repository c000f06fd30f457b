//! RP-PIPE: pipelines.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};

use redfleet_core::{Backend, BackendExt, Script};
use redfleet_pipe::{Error, Pipe};
use redis::cmd;

use super::world::{one, stored};

#[tokio::test]
async fn rp_pipe_a_string_is_not_ready_before_execute_and_then_is_bar() {
    let (pipes, _) = one();
    let mut pipe = pipes.pipe();
    pipe.set("foo", "bar");
    let foo = pipe.get::<Vec<u8>>("foo");
    assert!(matches!(foo.get(), Err(Error::NotExecuted)));
    pipe.execute().await.unwrap().all().unwrap();
    assert_eq!(foo.get().unwrap().as_deref(), Some(&b"bar"[..]));
}

#[tokio::test]
async fn rp_pipe_members_of_a_sorted_set_are_added_and_read_in_one_pipeline() {
    let (pipes, _) = one();
    let mut pipe = pipes.pipe();
    for (score, member) in [(1.0, "a"), (2.0, "b"), (3.0, "c")] {
        pipe.zadd("foo", member, score);
    }
    let members = pipe.zrange::<String>("foo", 0, -1);
    assert!(matches!(members.get(), Err(Error::NotExecuted)));
    pipe.execute().await.unwrap().all().unwrap();
    assert_eq!(members.get().unwrap(), ["a", "b", "c"]);
}

#[tokio::test]
async fn rp_pipe_a_callback_fills_a_dictionary_only_at_execute() {
    let (pipes, _) = one();
    let filled = Arc::new(Mutex::new(BTreeMap::new()));
    let fill = |pipe: &mut Pipe| {
        let values: Vec<_> = ["foo", "bar"]
            .map(|key| {
                pipe.set(key, format!("{key}-value"));
                (key, pipe.get::<String>(key))
            })
            .into();
        let filled = Arc::clone(&filled);
        pipe.on_execute(move || {
            filled
                .lock()
                .unwrap()
                .extend(values.into_iter().map(|(key, value)| (key, value.take().unwrap())));
        });
    };
    let mut pipe = pipes.pipe();
    fill(&mut pipe);
    assert!(filled.lock().unwrap().is_empty());
    pipe.execute().await.unwrap().all().unwrap();
    let expected =
        BTreeMap::from([("foo", Some("foo-value".to_owned())), ("bar", Some("bar-value".to_owned()))]);
    assert_eq!(*filled.lock().unwrap(), expected);
}

#[tokio::test]
async fn rp_pipe_to_leave_without_execute_sends_nothing_and_forgets_callbacks() {
    let (pipes, store) = one();
    let foo = {
        let mut pipe = pipes.pipe();
        pipe.on_execute(|| panic!("it was not executed"));
        pipe.set("foo", "bar");
        pipe.get::<String>("foo")
    };
    assert!(matches!(foo.get(), Err(Error::Dropped)));
    assert_eq!(stored::<Option<String>>(&store, "foo").await, None);
}

#[tokio::test]
async fn rp_pipe_reset_and_then_execute_sends_nothing() {
    let (pipes, store) = one();
    let mut pipe = pipes.pipe();
    pipe.on_execute(|| panic!("it was reset"));
    let foo = pipe.set("foo", "bar");
    pipe.clear();
    assert!(pipe.is_empty());
    assert_eq!(pipe.execute().await.unwrap().commands(), 0);
    assert!(matches!(foo.get(), Err(Error::Dropped)));
    assert_eq!(stored::<Option<String>>(&store, "foo").await, None);
}

/// RedPipe sent everything once more: its root kept what it had sent.
#[tokio::test]
async fn rp_pipe_an_explicit_execute_within_what_executes_by_itself_sends_once() {
    let (pipes, store) = one();
    let mut pipe = pipes.pipe();
    let count = pipe.incr("n", 1);
    pipe.execute().await.unwrap().all().unwrap();
    pipe.execute().await.unwrap().all().unwrap();
    assert_eq!((count.get().unwrap(), stored::<i64>(&store, "n").await), (1, 1));
}

/// The digest of a script is 40 hexadecimal digits; a script that the server does not know goes with its text, one that
/// it knows by its digest; and after SCRIPT FLUSH, where RedPipe raised `NoScriptError`, it works all the same.
#[tokio::test]
async fn rp_pipe_a_script_runs_by_text_by_digest_and_after_script_flush() {
    let (pipes, store) = one();
    let script = Script::new("return tonumber(ARGV[1]) + 1");
    let call = script.call().arg(7);
    let digest = sha1_of(&store).await;
    assert!(digest.len() == 40 && digest.bytes().all(|byte| byte.is_ascii_hexdigit()));
    for _ in 0..3 {
        assert_eq!(pipes.run(|pipe| pipe.script::<i64>(&call)).await.unwrap(), 8);
    }
    let known: Vec<bool> = store.query(cmd("SCRIPT").arg("EXISTS").arg(&digest)).await.unwrap();
    assert_eq!(known, [true]);
    store.query::<()>(cmd("SCRIPT").arg("FLUSH")).await.unwrap();
    assert_eq!(pipes.run(|pipe| pipe.script::<i64>(&call)).await.unwrap(), 8);
    assert_eq!(pipes.run(|pipe| pipe.script::<i64>(&call)).await.unwrap(), 8);
}

async fn sha1_of(store: &Arc<dyn Backend>) -> String {
    store.query(cmd("SCRIPT").arg("LOAD").arg("return tonumber(ARGV[1]) + 1")).await.unwrap()
}

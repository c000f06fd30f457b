//! A resource that is written to with tokens: who held the lock before is refused, whatever it writes.

use redfleet_core::{BackendExt, Embedded};
use redfleet_lock::{Fence, FencedError, FencedWrite};
use redis::cmd;

fn write(token: u64) -> FencedWrite {
    FencedWrite::new("{r}:fence", Fence::new(token))
}

#[tokio::test]
async fn an_earlier_holder_is_refused_and_nothing_of_its_command_is_done() {
    let store = Embedded::new().shared();
    let append = |text: &str| cmd("APPEND").arg("{r}").arg(text).to_owned();
    // As large as tokens are: microseconds since the epoch.
    let first = 1_763_775_000_000_000;
    let length: usize = write(first).run(&*store, &append("a")).await.unwrap();
    assert_eq!(length, 1);
    let () = write(first + 1).run(&*store, &append("b")).await.unwrap();
    let () = write(first + 1).run(&*store, &append("c")).await.unwrap();
    let Err(FencedError::Stale(stale)) = write(first).run::<()>(&*store, &append("x")).await else {
        panic!("the earlier holder wrote");
    };
    assert_eq!((stale.fence, stale.greatest), (Fence::new(first), Fence::new(first + 1)));
    assert_eq!(
        stale.to_string(),
        "`{r}:fence` refuses the token 1763775000000000: it has seen 1763775000000001, of a later holder"
    );
    let text: String = store.query(cmd("GET").arg("{r}").to_owned()).await.unwrap();
    assert_eq!(text, "abc");
}

#[tokio::test]
async fn what_the_server_refuses_is_told_as_it_is_and_the_token_counts_all_the_same() {
    let store = Embedded::new().shared();
    let () = write(1).run(&*store, &cmd("SET").arg("{r}").arg("text").to_owned()).await.unwrap();
    let wrong = write(2).run::<i64>(&*store, &cmd("INCR").arg("{r}").to_owned()).await;
    assert!(matches!(wrong, Err(FencedError::Node(_))), "{wrong:?}");
    let late = write(1).run::<()>(&*store, &cmd("DEL").arg("{r}").to_owned()).await;
    assert!(matches!(late, Err(FencedError::Stale(_))), "{late:?}");
}

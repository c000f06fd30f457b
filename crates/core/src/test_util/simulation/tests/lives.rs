//! Nodes that restart, with all of their data, without the last second of it, or with none.

use redis::{Value, cmd};
use tokio::time::sleep;

use super::{get, held, in_worlds, incr, ms, set};
use crate::test_util::simulation::{Fault, Plan, World};
use crate::{BackendExt, Batch, Effect, Error, Kept};

fn restart(kept: Kept) -> Fault {
    Fault::Restart { node: 0, kept }
}

#[test]
fn after_a_restart_there_is_what_was_kept_under_a_new_run_id() {
    for (kept, has_old, has_new) in
        [(Kept::All, true, true), (Kept::Synced, true, false), (Kept::Nothing, false, false)]
    {
        let plan = Plan::new().during(ms(2500)..ms(2600), restart(kept));
        in_worlds(plan, move |world: World| async move {
            let link = world.client(0).link(0);
            link.call(&set("old", 1)).await.unwrap();
            let before = link.identify().await.unwrap();
            sleep(ms(2300)).await;
            link.call(&set("new", 1)).await.unwrap();
            sleep(ms(500)).await;
            let there = [link.query::<Option<i64>>(get("old")).await, link.query(get("new")).await];
            let there = there.map(|value| value.unwrap().is_some());
            assert_eq!(there, [has_old, has_new], "{kept:?}");
            let after = link.identify().await.unwrap();
            assert!(!before.is_same_server(&after) && after.link() > before.link(), "{before} {after}");
        });
    }
}

#[test]
fn while_a_node_is_down_connections_are_refused_and_its_neighbours_go_on() {
    in_worlds(Plan::new().during(ms(100)..ms(500), restart(Kept::All)), |world| async move {
        let client = world.client(0);
        let link = client.link(0);
        incr(&*link, "k").await.unwrap();
        sleep(ms(200)).await;
        let error = incr(&*link, "k").await.unwrap_err();
        assert!(matches!(&error, Error::Link { reason, .. } if reason.is_refusal()), "{error}");
        assert_eq!(error.effect(), Effect::None);
        assert_eq!(incr(&*client.link(1), "k").await.unwrap(), 1);
        sleep(ms(400)).await;
        assert_eq!(incr(&*link, "k").await.unwrap(), 2, "it is back, and nothing was counted meanwhile");
    });
}

#[test]
fn a_restart_leaves_what_was_under_way_unknown() {
    in_worlds(Plan::new(), |world| async move {
        let link = world.client(0).link(0);
        link.identify().await.unwrap();
        let asked = tokio::spawn(async move { link.call(&set("k", 1)).await });
        tokio::task::yield_now().await;
        let down = world.inject(restart(Kept::All));
        assert_eq!(asked.await.unwrap().unwrap_err().effect(), Effect::Unknown);
        down.end();
        assert_eq!(held(&world, 0, "k").await, None, "it was still on its way");
    });
}

#[test]
fn a_session_ends_with_its_connection_and_what_it_watched_with_it() {
    in_worlds(Plan::new(), |world| async move {
        let link = world.client(0).link(0);
        let session = link.session(None).await.unwrap();
        session.query::<()>(cmd("WATCH").arg("k")).await.unwrap();
        link.call(&set("k", 1)).await.unwrap();
        let mut batch = Batch::new().atomic();
        batch.push(set("k", 2));
        let conflict = session.call_batch(&batch).await;
        assert!(!matches!(conflict.as_ref().map(Vec::as_slice), Ok([Ok(Value::Okay)])), "{conflict:?}");
        assert_eq!(held(&world, 0, "k").await.as_deref(), Some("1"));

        world.inject(restart(Kept::All)).end();
        sleep(ms(50)).await;
        assert_eq!(session.call(&get("k")).await.unwrap_err().effect(), Effect::None);
        assert_eq!(session.incarnation(), None);
        let session = link.session(None).await.unwrap();
        assert_eq!(session.query::<i64>(get("k")).await.unwrap(), 1);
    });
}

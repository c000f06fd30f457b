//! The thinnest path: a lock is taken, is held, and is given back, on one server and on three.

use std::sync::Arc;

use redfleet_core::{Embedded, Fleet};
use redfleet_lock::{Error, Locks};

#[tokio::test]
async fn a_lock_is_held_by_one_and_free_again_when_it_is_released() {
    for nodes in [1, 3] {
        let stores: Vec<_> = (0..nodes).map(|_| Embedded::new()).collect();
        let fleet = || {
            let named = stores.iter().enumerate();
            named.fold(Fleet::builder(), |fleet, (place, store)| {
                fleet.node(format!("n{place}"), store.shared())
            })
        };
        let locks = || Locks::builder(fleet().build().unwrap()).new_fleet().build().unwrap();
        let (ours, theirs) = (locks(), locks());
        let lease = ours.lock("invoice:7").try_acquire().await.unwrap();
        assert!(matches!(theirs.lock("invoice:7").try_acquire().await, Err(Error::Held { .. })));
        lease.release().await.unwrap();
        assert!(matches!(lease.release().await, Err(Error::Released { .. })));
        let later = theirs.lock("invoice:7").try_acquire().await.unwrap();
        assert!(later.fence() > lease.fence());
        drop(Arc::new(later));
    }
}

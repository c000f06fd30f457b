//! Outside the model: a holder that stops for longer than its lease lives. It writes all the same, and only its token stops it.

use std::sync::atomic::{AtomicUsize, Ordering};

use redfleet_core::test_util::history::Violation;
use redfleet_core::test_util::simulation::{Fault, Scenario, Way, Which, World};
use redfleet_lock::Fence;
use tokio::time::sleep;

use super::world::{locks, ms, soon};

/// Where holders write: it keeps the greatest token that it has seen, and refuses lesser ones.
#[derive(Debug, Default)]
struct Resource {
    greatest: Option<Fence>,
    /// By whom it was written, in order.
    written: Vec<usize>,
    refused: usize,
}

impl Resource {
    fn write(&mut self, who: usize, fence: Fence) {
        if self.greatest.is_some_and(|greatest| fence < greatest) {
            self.refused += 1;
            return;
        }
        (self.greatest, self.written) = (Some(fence), [self.written.as_slice(), &[who]].concat());
    }
}

/// One holds the lock, stops for a while, does not look at its lease and writes; meanwhile another may have had the lock.
async fn run(world: World, late: &AtomicUsize) -> Result<(), Violation> {
    let (first, second) = (locks(&world, 0), locks(&world, 1));
    let mut resource = Resource::default();
    let (mut dice, unattended) = (world.dice("pause"), ms(400));
    let lease = soon(&first.lock("a").ttl(unattended)).await.map_err(Violation::new)?;
    let fence = lease.fence();
    // The whole process stops: nothing of it reaches a server any more, and nobody in it learns that the lease is over.
    let stopped = Fault::Cut { client: Which::One(0), node: Which::Every, way: Way::Both };
    let stopped = world.inject(stopped);
    let pause = async { sleep(ms(dice.u64(0..2500))).await };
    let other = async {
        let lease = soon(&second.lock("a").ttl(unattended)).await.map_err(Violation::new)?;
        Ok::<_, Violation>(lease)
    };
    tokio::select! {
        biased;
        lease = other => {
            let lease = lease?;
            resource.write(1, lease.fence());
            stopped.end();
            // The first one wakes up, and writes what it was about to.
            resource.write(0, fence);
            late.fetch_add(1, Ordering::SeqCst);
            let rule = "a resource that looks at tokens refuses who was overtaken";
            Violation::unless(resource.refused == 1 && resource.written == [1], rule, || format!("{resource:?}"))
        }
        () = pause => {
            resource.write(0, fence);
            Violation::unless(resource.refused == 0, "who was not overtaken writes", || format!("{resource:?}"))
        }
    }
}

#[test]
fn a_holder_that_stops_is_overtaken_and_its_token_refused() {
    let late = AtomicUsize::new(0);
    let scenario = Scenario::new("a_holder_that_stops_is_overtaken_and_its_token_refused");
    scenario.clients(2).seeds(540).run(|world| run(world, &late));
    assert!(late.into_inner() > 0, "in some world it is too late");
}

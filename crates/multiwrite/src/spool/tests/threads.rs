//! Many writers at once, with one who flushes and one who reads.

use std::thread;

use super::*;

#[test]
fn writers_on_many_threads_lose_nothing_and_the_order_is_that_of_the_seqs() {
    const WRITERS: u64 = 4;
    const WRITES: u64 = 400;
    for fsync in [Fsync::Never, Fsync::Always] {
        let (disk, options) = (Disk::new(), SpoolOptions::new().segment_bytes(4 << 10).fsync(fsync));
        let (spool, _) = open(&disk, &options);
        let sequencer = Mutex::new(0_u64);
        thread::scope(|scope| {
            for writer in 0..WRITERS {
                let (spool, sequencer) = (&spool, &sequencer);
                scope.spawn(move || {
                    for write in 0..WRITES {
                        let effect = set(&format!("k{writer}:{write}"), "value");
                        let intent = spool.intend(&effect.keys).unwrap();
                        let mut seq = sequencer.lock().unwrap();
                        *seq += 1;
                        spool.outcome(intent, Some((*seq, &effect)));
                    }
                });
            }
            scope.spawn(|| {
                let mut from = 1;
                while from <= WRITERS * WRITES {
                    for (seq, _) in spool.read_from(from, 50).unwrap().entries {
                        assert_eq!(seq, from);
                        from += 1;
                    }
                    // What one remote has and the other has not stays.
                    spool.settled("a", from - 1);
                    spool.flush(Duration::ZERO).unwrap();
                }
            });
        });
        if fsync == Fsync::Always {
            disk.lose_power();
        }
        drop(spool);
        let (spool, recovered) = open(&disk, &options);
        assert_eq!(kept(&spool, 1), (1..=WRITERS * WRITES).collect::<Vec<_>>());
        assert!(recovered.unknown.is_empty());
        assert_eq!(recovered.remotes[0].settled, WRITERS * WRITES);
    }
}

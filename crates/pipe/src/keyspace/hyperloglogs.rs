//! About how many different values were seen, in 12 KiB a key at most.

use std::marker::PhantomData;

use super::{Keyspace, Kind, sealed};
use crate::deferred::{Deferred, convert};
use crate::field::{AsField, Field};
use crate::pipe::Pipe;

/// Keys that tell about how many different values they were given: the ids are `K`, the values `V`.
///
/// The error is 0.81 % (one standard deviation), and no value can be read back.
///
/// # Example
///
/// ```
/// use redfleet_pipe::{HyperLogLogs, Pipes};
///
/// const VISITORS: HyperLogLogs<String, u64> = HyperLogLogs::new("V");
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let pipes = Pipes::connect("embedded://hyperloglogs")?;
/// let (changed, visitors) = pipes
///     .run(|pipe| (VISITORS.add_all(pipe, "today", [1, 2, 3, 2]), VISITORS.count(pipe, "today")))
///     .await?;
/// assert_eq!((changed, visitors), (true, 3));
/// # Ok(())
/// # }
/// ```
///
/// # References
///
/// Flajolet, Fusy, Gandouet, Meunier, `HyperLogLog`: the analysis of a near-optimal cardinality estimation algorithm, 2007.
pub type HyperLogLogs<K, V> = Keyspace<HyperLogLogOf<K, V>>;

/// The kind of [`HyperLogLogs`].
#[derive(Debug)]
pub struct HyperLogLogOf<K, V>(PhantomData<fn() -> (K, V)>);

impl<K, V> sealed::Sealed for HyperLogLogOf<K, V> {}

impl<K: Field, V: Field> Kind for HyperLogLogOf<K, V> {
    type Id = K;

    const TYPE: &'static str = "string";
}

/// Commands on what counts different values.
impl<K: Field, V: Field> HyperLogLogs<K, V> {
    /// PFADD: whether the count changed.
    #[doc(alias = "PFADD")]
    pub fn add(self, pipe: &mut Pipe, id: impl AsField<K>, value: impl AsField<V>) -> Deferred<bool> {
        self.command("PFADD", id).field::<V>(value).queue(pipe, convert)
    }

    /// PFADD of many: whether the count changed.
    pub fn add_all(
        self,
        pipe: &mut Pipe,
        id: impl AsField<K>,
        values: impl IntoIterator<Item = impl AsField<V>>,
    ) -> Deferred<bool> {
        let mut count = 0;
        self.command("PFADD", id).fields(values, &mut count).queue_if(count, pipe, convert)
    }

    /// PFCOUNT: about how many different values it was given.
    #[doc(alias = "PFCOUNT")]
    pub fn count(self, pipe: &mut Pipe, id: impl AsField<K>) -> Deferred<usize> {
        self.command("PFCOUNT", id).queue(pipe, convert)
    }

    /// PFCOUNT of many: about how many different values all of them together were given.
    pub fn count_union(
        self,
        pipe: &mut Pipe,
        ids: impl IntoIterator<Item = impl AsField<K>>,
    ) -> Deferred<usize> {
        let mut count = 0;
        self.request("PFCOUNT").ids(ids, &mut count).queue_if(count, pipe, convert)
    }

    /// PFMERGE: gives `to` all that the others were given.
    #[doc(alias = "PFMERGE")]
    pub fn merge(
        self,
        pipe: &mut Pipe,
        to: impl AsField<K>,
        ids: impl IntoIterator<Item = impl AsField<K>>,
    ) -> Deferred<()> {
        self.command("PFMERGE", to).ids(ids, &mut 0).queue(pipe, convert)
    }
}

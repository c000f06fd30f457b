//! Which permit of a semaphore is asked for: pure.

/// The permits that are in all of these lists, each of which is sorted; none if there is no list.
pub(crate) fn by_all<'a>(mut lists: impl Iterator<Item = &'a [u16]>) -> Vec<u16> {
    let Some(first) = lists.next() else { return Vec::new() };
    lists.fold(first.to_vec(), |mut both, list| {
        both.retain(|slot| list.binary_search(slot).is_ok());
        both
    })
}

/// The permit that a client asks for first, so that as few as possible ask for the same one: by its name, and how many it has asked
/// for before.
pub(crate) fn home(client: &str, asked: u64, permits: u16) -> u16 {
    let start = stable_hash(client) % u64::from(permits.max(1));
    let place = (start + asked % u64::from(permits.max(1))) % u64::from(permits.max(1));
    u16::try_from(place).unwrap_or(0)
}

/// A hash that is the same in every process and for ever.
///
/// # References
///
/// Fowler, Noll and Vo: FNV-1a of 64 bits (RFC 9923).
fn stable_hash(text: &str) -> u64 {
    text.bytes()
        .fold(0xcbf2_9ce4_8422_2325, |hash, byte| (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3))
}

/// Where this name belongs, of so many places: the same one in every process and for ever.
pub(crate) fn place_of(name: &str, places: usize) -> usize {
    let place = stable_hash(name) % u64::try_from(places.max(1)).unwrap_or(u64::MAX);
    usize::try_from(place).unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_all_say_is_free_is_free() {
        assert_eq!(by_all([[1, 2, 5].as_slice(), &[2, 5], &[0, 2, 5, 7]].into_iter()), [2, 5]);
        assert_eq!(by_all([[1].as_slice(), &[]].into_iter()), [0_u16; 0]);
        assert_eq!(by_all(std::iter::empty()), [0_u16; 0]);
    }

    #[test]
    fn a_clients_requests_go_round_the_permits_from_its_home() {
        let homes: Vec<u16> = (0..6).map(|asked| home("3f", asked, 3)).collect();
        let mut sorted = homes[..3].to_vec();
        sorted.sort_unstable();
        assert_eq!(sorted, [0, 1, 2]);
        assert_eq!(homes[..3], homes[3..]);
        assert!(home("3f", u64::MAX, 1_000) < 1_000);
    }

    #[test]
    fn the_hash_is_fnv_1a() {
        assert_eq!(stable_hash(""), 0xcbf2_9ce4_8422_2325);
        assert_eq!(stable_hash("a"), 0xaf63_dc4c_8601_ec8c);
        assert_eq!(stable_hash("foobar"), 0x8594_4171_f739_67e8);
        assert_eq!((place_of("a", 5), place_of("a", 0)), (1, 0));
    }
}

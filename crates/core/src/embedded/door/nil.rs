//! Which nil it is: RESP2 has two, and which one a reply is depends on the command.

/// How RESP2 writes the nil of a reply. RESP3 has but one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Nil {
    /// There is no string: `$-1`.
    Bulk,
    /// There is no array: `*-1`.
    Array,
    /// The reply of EXEC, or one like it: none is no array, and each of its entries has a nil of its own.
    Entries(Vec<Self>),
}

impl Nil {
    pub(super) fn text(&self) -> &'static [u8] {
        match self {
            Self::Bulk => b"$-1\r\n",
            Self::Array | Self::Entries(_) => b"*-1\r\n",
        }
    }

    /// The nil of an entry of the reply.
    pub(super) fn inside(&self, at: usize) -> &Self {
        match self {
            Self::Bulk | Self::Array => self,
            Self::Entries(entries) => entries.get(at).unwrap_or(&Self::Bulk),
        }
    }
}

/// The nil that this command replies. In a transaction nobody waits, and what moves between lists says so differently.
pub(super) fn of(words: &[&[u8]], is_queued: bool) -> Nil {
    let name = words.first().copied().unwrap_or_default().to_ascii_lowercase();
    let is_array = match name.as_slice() {
        b"blpop" | b"brpop" | b"blmpop" | b"lmpop" | b"bzpopmin" | b"bzpopmax" | b"bzmpop" | b"zmpop"
        | b"xrange" | b"xread" | b"xreadgroup" | b"xrevrange" => true,
        b"blmove" | b"brpoplpush" => !is_queued,
        b"lpop" | b"rpop" => words.len() > 2,
        b"zrank" | b"zrevrank" => words.len() > 3,
        // Of a group with nothing pending: no first id, no last id, no consumers.
        b"xpending" if words.len() == 3 => {
            return Nil::Entries(vec![Nil::Bulk, Nil::Bulk, Nil::Bulk, Nil::Array]);
        }
        _ => false,
    };
    if is_array { Nil::Array } else { Nil::Bulk }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn nil(text: &str, is_queued: bool) -> Nil {
        let words: Vec<_> = text.split(' ').map(str::as_bytes).collect();
        of(&words, is_queued)
    }

    /// Asked of a Redis 8.0.
    #[test]
    fn each_command_has_the_nil_that_a_redis_gives_it() {
        for text in [
            "BLPOP n 1",
            "zmpop 1 n MIN",
            "LPOP n 2",
            "ZRANK n a WITHSCORE",
            "XREAD STREAMS n 0",
            "XRANGE n - + COUNT -1",
        ] {
            assert_eq!(nil(text, false), Nil::Array, "{text}");
            assert_eq!(nil(text, true), Nil::Array, "{text}");
        }
        for text in
            ["GET n", "LPOP n", "ZRANK n a", "RPOPLPUSH n m", "SPOP n", "COMMAND INFO x", "EVAL x 0", ""]
        {
            assert_eq!(nil(text, false), Nil::Bulk, "{text}");
        }
        assert_eq!(nil("BLMOVE n m LEFT LEFT 1", false), Nil::Array);
        assert_eq!(nil("BLMOVE n m LEFT LEFT 1", true), Nil::Bulk);
        let pending = nil("XPENDING n g", false);
        assert_eq!([1, 2, 3].map(|at| pending.inside(at).text()), [b"$-1\r\n", b"$-1\r\n", b"*-1\r\n"]);
        // An entry that does not exist any more is its id and no fields.
        assert_eq!(nil("XREADGROUP GROUP g c STREAMS n 0", false).inside(0).inside(1), &Nil::Array);
    }
}

//! ZRANGE in all its forms.

use redis::Value;

use super::ends::{self, Lex, Scores};
use super::{scored, store};
use crate::embedded::call::Call;
use crate::embedded::commands::reply::{bulks, count};
use crate::embedded::refusal::Refusal;
use crate::embedded::spec::{Keys, Spec};
use crate::embedded::store::{Key, SortedSet};

pub(in crate::embedded::commands) const COMMANDS: &[Spec] = &[
    Spec::read("zrange", -4, Keys::FIRST, |call| range(call, None, None)),
    Spec::read("zrangebylex", -4, Keys::FIRST, |call| range(call, Some(By::Lex), Some(false))),
    Spec::read("zrangebyscore", -4, Keys::FIRST, |call| range(call, Some(By::Score), Some(false))),
    Spec::write("zrangestore", -5, Keys::FIRST_TWO, range_store),
    Spec::read("zrevrange", -4, Keys::FIRST, |call| range(call, Some(By::Rank), Some(true))),
    Spec::read("zrevrangebylex", -4, Keys::FIRST, |call| range(call, Some(By::Lex), Some(true))),
    Spec::read("zrevrangebyscore", -4, Keys::FIRST, |call| range(call, Some(By::Score), Some(true))),
];

/// What a range is a range of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum By {
    Rank,
    Score,
    Lex,
}

/// The options behind the two ends.
#[derive(Clone, Copy, Debug)]
struct Options {
    by: By,
    is_reversed: bool,
    limit: Option<(i64, i64)>,
    with_scores: bool,
}

/// A range with its ends in rising order.
enum Ends<'a> {
    Ranks(i64, i64),
    Scores(Scores),
    Lex(Lex<'a>, Lex<'a>),
}

fn range(call: &mut Call<'_>, by: Option<By>, is_reversed: Option<bool>) -> Result<Value, Refusal> {
    let options = options(call, 4, by, is_reversed, true)?;
    let ends = ends(call, 2, options)?;
    let found = select(call, call.word(1)?, &ends, options)?;
    Ok(if options.with_scores {
        scored(call, found)
    } else {
        bulks(found.into_iter().map(|(member, _)| member))
    })
}

fn range_store(call: &mut Call<'_>) -> Result<Value, Refusal> {
    let options = options(call, 5, None, None, false)?;
    let ends = ends(call, 3, options)?;
    let found = select(call, call.word(2)?, &ends, options)?;
    let key = call.key(1)?;
    Ok(count(store(call, key, found.into_iter().collect())))
}

/// What the words from `index` on say. What was said already, by the command's name
/// or a word, cannot be said again.
fn options(
    call: &Call<'_>,
    mut index: usize,
    mut by: Option<By>,
    mut is_reversed: Option<bool>,
    may_have_scores: bool,
) -> Result<Options, Refusal> {
    let (mut limit, mut with_scores) = (None, false);
    while index < call.words.len() {
        if may_have_scores && call.is(index, "WITHSCORES") {
            with_scores = true;
        } else if call.is(index, "LIMIT") && index + 2 < call.words.len() {
            limit = Some((call.int(index + 1)?, call.int(index + 2)?));
            index += 2;
        } else if is_reversed.is_none() && call.is(index, "REV") {
            is_reversed = Some(true);
        } else if by.is_none() && call.is(index, "BYLEX") {
            by = Some(By::Lex);
        } else if by.is_none() && call.is(index, "BYSCORE") {
            by = Some(By::Score);
        } else {
            return Err(Refusal::SYNTAX);
        }
        index += 1;
    }
    let (by, is_reversed) = (by.unwrap_or(By::Rank), is_reversed.unwrap_or_default());
    let options = Options { by, is_reversed, limit, with_scores };
    if options.limit.is_some_and(|(_offset, number)| number != -1) && options.by == By::Rank {
        let text = "ERR syntax error, LIMIT is only supported in combination with either BYSCORE or BYLEX";
        return Err(Refusal::fixed(text));
    }
    if options.with_scores && options.by == By::Lex {
        let text = "ERR syntax error, WITHSCORES not supported in combination with BYLEX";
        return Err(Refusal::fixed(text));
    }
    Ok(options)
}

/// The ends at `index`; of a reversed range of scores or members, the higher one comes first.
fn ends<'a>(call: &Call<'a>, index: usize, options: Options) -> Result<Ends<'a>, Refusal> {
    let (mut from, mut to) = (call.word(index)?, call.word(index + 1)?);
    if options.is_reversed {
        std::mem::swap(&mut from, &mut to);
    }
    Ok(match options.by {
        By::Rank => Ends::Ranks(call.int(index)?, call.int(index + 1)?),
        By::Score => Ends::Scores(ends::scores(from, to)?),
        By::Lex => {
            let (from, to) = ends::lex(from, to)?;
            Ends::Lex(from, to)
        }
    })
}

/// The members in the range, in the order that was asked for.
fn select(
    call: &mut Call<'_>,
    key: &[u8],
    ends: &Ends<'_>,
    options: Options,
) -> Result<Vec<(Key, f64)>, Refusal> {
    let Some(set) = call.keys().read::<SortedSet>(key)? else { return Ok(Vec::new()) };
    let ranks = match ends {
        Ends::Ranks(first, last) => {
            let ranks = ends::ranks(set.len(), *first, *last);
            if options.is_reversed { set.len() - ranks.end..set.len() - ranks.start } else { ranks }
        }
        Ends::Scores((from, to)) => set.ranks_by_score(*from, *to),
        Ends::Lex(from, to) => ends::ranks_by_lex(set, *from, *to),
    };
    let (offset, number) = options.limit.unwrap_or((0, -1));
    // An offset below zero finds nothing, a number below zero everything.
    let offset = usize::try_from(offset).unwrap_or(usize::MAX);
    let number = usize::try_from(number).unwrap_or(usize::MAX);
    let found = set.by_rank(ranks);
    let owned = |(member, score): (&Key, f64)| (Key::clone(member), score);
    Ok(if options.is_reversed {
        found.rev().skip(offset).take(number).map(owned).collect()
    } else {
        found.skip(offset).take(number).map(owned).collect()
    })
}

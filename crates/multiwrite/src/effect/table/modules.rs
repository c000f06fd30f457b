//! Commands of modules, by the beginning of their names.

use super::How;

/// What only reads, of the modules that come with Redis 8.
const READS: &str = "JSON.GET JSON.MGET JSON.TYPE JSON.STRLEN JSON.OBJLEN JSON.OBJKEYS JSON.ARRLEN JSON.ARRINDEX JSON.RESP \
     JSON.DEBUG BF.EXISTS BF.MEXISTS BF.INFO BF.CARD BF.SCANDUMP CF.EXISTS CF.MEXISTS CF.COUNT CF.INFO CF.SCANDUMP \
     CF.COMPACT CMS.QUERY CMS.INFO TOPK.QUERY TOPK.COUNT TOPK.LIST TOPK.INFO TDIGEST.QUANTILE TDIGEST.CDF TDIGEST.RANK \
     TDIGEST.REVRANK TDIGEST.BYRANK TDIGEST.BYREVRANK TDIGEST.TRIMMED_MEAN TDIGEST.MIN TDIGEST.MAX TDIGEST.INFO \
     TS.GET TS.INFO TS.RANGE TS.REVRANGE TS.MGET TS.MRANGE TS.MREVRANGE TS.QUERYINDEX";

/// How a command of a module is shipped; nothing if it is of none that is known.
pub(super) fn how(name: &[u8]) -> Option<How> {
    if READS.split_whitespace().any(|read| read.as_bytes() == name) {
        return Some(How::Read);
    }
    match name {
        b"CMS.MERGE" | b"TDIGEST.MERGE" => return Some(How::Target(1)),
        b"TS.CREATERULE" | b"TS.DELETERULE" => {
            return Some(How::Refused(
                "a rule makes writes to one series change another, unseen",
                "write the derived series by itself",
            ));
        }
        _ => {}
    }
    let is_of = |prefix: &&str| name.starts_with(prefix.as_bytes());
    if ["FT.", "_FT."].iter().any(&is_of) {
        return Some(How::Refused("an index is no key", "make and ask the index on each server by itself"));
    }
    ["JSON.", "TS.", "BF.", "CF.", "CMS.", "TOPK.", "TDIGEST."].iter().any(is_of).then_some(How::Whole)
}

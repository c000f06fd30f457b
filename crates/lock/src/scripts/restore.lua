-- Puts a lock back where it was lost, after a majority has confirmed it. Nothing that is there is overwritten, and the caller counts
-- it for no majority.
--
-- KEYS[1] the mark   KEYS[2] the quarantine   KEYS[3] the owner   KEYS[4] the last token
-- KEYS[5] the readers, of a lock that has such: a writer does not come back beside them; else absent
-- ARGV[1] the mark expected   ARGV[2] the id   ARGV[3] what is left of its validity in milliseconds
-- ARGV[4] the last token of its block   ARGV[5] the life of that in milliseconds
--
-- Reply: {'restored', seconds, microseconds} or {'other', ..} where there is one, or as in standing.lua.
-- Cost: 4 calls.

local seen = redis.call('MGET', KEYS[1], KEYS[2], KEYS[3], KEYS[4])
local refused = refusal(seen[1], seen[2])
if refused then
  return refused
end
if seen[3] or KEYS[5] and forget_dead(KEYS[5]) and redis.call('EXISTS', KEYS[5]) == 1 then
  return {'other', time[1], time[2]}
end
redis.call('SET', KEYS[3], ARGV[2], 'PX', ARGV[3])
if (tonumber(seen[4]) or 0) < tonumber(ARGV[4]) then
  redis.call('SET', KEYS[4], ARGV[4], 'PX', ARGV[5])
end
return {'restored', time[1], time[2]}

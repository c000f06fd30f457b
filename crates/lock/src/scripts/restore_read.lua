-- Puts a reader back where it was lost, after a majority has confirmed it. It does not come beside a writer, and the caller counts it
-- for no majority.
--
-- KEYS and ARGV as in restore.lua; KEYS[5] the readers.
--
-- Reply: as in restore.lua. 'other' is: a writer holds it here, or this reader is there.
-- Cost: 8 calls.

local seen = redis.call('MGET', KEYS[1], KEYS[2], KEYS[3], KEYS[4])
local refused = refusal(seen[1], seen[2])
if refused then
  return refused
end
local now_ms = forget_dead(KEYS[5])
if seen[3] or redis.call('ZSCORE', KEYS[5], ARGV[2]) then
  return {'other', time[1], time[2]}
end
redis.call('ZADD', KEYS[5], now_ms + ARGV[3], ARGV[2])
keep_readers(KEYS[5], now_ms)
if (tonumber(seen[4]) or 0) < tonumber(ARGV[4]) then
  redis.call('SET', KEYS[4], ARGV[4], 'PX', ARGV[5])
end
return {'restored', time[1], time[2]}

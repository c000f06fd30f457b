-- Lets a reader live longer, where it still reads. What has expired is not revived, and nothing is made to live shorter.
--
-- KEYS and ARGV as in extend.lua; KEYS[4] the readers.
--
-- Reply: as in extend.lua. 'other' is: a writer holds it here.
-- Cost: 8 calls.

local seen = redis.call('MGET', KEYS[1], KEYS[2], KEYS[3])
local refused = refusal(seen[1], seen[2])
if refused then
  return refused
end
local now_ms = forget_dead(KEYS[4])
if not redis.call('ZSCORE', KEYS[4], ARGV[2]) then
  return {seen[3] and 'other' or 'absent', time[1], time[2]}
end
redis.call('ZADD', KEYS[4], 'GT', now_ms + ARGV[3], ARGV[2])
keep_readers(KEYS[4], now_ms)
return {'extended', time[1], time[2]}

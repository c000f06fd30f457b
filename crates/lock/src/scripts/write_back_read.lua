-- Makes a token the last one here, where the id still reads.
--
-- KEYS and ARGV as in write_back.lua; KEYS[5] the readers.
--
-- Reply: as in write_back.lua, without 'other'.
-- Cost: 5 calls.

local seen = redis.call('MGET', KEYS[1], KEYS[2], KEYS[3], KEYS[4])
local refused = refusal(seen[1], seen[2])
if refused then
  return refused
end
forget_dead(KEYS[5])
if not redis.call('ZSCORE', KEYS[5], ARGV[2]) then
  return {'absent', time[1], time[2]}
end
if (tonumber(seen[4]) or 0) < tonumber(ARGV[3]) then
  redis.call('SET', KEYS[4], ARGV[3], 'PX', ARGV[4])
end
return {'written', time[1], time[2]}

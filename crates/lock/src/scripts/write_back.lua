-- Makes a token the last one here, where the id still holds the lock.
--
-- KEYS[1] the mark   KEYS[2] the quarantine   KEYS[3] the owner   KEYS[4] the last token
-- ARGV[1] the mark expected   ARGV[2] the id   ARGV[3] the last token of its block   ARGV[4] its life in milliseconds
--
-- Reply: {'written', seconds, microseconds}, {'absent', ..} or {'other', ..}, or as in standing.lua.
-- Cost: 3 calls.

local seen = redis.call('MGET', KEYS[1], KEYS[2], KEYS[3], KEYS[4])
local refused = refusal(seen[1], seen[2])
if refused then
  return refused
end
if seen[3] ~= ARGV[2] then
  return {seen[3] and 'other' or 'absent', time[1], time[2]}
end
if (tonumber(seen[4]) or 0) < tonumber(ARGV[3]) then
  redis.call('SET', KEYS[4], ARGV[3], 'PX', ARGV[4])
end
return {'written', time[1], time[2]}

-- Lets a lock live longer, where the id still holds it. What has expired is not revived, and nothing is made to live shorter: one that
-- comes late, for a holder who wanted less, must not take away what the next holder in its process was promised.
--
-- KEYS[1] the mark   KEYS[2] the quarantine   KEYS[3] the owner
-- ARGV[1] the mark expected   ARGV[2] the id   ARGV[3] the ttl in milliseconds
--
-- Reply: {'extended', seconds, microseconds}, {'absent', ..} or {'other', ..}, or as in standing.lua.
-- Cost: 3 calls.

local seen = redis.call('MGET', KEYS[1], KEYS[2], KEYS[3])
local refused = refusal(seen[1], seen[2])
if refused then
  return refused
end
if seen[3] ~= ARGV[2] then
  return {seen[3] and 'other' or 'absent', time[1], time[2]}
end
redis.call('PEXPIRE', KEYS[3], ARGV[3], 'GT')
return {'extended', time[1], time[2]}

-- Lets this server not vote for a while, because its clock was set forward: leases that it granted ended too early here. A quarantine
-- that lasts longer stays.
--
-- KEYS[1] the quarantine
-- ARGV[1] the reason   ARGV[2] how long, in milliseconds
--
-- Reply: the milliseconds that are left of it.
-- Cost: 3 calls.

local left = redis.call('PTTL', KEYS[1])
if left == -1 or left >= tonumber(ARGV[2]) then
  return left
end
-- A server whose memory is full refuses a script's first write if it needs more of it, and no later one.
redis.call('DEL', KEYS[1])
redis.call('SET', KEYS[1], ARGV[1], 'PX', ARGV[2])
return tonumber(ARGV[2])

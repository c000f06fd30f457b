-- Gives back what was taken from a rate, where nobody has taken since: then it is as if it had never been taken. Else it stays
-- taken, because what came later was judged by it.
--
-- KEYS[1] the theoretical arrival time
-- ARGV[1] the one that the taking left behind   ARGV[2] the one before, or ''
--
-- Reply: 1 if it was given back, else 0.
-- Cost: 3 calls.

if redis.call('GET', KEYS[1]) ~= ARGV[1] then
  return 0
end
local time = redis.call('TIME')
local ahead = (tonumber(ARGV[2]) or 0) - time[1] * 1000000 - time[2]
if ahead > 0 then
  redis.call('SET', KEYS[1], ARGV[2], 'PX', math.ceil(ahead / 1000))
else
  redis.call('DEL', KEYS[1])
end
return 1

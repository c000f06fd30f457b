-- Gives back what was taken from a rate, where nobody has taken since: then it is as if it had never been taken. Else it stays
-- taken, because what came later was judged by it.
--
-- KEYS[1] what take_rate.lua keeps
-- ARGV[1] what the taking left there   ARGV[2] what was there before, or ''
--
-- Reply: 1 if it was given back, else 0.
-- Cost: 3 calls.

if redis.call('GET', KEYS[1]) ~= ARGV[1] then
  return 0
end
local time = redis.call('TIME')
local ahead = (tonumber(string.match(ARGV[2], '^%d+')) or 0) - time[1] * 1000000 - time[2]
if ahead > 0 then
  redis.call('SET', KEYS[1], ARGV[2], 'PX', math.ceil(ahead / 1000))
else
  redis.call('DEL', KEYS[1])
end
return 1

-- Takes from a rate: the generic cell rate algorithm. All times are in microseconds of this server's clock.
--
-- KEYS[1] the theoretical arrival time: when all that was taken will have been earned
-- ARGV[1] the time that earns what is wanted   ARGV[2] the time that earns a whole burst
--
-- Reply: {'taken', seconds, microseconds, the arrival time now, the one before or '', the time that is left of the burst}
--        {'limited', seconds, microseconds, the time until it could be taken}
-- Cost: 3 calls.

local time = redis.call('TIME')
local now = time[1] * 1000000 + time[2]
local old = redis.call('GET', KEYS[1])
local earned, burst = tonumber(ARGV[1]), tonumber(ARGV[2])
-- More than a burst ahead it only is if the clock was set back, or the rate is another one now.
local new = math.min(math.max(tonumber(old) or 0, now), now + burst) + earned
local ahead = new - now
if ahead > burst then
  return {'limited', time[1], time[2], ahead - burst}
end
local text = string.format('%.0f', new)
redis.call('SET', KEYS[1], text, 'PX', math.ceil(ahead / 1000))
return {'taken', time[1], time[2], text, old or '', burst - ahead}

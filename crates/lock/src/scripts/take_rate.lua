-- Takes from a rate: the generic cell rate algorithm. All times are in microseconds of this server's clock.
--
-- KEYS[1] the theoretical arrival time, when all that was taken will have been earned, a space, and when something was last taken
-- ARGV[1] the time that earns what is wanted   ARGV[2] the time that earns a whole burst
--
-- Reply: {'taken', seconds, microseconds, what is kept now, what was kept before or '', the time that is left of the burst}
--        {'limited', seconds, microseconds, the time until it could be taken}
-- Cost: 3 calls, and one more once after the clock was set back.

local time = redis.call('TIME')
local now = time[1] * 1000000 + time[2]
local old = redis.call('GET', KEYS[1])
local earned, burst = tonumber(ARGV[1]), tonumber(ARGV[2])

local function keep(arrival)
  local text = string.format('%.0f %.0f', arrival, now)
  redis.call('SET', KEYS[1], text, 'PX', math.ceil((arrival - now) / 1000))
  return text
end

local arrival, last = string.match(old or '', '^(%d+) ?(%d*)$')
arrival, last = tonumber(arrival) or 0, tonumber(last) or 0
-- The clock was set back: nobody owes more by that.
if now < last then
  arrival = arrival - (last - now)
  old = arrival > now and keep(arrival) or nil
end
local new = math.max(arrival, now) + earned
local ahead = new - now
if ahead > burst then
  return {'limited', time[1], time[2], ahead - burst}
end
return {'taken', time[1], time[2], keep(new), old or '', burst - ahead}

-- Taking something, or waiting for it. Scripts that take contain this text, behind standing.lua. KEYS and ARGV as in acquire.lua.

local mode = ARGV[7]
-- Who waits: nobody, where it is only tried.
local waiter = mode ~= 'try' and ARGV[8] or nil

-- What is answered to whoever does not have it now: who waits has a place in line from now on. `free` are the permits that are
-- free here, of a semaphore.
local function busy(wait_ms, free)
  local place = -1
  if waiter then
    redis.call('ZADD', KEYS[6], ARGV[9], waiter)
    redis.call('PEXPIRE', KEYS[6], ARGV[10])
    place = redis.call('ZRANK', KEYS[6], waiter)
  end
  return {'busy', time[1], time[2], math.max(wait_ms, 1), place, free}
end

-- Gives tokens to whoever has it from now on, and answers with the first. A waiter that was not woken leaves the line.
local function taken(last, reserved)
  local first = math.max(last + 1, tonumber(ARGV[4]))
  redis.call('SET', KEYS[5], first + ARGV[5] - 1, 'PX', ARGV[6])
  if waiter and reserved ~= waiter then
    redis.call('ZREM', KEYS[6], waiter)
  end
  return granted(first)
end

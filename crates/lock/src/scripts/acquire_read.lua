-- Takes a lock on this server to read, with others who read, or takes a place in its line.
--
-- A reader does not get past a writer that waits before it, as long as others read: else writers would starve. Where nobody
-- holds the lock and it is kept for nobody it is free, whoever is in line: who lives in it is woken by somebody, or asks.
--
-- KEYS and ARGV as in acquire.lua; KEYS[7] the readers.
-- ARGV[11], or ARGV[8] if 'try': the prefix of the channels, to see whether a waiting writer still lives.
--
-- Reply: as in acquire.lua.
-- Cost: 8 calls where it is free.

local seen = redis.call('MGET', KEYS[1], KEYS[2], KEYS[3], KEYS[4], KEYS[5])
local refused = refusal(seen[1], seen[2])
if refused then
  return refused
end

local owner, reserved, last = seen[3], seen[4], tonumber(seen[5]) or 0
local id, prefix = ARGV[2], ARGV[#ARGV]
local now_ms = forget_dead(KEYS[7])
local is_mine = redis.call('ZSCORE', KEYS[7], id)

-- The first writer in line before this reader that still listens. Whom nobody can wake has lost its place.
local function writer_ahead()
  local ahead = redis.call('ZRANGE', KEYS[6], 0, -1, 'WITHSCORES')
  for place = 1, #ahead, 2 do
    local other, ticket = ahead[place], ahead[place + 1]
    if waiter and (other == waiter or tonumber(ticket) > tonumber(ARGV[9])) then
      return nil
    end
    if not is_reader(other) then
      local heard = redis.call('PUBSUB', 'NUMSUB', channel(prefix, other))
      if tonumber(heard[2]) > 0 then
        return other
      end
      redis.call('ZREM', KEYS[6], other)
    end
  end
end

local wait_ms = 0
if not is_mine then
  if owner then
    wait_ms = math.max(redis.call('PTTL', KEYS[3]), 1)
  elseif reserved and not is_reader(reserved) and mode ~= 'fast' then
    wait_ms = math.max(redis.call('PTTL', KEYS[4]), 1)
  elseif mode ~= 'fast' and (not reserved or reserved ~= waiter) then
    local longest = redis.call('ZRANGE', KEYS[7], -1, -1, 'WITHSCORES')
    if longest[1] and writer_ahead() then
      wait_ms = math.max(tonumber(longest[2]) - now_ms, 1)
    end
  end
end

if wait_ms > 0 then
  return busy(wait_ms)
end
if is_mine then
  return granted(last - ARGV[5] + 1)
end
redis.call('ZADD', KEYS[7], now_ms + ARGV[3], id)
keep_readers(KEYS[7], now_ms)
if reserved and reserved == waiter then
  redis.call('DEL', KEYS[4])
end
return taken(last, reserved)

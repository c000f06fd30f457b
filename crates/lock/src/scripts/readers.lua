-- The readers of a lock: a sorted set of ids, each by the end of its life in milliseconds of this server's time.

-- Whoever's life has ended reads no more: what is left is who does. Returns the time in milliseconds.
local function forget_dead(readers)
  local at = redis.call('TIME')
  local now_ms = at[1] * 1000 + math.floor(at[2] / 1000)
  redis.call('ZREMRANGEBYSCORE', readers, '-inf', now_ms)
  return now_ms
end

-- The set lives as long as the reader that lives longest: nothing of it is left behind.
local function keep_readers(readers, now_ms)
  local last = redis.call('ZRANGE', readers, -1, -1, 'WITHSCORES')
  if last[1] then
    redis.call('PEXPIRE', readers, tonumber(last[2]) - now_ms)
  end
end


-- What is pending in a group of a stream, and when it was delivered.
--
-- KEYS[1]   the stream
-- ARGV      the group, the first id, and how many are told at most
-- Reply: a list of lists: an id, its consumer, when it was delivered as Unix time in milliseconds, and how often.
-- Cost: three commands, O(what is told); on a server whose clock goes on within scripts (Redis 7.0), up to 45.
-- It writes nothing.
local function now()
  local time = redis.call('TIME')
  return time[1] * 1000 + math.floor(time[2] / 1000)
end
-- Redis tells how long ago it was, so the time must be that at which it says so.
local pending, time
for _ = 1, 15 do
  time = now()
  pending = redis.call('XPENDING', KEYS[1], ARGV[1], ARGV[2], '+', ARGV[3])
  if now() == time then
    break
  end
end
for _, one in ipairs(pending) do
  one[3] = time - one[3]
end
return pending

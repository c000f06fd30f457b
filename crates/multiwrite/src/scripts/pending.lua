-- What is pending in a group of a stream, and when it was delivered.
--
-- KEYS[1]   the stream
-- ARGV      the group, the first id, and how many are told at most
-- Reply: a list of lists: an id, its consumer, when it was delivered as Unix time in milliseconds, and how often.
-- Cost: two commands, O(what is told). It writes nothing.
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
local pending = redis.call('XPENDING', KEYS[1], ARGV[1], ARGV[2], '+', ARGV[3])
for _, one in ipairs(pending) do
  -- Redis tells how long ago it was.
  one[3] = now - one[3]
end
return pending

-- Gives back what a reader's attempt took that failed, and puts its waiter back in line. Where nobody reads any more, and another
-- stands before it, that one is woken, as in put_back.lua.
--
-- KEYS and ARGV as in put_back.lua; KEYS[4] the readers.
--
-- Reply: as in put_back.lua.
-- Cost: as put_back.lua, and two calls more.

forget_dead(KEYS[4])
if redis.call('ZREM', KEYS[4], ARGV[1]) == 0 then
  return 'absent'
end
redis.call('ZADD', KEYS[3], ARGV[6], ARGV[5])
redis.call('PEXPIRE', KEYS[3], ARGV[7])
local is_free = redis.call('EXISTS', KEYS[4], KEYS[2]) == 0
if is_free and redis.call('ZRANGE', KEYS[3], 0, 0)[1] ~= ARGV[5] then
  hand_over(KEYS[3], KEYS[2], ARGV[2], ARGV[3], ARGV[4])
end
return 'back'

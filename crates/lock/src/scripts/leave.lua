-- Takes a waiter out of the line. If the lock is free here, and kept for nobody else, the next one is woken.
--
-- KEYS[1] the owner   KEYS[2] the reservation   KEYS[3] the line
-- KEYS[4] the readers, of a lock that has such: readers who waited behind this waiter may join them; else absent
-- ARGV[1] the waiter  ARGV[2] the prefix of the channels   ARGV[3] the message   ARGV[4] how long to keep it for the next, in milliseconds
-- ARGV[5] its ticket: with another it waits for somebody else by now, and keeps its place
--
-- Reply: 'left'.
-- Cost: 3 to 4 calls where the lock is held.

local ticket = redis.call('ZSCORE', KEYS[3], ARGV[1])
if ticket and tonumber(ticket) == tonumber(ARGV[5]) then
  redis.call('ZREM', KEYS[3], ARGV[1])
end
local reserved = redis.call('GET', KEYS[2])
if reserved == ARGV[1] then
  redis.call('DEL', KEYS[2])
elseif reserved then
  return 'left'
end
if redis.call('EXISTS', KEYS[1]) == 1 then
  return 'left'
end
if KEYS[4] then
  forget_dead(KEYS[4])
  local first = redis.call('ZRANGE', KEYS[3], 0, 0)[1]
  if first and not is_reader(first) and redis.call('EXISTS', KEYS[4]) == 1 then
    return 'left'
  end
end
hand_over(KEYS[3], KEYS[2], ARGV[2], ARGV[3], ARGV[4])
return 'left'

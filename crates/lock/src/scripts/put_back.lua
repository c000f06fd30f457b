-- Gives back what an attempt took that failed, and puts its waiter back in line. If another stands before it, that one is woken: of
-- several that took some servers each, the first in line is woken by all the others, and has the lock. If it is the first itself,
-- nobody is woken: it knows that this server is free, and what it lacks are the others.
--
-- KEYS[1] the owner   KEYS[2] the reservation   KEYS[3] the line
-- ARGV[1] the id      ARGV[2] the prefix of the channels   ARGV[3] the message   ARGV[4] how long to keep it for the first, in milliseconds
-- ARGV[5] the waiter  ARGV[6] its ticket        ARGV[7] the life of the line in milliseconds
--
-- Reply: 'back', or 'absent' if it took nothing here.
-- Cost: 1 call where it took nothing, else 5, and those of waking one.

if redis.call('GET', KEYS[1]) ~= ARGV[1] then
  return 'absent'
end
redis.call('DEL', KEYS[1])
redis.call('ZADD', KEYS[3], ARGV[6], ARGV[5])
redis.call('PEXPIRE', KEYS[3], ARGV[7])
if redis.call('ZRANGE', KEYS[3], 0, 0)[1] ~= ARGV[5] then
  hand_over(KEYS[3], KEYS[2], ARGV[2], ARGV[3], ARGV[4])
end
return 'back'

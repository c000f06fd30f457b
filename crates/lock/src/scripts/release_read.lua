-- Ends a reader's hold. The last one wakes the first in line.
--
-- KEYS and ARGV as in release.lua; KEYS[4] the readers.
--
-- Reply: 'released', 'absent', or 'other' where a writer holds it.
-- Cost: 5 calls where others still read and nobody waits.

forget_dead(KEYS[4])
if redis.call('ZREM', KEYS[4], ARGV[1]) == 0 then
  return redis.call('EXISTS', KEYS[1]) == 1 and 'other' or 'absent'
end
if redis.call('EXISTS', KEYS[4]) == 0 and redis.call('EXISTS', KEYS[2]) == 0 then
  hand_over(KEYS[3], KEYS[2], ARGV[2], ARGV[3], ARGV[4])
end
return 'released'

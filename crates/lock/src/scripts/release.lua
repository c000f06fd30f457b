-- Ends a hold, and wakes the first in line. It may come at any time and any number of times: it never fails as too late.
--
-- KEYS[1] the owner   KEYS[2] the reservation   KEYS[3] the line
-- ARGV[1] the id      ARGV[2] the prefix of the channels   ARGV[3] the message   ARGV[4] how long to keep it for the first, in milliseconds
--
-- Reply: 'released', 'absent' or 'other'.
-- Cost: 3 calls where nobody waits.

local owner = redis.call('GET', KEYS[1])
if owner ~= ARGV[1] then
  return owner and 'other' or 'absent'
end
redis.call('DEL', KEYS[1])
hand_over(KEYS[3], KEYS[2], ARGV[2], ARGV[3], ARGV[4])
return 'released'

-- Restores a key from what DUMP gave, unless the key is there already.
--
-- KEYS[1]  the key
-- ARGV[1]  its time to live in milliseconds, 0 for ever
-- ARGV[2]  what DUMP gave
-- Reply    1 if it was restored, 0 if there is such a key
-- Cost     O(1), and what RESTORE costs
if redis.call('EXISTS', KEYS[1]) == 1 then
    return 0
end
redis.call('RESTORE', KEYS[1], ARGV[1], ARGV[2])
return 1

-- Takes a lock on this server, or takes a place in its line.
--
-- KEYS[1]  the mark               KEYS[2]  the quarantine      KEYS[3]  the owner: an id, with a life
-- KEYS[4]  the reservation        KEYS[5]  the last token      KEYS[6]  the line: waiters by ticket
-- KEYS[7]  the readers, of a lock that has such: ids by the end of their lives in milliseconds; else absent
-- ARGV[1]  the mark expected      ARGV[2]  the id              ARGV[3]  the ttl in milliseconds
-- ARGV[4]  the token proposed     ARGV[5]  how many tokens     ARGV[6]  the life of the last token in milliseconds
-- ARGV[7]  'try', 'fair' or 'fast'
-- ARGV[8]  the waiter             ARGV[9]  its ticket          ARGV[10] the life of the line in milliseconds   (unless 'try')
--
-- Reply: 'granted SECONDS MICROSECONDS TOKEN', the first token: one text, because an array takes both sides longer
--        {'busy', seconds, microseconds, milliseconds until it may be free, place in line from 0 or -1}
--        or as in standing.lua. The time is this server's.
-- Tokens stay below 2^53, so as numbers they are exact, in calls and in replies.
--
-- Cost: 5 calls where it is free, and one more where the waiter was not woken: it leaves the line.

local seen = redis.call('MGET', KEYS[1], KEYS[2], KEYS[3], KEYS[4], KEYS[5])
local refused = refusal(seen[1], seen[2])
if refused then
  return refused
end

local owner, reserved, last = seen[3], seen[4], tonumber(seen[5]) or 0
local is_mine = owner == ARGV[2]
local is_kept = reserved and reserved ~= waiter and mode ~= 'fast'
local wait_ms = 0
if owner and not is_mine then
  wait_ms = redis.call('PTTL', KEYS[3])
elseif is_kept and not is_mine then
  wait_ms = redis.call('PTTL', KEYS[4])
elseif KEYS[7] then
  local now_ms = forget_dead(KEYS[7])
  local reader = redis.call('ZRANGE', KEYS[7], -1, -1, 'WITHSCORES')
  if reader[1] then
    wait_ms = math.max(tonumber(reader[2]) - now_ms, 1)
  end
end

if (owner or is_kept) and not is_mine or wait_ms > 0 then
  return busy(wait_ms)
end
if is_mine then
  return granted(last - ARGV[5] + 1)
end
redis.call('SET', KEYS[3], ARGV[2], 'PX', ARGV[3])
if reserved then
  redis.call('DEL', KEYS[4])
end
return taken(last, reserved)

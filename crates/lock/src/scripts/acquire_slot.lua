-- Takes one permit of a semaphore on this server, or takes a place in its line, and tells which permits are free.
--
-- KEYS and ARGV as in acquire.lua; the owner and the reservation are the permit's own: `..slot:NUMBER:owner` and `..:kept`.
-- ARGV[11], or ARGV[8] if 'try': how many permits there are. The keys of the others follow from KEYS[3] and are in the same slot;
-- they are not sent, because a thousand of them would be fifty times the rest of the call.
--
-- Reply: as in acquire.lua, and behind the place of a 'busy' the numbers of the permits that are free for this waiter here.
-- Cost: 5 calls where it is free; where it is not, 2 that read all permits' owners and reservations, and for who waits one a permit.

local seen = redis.call('MGET', KEYS[1], KEYS[2], KEYS[3], KEYS[4], KEYS[5])
local refused = refusal(seen[1], seen[2])
if refused then
  return refused
end

local owner, reserved, last = seen[3], seen[4], tonumber(seen[5]) or 0
local permits = tonumber(ARGV[#ARGV])
local is_mine = owner == ARGV[2]
local is_kept = reserved and reserved ~= waiter and mode ~= 'fast'

-- The numbers of the permits that nobody holds and that are kept for nobody else, and how long until the first of the others may be
-- free: by a ttl that ends, who waits is not woken. Who only tries is told of the permit that it asked for.
local function look_around()
  local stem = string.match(KEYS[3], '^(.*:)%d+:owner$')
  local owners, kept = {}, {}
  for slot = 0, permits - 1 do
    owners[slot + 1] = stem .. slot .. ':owner'
    kept[slot + 1] = stem .. slot .. ':kept'
  end
  local held_by = redis.call('MGET', unpack(owners))
  local kept_for = redis.call('MGET', unpack(kept))
  local free, wait_ms = {}, redis.call('PTTL', owner and KEYS[3] or KEYS[4])
  for place = 1, permits do
    local is_kept_too = kept_for[place] and kept_for[place] ~= waiter and mode ~= 'fast'
    if not held_by[place] and not is_kept_too then
      free[#free + 1] = place - 1
    elseif waiter then
      wait_ms = math.min(wait_ms, redis.call('PTTL', held_by[place] and owners[place] or kept[place]))
    end
  end
  return free, wait_ms
end

if (owner or is_kept) and not is_mine then
  local free, wait_ms = look_around()
  return busy(wait_ms, free)
end
if is_mine then
  return granted(last - ARGV[5] + 1)
end
redis.call('SET', KEYS[3], ARGV[2], 'PX', ARGV[3])
if reserved then
  redis.call('DEL', KEYS[4])
end
return taken(last, reserved)

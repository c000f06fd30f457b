-- Makes a server known as a member of its fleet, in this life of it. A life that is new here does not vote until every lease has
-- ended that the server may have forgotten.
--
-- KEYS[1] the mark   KEYS[2] the quarantine   KEYS[3] who found this server without a mark: while a new fleet is declared
-- ARGV[1] the run id of this life   ARGV[2] the rest of the mark: how many nodes, and the longest ttl
-- ARGV[3] how long a new life does not vote, in milliseconds
-- ARGV[4] 'durable' if what was acknowledged is known to outlive a restart (believed of no replica that took over), 'look' to be told whether there is a mark, 'found' if
--         no server of the fleet had one, else ''
-- ARGV[5] who looks or founds: a name that nobody else has   ARGV[6] how long it is remembered that he looked, in milliseconds
--
-- Reply: {'enlisted', seconds, microseconds, milliseconds left of the quarantine or 0}
--        {'mixed', seconds, microseconds, the mark that is there}: it is a member of another fleet, and nothing was changed
--        to 'look': {'marked', seconds, microseconds}, or {'unmarked', seconds, microseconds, 1 if he has seen it so before}
-- Cost: 3 to 7 calls.

local time = redis.call('TIME')
local wanted = ARGV[1] .. ' ' .. ARGV[2]
local mark = redis.call('GET', KEYS[1])

if ARGV[4] == 'look' then
  if mark then
    return {'marked', time[1], time[2]}
  end
  local is_new = redis.call('SADD', KEYS[3], ARGV[5])
  redis.call('PEXPIRE', KEYS[3], ARGV[6])
  return {'unmarked', time[1], time[2], 1 - is_new}
end

if mark == wanted then
  return {'enlisted', time[1], time[2], math.max(redis.call('PTTL', KEYS[2]), 0)}
end
if mark and string.match(mark, ' (.*)$') ~= ARGV[2] then
  return {'mixed', time[1], time[2], mark}
end

-- Whether this life has all that the one before had acknowledged, if it has its data at all: it does not, if it was a replica of the
-- server that acknowledged it, because replication is not waited for. Who may not be asked that is not believed.
local function is_promoted()
  local told = redis.pcall('INFO', 'replication')
  local older = type(told) == 'string' and string.match(told, 'master_replid2:(%w+)')
  return not older or string.match(older, '[^0]') ~= nil
end

-- What it forgot since he looked, it forgot with his name.
local is_trusted = mark and ARGV[4] == 'durable' and not is_promoted()
  or not mark and ARGV[4] == 'found' and redis.call('SISMEMBER', KEYS[3], ARGV[5]) == 1
-- This comes first: a server whose memory is full refuses a script's first write if it needs more of it, and no later one.
redis.call('DEL', KEYS[3])
redis.call('SET', KEYS[1], wanted)
if not is_trusted then
  redis.call('SET', KEYS[2], ARGV[1], 'PX', ARGV[3])
end
return {'enlisted', time[1], time[2], math.max(redis.call('PTTL', KEYS[2]), 0)}

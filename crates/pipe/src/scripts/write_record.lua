-- Writes one record: all of the steps, or none.
-- KEYS   1  the record's hash
-- ARGV   1  "any"; "new": only if it is not there; "old": only if it is there; "rest": nothing to do if it is not there
--        2  its ttl in milliseconds, or nothing
--        3  the name of its version, or nothing
--        4  the version that it must have, or nothing
--        5  "values" if removed values are asked for
--        .. the steps: "=" name value  set           "?" name value  set where there is none      "-" name  remove
--                      "+" name amount increment by an integer       "*" name amount  increment by a float
-- reply  nil if it is there although it should be new; else a list of the version ("" without one) and a result a step:
--        "=" 1, "?" 1 or 0, "-" the old value or nil if asked for, else 1 or 0, "+" and "*" the new value
-- errors ABSENT, CONFLICT, that of an increment: nothing was written
-- cost   O(steps)
local key, rule, ttl, version, expected = KEYS[1], ARGV[1], ARGV[2], ARGV[3], ARGV[4]
local there = redis.call('EXISTS', key) == 1
if rule == 'new' and there then
  return false
end
if rule == 'old' and not there then
  return redis.error_reply('ABSENT there is no such record')
end
if expected ~= '' and (redis.call('HGET', key, version) or '0') ~= expected then
  return redis.error_reply('CONFLICT the record has another version')
end

local steps = {}
local at = 6
while ARGV[at] do
  local step = {op = ARGV[at], name = ARGV[at + 1], value = ARGV[at + 2]}
  at = at + (step.op == '-' and 2 or 3)
  steps[#steps + 1] = step
end
local reply = {''}
if rule == 'rest' and not there then
  for place = 1, #steps do
    reply[place + 1] = ARGV[5] ~= 'values' and 0
  end
  return reply
end

-- An increment may fail, so they come first, and what they were is kept. Values are read again as text, because numbers
-- of this language are exact to 53 bits only.
local before = {}
local function increment(command, name, amount)
  before[#before + 1] = {name, redis.call('HGET', key, name)}
  local done = redis.pcall(command, key, name, amount)
  if type(done) == 'table' and done.err then
    return nil, done
  end
  return redis.call('HGET', key, name)
end
local function undo()
  for place = #before, 1, -1 do
    local name, value = before[place][1], before[place][2]
    if value then
      redis.call('HSET', key, name, value)
    else
      redis.call('HDEL', key, name)
    end
  end
end
local failed
if version ~= '' then
  reply[1], failed = increment('HINCRBY', version, 1)
end
for place, step in ipairs(steps) do
  local command = ({['+'] = 'HINCRBY', ['*'] = 'HINCRBYFLOAT'})[step.op]
  if command and not failed then
    reply[place + 1], failed = increment(command, step.name, step.value)
  end
end
if failed then
  undo()
  return failed
end

for place, step in ipairs(steps) do
  if step.op == '=' then
    redis.call('HSET', key, step.name, step.value)
    reply[place + 1] = 1
  elseif step.op == '?' then
    reply[place + 1] = redis.call('HSETNX', key, step.name, step.value)
  elseif step.op == '-' then
    local old = ARGV[5] == 'values' and redis.call('HGET', key, step.name)
    local removed = redis.call('HDEL', key, step.name)
    if ARGV[5] == 'values' then
      reply[place + 1] = old
    else
      reply[place + 1] = removed
    end
  end
end
if ttl ~= '' then
  redis.call('PEXPIRE', key, ttl)
end
return reply

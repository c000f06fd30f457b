-- All that a server holds under a prefix, in one form for the same values.
--
-- KEYS  none
-- ARGV  the prefix
-- reply a line a key: its name, type, end in ms since 1970 (-1: none), and what it holds
-- cost  O(all keys of the server)
local lines = {}
local function words(list)
  local told = {}
  for index, item in ipairs(list) do
    told[index] = type(item) == 'table' and '[' .. words(item) .. ']' or tostring(item)
  end
  return table.concat(told, ' ')
end
local function sorted(list)
  table.sort(list)
  return list
end
local function fields(key)
  local pairs_of = redis.call('HGETALL', key)
  local told = {}
  for index = 1, #pairs_of, 2 do
    local ends = redis.pcall('HPEXPIRETIME', key, 'FIELDS', 1, pairs_of[index])
    told[#told + 1] = pairs_of[index] .. '=' .. pairs_of[index + 1] .. '@' .. (ends.err and -1 or ends[1])
  end
  return sorted(told)
end
local readers = {
  string = function(key) return {redis.call('GET', key)} end,
  list = function(key) return redis.call('LRANGE', key, 0, -1) end,
  set = function(key) return sorted(redis.call('SMEMBERS', key)) end,
  zset = function(key) return redis.call('ZRANGE', key, 0, -1, 'WITHSCORES') end,
  hash = fields,
  stream = function(key)
    local groups = {}
    for _, group in ipairs(redis.call('XINFO', 'GROUPS', key)) do
      groups[#groups + 1] = {group[2], redis.call('XPENDING', key, group[2])[1], group[8]}
    end
    local about = redis.call('XINFO', 'STREAM', key)
    return {redis.call('XRANGE', key, '-', '+'), groups, about[8], about[10], about[12]}
  end,
}
for _, key in ipairs(redis.call('KEYS', ARGV[1] .. '*')) do
  local kind = redis.call('TYPE', key).ok
  local ends = redis.call('PEXPIRETIME', key)
  lines[#lines + 1] = key .. ' ' .. kind .. ' ' .. string.format('%.0f', ends) .. ' ' .. words(readers[kind](key))
end
return sorted(lines)

-- The values of some fields of a hash and their ends, as they are now.
--
-- KEYS[1]   the hash
-- ARGV      the fields
-- Reply: two lists in the order of the fields: their values (nil for one that is not there), and their ends as Unix time in
-- milliseconds (-1 for none, -2 for a field that is not there; all -1 where the server knows no ends of fields).
-- Cost: two commands, O(fields). It writes nothing.
local values = redis.call('HMGET', KEYS[1], unpack(ARGV))
local ends = redis.pcall('HPEXPIRETIME', KEYS[1], 'FIELDS', #ARGV, unpack(ARGV))
if ends.err then
  if not string.find(ends.err, 'nknown') then
    return ends
  end
  ends = {}
end
-- A key that is not there is answered with no list.
for i = 1, #ARGV do
  ends[i] = ends[i] or -1
end
return {values, ends}

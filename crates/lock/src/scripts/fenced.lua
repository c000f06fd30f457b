-- Carries out one command, unless a holder with a greater token was here before.
--
-- KEYS[1] where the greatest token is kept   KEYS[2..] the keys of the command
-- ARGV[1] the token                          ARGV[2..] the words of the command
--
-- Reply: the command's, or the error STALEFENCE with the greatest token; then nothing was done.
-- Cost: the command, and 1 to 2 calls: the second only the first time that a holder is here.

local greatest = tonumber(redis.call('GET', KEYS[1]) or 0)
local token = tonumber(ARGV[1])
if token < greatest then
  return redis.error_reply(string.format('STALEFENCE %.0f', greatest))
end
if token > greatest then
  redis.call('SET', KEYS[1], ARGV[1])
end
return redis.call(unpack(ARGV, 2))

-- Whether this server may vote now. Every script that votes begins with this text.
--
-- KEYS[1]  the mark: which life of this server, in a fleet of how many, is allowed to vote
-- KEYS[2]  the quarantine: while it is there, this server does not vote
-- ARGV[1]  the mark that the caller expects
--
-- A script that may not vote replies {word, seconds, microseconds, detail}: 'mark' with the mark that is there ('' if there is
-- none), or 'quarantine' with the milliseconds that are left of it.

local time = redis.call('TIME')

-- What is answered to those whose vote is asked in vain, or nothing if the server may vote.
local function refusal(mark, quarantine)
  if mark ~= ARGV[1] then
    return {'mark', time[1], time[2], mark or ''}
  end
  if quarantine then
    return {'quarantine', time[1], time[2], redis.call('PTTL', KEYS[2])}
  end
end

-- What a script answers that takes something: the token that was given for it, the first one if there are several.
local function granted(token)
  return string.format('granted %s %s %.0f', time[1], time[2], token)
end

-- Passing a lock on to the first in line. Scripts that end a hold, or leave the line, contain this text.

-- The channel of the process that a waiter belongs to: its name up to the first colon.
local function channel(prefix, waiter)
  return prefix .. string.match(waiter, '^[^:]*')
end

-- Whether a waiter wants to read, with others who do.
local function is_reader(waiter)
  return string.sub(waiter, -2) == ':r'
end

-- Takes the first living waiter out of the line, keeps the lock for it for a while, and wakes it and nobody else; if it is a reader,
-- the readers right behind it with it, up to the first who is none. Whom the message does not reach has no connection any more, and
-- loses its place: it comes back by itself if it lives. The one behind those who were woken is told that it is next, so that it
-- looks here if they do not come.
--
-- The reservation ends by itself, so a waiter that hangs delays the others by that time and no more.
local function hand_over(line, reservation, prefix, message, reserve_ms)
  local woken
  -- It ends with the line: whoever is looked at leaves it, but for the last.
  while true do
    local waiter = redis.call('ZRANGE', line, 0, 0)[1]
    if not waiter then
      return
    end
    if woken and not (is_reader(woken) and is_reader(waiter)) then
      redis.pcall('PUBLISH', channel(prefix, waiter), 'next ' .. waiter .. ' ' .. message)
      return
    end
    redis.call('ZREM', line, waiter)
    local heard = redis.pcall('PUBLISH', channel(prefix, waiter), 'wake ' .. waiter .. ' ' .. message)
    if type(heard) == 'number' and heard > 0 and not woken then
      redis.call('SET', reservation, waiter, 'PX', reserve_ms)
      woken = waiter
    end
  end
end


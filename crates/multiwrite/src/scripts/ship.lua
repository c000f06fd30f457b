-- Carries out a round of entries, each once, and keeps the place up to which all of them are here.
-- KEYS   1  the watermark: a seq, and then of each entry that is here, but not as it should be, a space, its seq, a space, what
--           is told of it, a space, how many bytes, a colon, and these. So it is told again when the reply was lost.
--        .. the keys of the entries, in order
-- ARGV   1  the seq of the first entry          2  that of the last
--        3  how much each one's is above the first's, with spaces between; nothing if there is no gap
--        4  the seq that the watermark has at least, if nothing was lost        5  the watermark's ttl in milliseconds
--        6  the seq below which no entry comes again, so that nothing needs to be told of it
--        .. the entries. Those of one form, a command on its one key: how many there are, how many words come after the
--           key, 1 if a life does, the command's name; then the words, and the life, of each.
--           Any other: 0, how many steps, lives and keys it has; then of each step how many words and the words, of each
--           life the key and the life.
--           A life is the Unix time in milliseconds of its end, -1 if it has none, -2 if there is no such key.
-- local  vouched  the functions of EVAL steps, in order: put in front of this text
-- reply  the watermark as it is now; how many entries were here before, -1 if something was lost; how many are behind us;
--        what stopped us there, or nothing; then triples: an entry's place, "refused" or "life", the error or the key
-- errors those of GET, before anything is done
-- cost   O(entries)
local KEYS, ARGV, call, pcall, unpack, tonumber = KEYS, ARGV, redis.call, pcall, unpack, tonumber
local marked = call('GET', KEYS[1]) or '0'
local noted = string.match(marked, '^%d+(.*)$') or ''
marked = string.match(marked, '^%d+') or '0'
local mark, first = tonumber(marked), tonumber(ARGV[1])
if mark < tonumber(ARGV[4]) then
  return {marked, -1, 0, ''}
end
local gaps
local function seq(place)
  if ARGV[3] == '' then
    return first + place - 1
  end
  if not gaps then
    gaps = {}
    for above in string.gmatch(ARGV[3], '%d+') do
      gaps[#gaps + 1] = tonumber(above)
    end
  end
  return first + gaps[place]
end
local skipped = 0
if mark >= tonumber(ARGV[2]) then
  skipped = ARGV[3] == '' and tonumber(ARGV[2]) - first + 1 or select(2, string.gsub(ARGV[3], '%d+', ''))
elseif mark >= first then
  repeat
    skipped = skipped + 1
  until seq(skipped + 1) > mark
end

local reply = {marked, skipped, 0, ''}
local function note(place, kind, what)
  local size = #reply
  reply[size + 1], reply[size + 2], reply[size + 3] = place, kind, what
end
-- What was noted of entries that are here. What may be asked for once more is kept.
local kept = {}
local function recall()
  local at, place = 1, 1
  while true do
    local _, stop, own, kind, size = string.find(noted, '^ (%d+) (%a+) (%d+):', at)
    if not stop then
      return
    end
    local over = stop + tonumber(size)
    if tonumber(own) >= tonumber(ARGV[6]) then
      kept[#kept + 1] = string.sub(noted, at, over)
    end
    while place <= skipped and seq(place) < tonumber(own) do
      place = place + 1
    end
    if place <= skipped and seq(place) == tonumber(own) then
      note(place, kind, string.sub(noted, stop + 1, over))
    end
    at = over + 1
  end
end
if noted ~= '' then
  recall()
end
local recalled = #reply
if mark >= tonumber(ARGV[2]) then
  reply[3] = skipped
  return reply
end
-- What is noted now is kept beside the watermark.
local function keep(upto)
  for at = recalled + 1, #reply, 3 do
    local what = reply[at + 2]
    kept[#kept + 1] = string.format(' %.0f %s %d:', seq(reply[at]), reply[at + 1], #what) .. what
  end
  return upto .. table.concat(kept)
end
-- A command's error comes as its text, and so does one of Lua, which has no code.
local function words_of(problem)
  local text = string.gsub(tostring(type(problem) == 'table' and problem.err or problem), '^%-', '')
  return string.find(text, '^%u+ ') and text or 'ERR ' .. text
end
-- What the server is, and not what the command is, makes it refuse with these.
local function is_of_the_server(text)
  local codes = ' LOADING READONLY MASTERDOWN CLUSTERDOWN TRYAGAIN BUSY MISCONF NOREPLICAS MOVED ASK '
  return string.find(codes, ' ' .. string.match(text, '^%S*') .. ' ', 1, true)
end

local now
local function is_past(ends)
  if not now then
    local time = call('TIME')
    now = time[1] * 1000 + math.floor(time[2] / 1000)
  end
  return ends <= now
end
-- A key that should be gone is removed: then it is as it is where it came from.
local function settle(place, key, life)
  local wanted = tonumber(life)
  if call('PEXPIRETIME', key) == wanted then
    return
  end
  if wanted == -2 or wanted >= 0 and is_past(wanted) then
    call('UNLINK', key)
  else
    note(place, 'life', key)
  end
end
local function check_life(place, key, life)
  if not pcall(settle, place, key, life) then
    note(place, 'life', key)
  end
end

local at, key, place = 7, 2, 0

-- Entries of one form, from the one at `from`. What is refused is raised: no step of it is looked at by itself.
local under_way
local function alike(from, times, rest, has_life, name)
  local width = rest + has_life
  for index = from, times do
    under_way = index
    local own, start = KEYS[key + index - 1], at + (index - 1) * width
    if rest == 1 then
      call(name, own, ARGV[start])
    elseif rest == 0 then
      call(name, own)
    else
      call(name, own, unpack(ARGV, start, start + rest - 1))
    end
    if has_life == 1 then
      check_life(place + index, own, ARGV[start + rest])
    end
  end
end

local function run(times)
  local rest, has_life, name = tonumber(ARGV[at + 1]), tonumber(ARGV[at + 2]), ARGV[at + 3]
  at = at + 4
  local from = math.max(1, skipped - place + 1)
  while from <= times do
    local done, problem = pcall(alike, from, times, rest, has_life, name)
    if done then
      break
    end
    local text = words_of(problem)
    if is_of_the_server(text) then
      return under_way - 1, text
    end
    note(place + under_way, 'refused', text)
    from = under_way + 1
  end
  at, key = at + times * (rest + has_life), key + times
  return times
end

-- A vouched script may have read what ended here earlier or later than where it came from, and then hidden it by what it
-- wrote. So where a key of it has an end, or is not here, all of them are told as if their lives were wrong.
local function doubt(keys)
  for i = 1, keys do
    if call('PEXPIRETIME', ARGV[at + 2 + i]) ~= -1 then
      for j = 1, keys do
        note(place + 1, 'life', ARGV[at + 2 + j])
      end
      return
    end
  end
end

local function step(words)
  if #vouched == 0 or string.upper(ARGV[at]) ~= 'EVAL' then
    call(unpack(ARGV, at, at + words - 1))
    return
  end
  local keys = tonumber(ARGV[at + 2])
  doubt(keys)
  local text = table.remove(vouched, 1)
  local result = text({unpack(ARGV, at + 3, at + 2 + keys)}, {unpack(ARGV, at + 3 + keys, at + words - 1)})
  if type(result) == 'table' and result.err then
    error(result)
  end
end

local function single()
  local steps, lives, keys = tonumber(ARGV[at + 1]), tonumber(ARGV[at + 2]), tonumber(ARGV[at + 3])
  local is_here = place + 1 <= skipped
  local did, refusal, stop
  at = at + 4
  for _ = 1, steps do
    local words = tonumber(ARGV[at])
    at = at + 1
    if not is_here and not stop then
      local done, problem = pcall(step, words)
      if done then
        did = true
      else
        local text = words_of(problem)
        stop = is_of_the_server(text) and text
        refusal = refusal or text
      end
    end
    at = at + words
  end
  if stop and not did then
    return 0, stop
  end
  if refusal then
    note(place + 1, 'refused', refusal)
  end
  for _ = 1, lives do
    if not is_here and not refusal then
      check_life(place + 1, ARGV[at], ARGV[at + 1])
    end
    at = at + 2
  end
  key = key + keys
  return 1, stop
end

local behind, stop
while ARGV[at] and not stop do
  local times = tonumber(ARGV[at])
  if times > 0 then
    behind, stop = run(times)
  else
    behind, stop = single()
  end
  place = place + behind
end

reply[3], reply[4] = place, stop or ''
if place > skipped then
  local upto = stop and string.format('%.0f', seq(place)) or ARGV[2]
  local value = upto
  if #kept > 0 or #reply > recalled then
    value = keep(upto)
  end
  -- Out of memory it is refused only where nothing was written: then nothing needs it.
  if pcall(call, 'SET', KEYS[1], value, 'PX', ARGV[5]) then
    reply[1] = upto
  end
end
return reply

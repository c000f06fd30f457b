-- What a script sees of Lua: Redis's choice of functions, none of which can be changed from inside a script.
--
-- Given: `rust`, the functions of base.rs; `libraries`, tables that ours fill (redis, cjson, ..).
-- Returns: run(chunk, keys, argv) -> true, value | false, error table; and tidy(), for after a run that was cut off.
--
-- Lua 5.1 has no read-only tables. So a script sees an empty face of each table here; reading goes through to the
-- content, writing raises, and the functions that would look behind a face are taught about it.
local rust, libraries = ...

local collectgarbage, error, getmetatable, load, loadstring = collectgarbage, error, getmetatable, load, loadstring
local next, pairs, pcall, rawget, rawset, select = next, pairs, pcall, rawget, rawset, select
local setmetatable, type, unpack, xpcall = setmetatable, type, unpack, xpcall
local byte, create, resume, running = string.byte, coroutine.create, coroutine.resume, coroutine.running
local wrap, yield = coroutine.wrap, coroutine.yield
local foreach, foreachi, insert = table.foreach, table.foreachi, table.insert
local charge, check, misfit, plain = rust.charge, rust.check, rust.misfit, rust.plain
local is_lua, readonly, refuse = rust.is_lua, rust.readonly, rust.refuse

local contents = {} -- content by face
local faces = {}

local function shield(content, metatable)
  local face = setmetatable({}, { __index = content, __newindex = rust.refuse_write, __metatable = metatable or false })
  contents[face] = content
  faces[#faces + 1] = face
  return face
end

-- table.insert writes past a metatable, so after it the faces have to be looked through. A script finds it only when it
-- asks for it: then it is put where it belongs until the end of the run, and who did not ask spares the look.
local is_soiled = false
local function reveal()
  is_soiled = true
  libraries.table.insert = insert
end

-- A table that may be walked: a face's content only as a copy, because a loop's state is in the script's hands.
local function walkable(value)
  local content = contents[value]
  if not content then return value end
  reveal()
  local copy = {}
  for k, v in next, content do copy[k] = v end
  return copy
end

local function taken(library)
  local copy = {}
  for name, value in next, library do copy[name] = value end
  return copy
end

-- Lua's pcall, xpcall and resume have no room on the stack for more than some twenty results, which a Lua that checks
-- its callers takes for a crash. So results come in a table.
local function pack(...)
  return { n = select('#', ...), ... }
end

-- The results of the first argument, called with the rest. Called in this way it has no name, as behind a real pcall.
local function packing(...)
  return pack((...)(select(2, ...)))
end

local function is_callable(value)
  if type(value) == 'function' then return true end
  local metatable = type(value) == 'table' and getmetatable(value)
  return type(metatable) == 'table' and type(rawget(metatable, '__call')) == 'function'
end

-- The results of a protected call, with an error of ours as the plain value that Redis's C code would have raised.
local function told(ok, result)
  if ok then return true, unpack(result, 1, result.n) end
  return false, plain(result)
end

-- The same for pcall, where Redis hands out the text of an error table alone.
local function caught(ok, result)
  if ok then return true, unpack(result, 1, result.n) end
  local problem = plain(result)
  if type(problem) == 'table' then
    local text = problem.err
    if type(text) ~= 'string' and type(text) ~= 'number' then return false, problem, text end
    problem = text
  end
  return false, problem
end

local base = {
  _VERSION = _VERSION, assert = assert, error = error, gcinfo = gcinfo, ipairs = ipairs, rawequal = rawequal,
  select = select, tonumber = tonumber, tostring = tostring, type = type, unpack = unpack,
  __redis__err__handler = rust.describe,
}

function base.pcall(...)
  -- as Redis has it
  if select('#', ...) == 0 then return false, 'attempt to call a boolean value' end
  if is_callable((...)) then return caught(pcall(packing, ...)) end
  return caught(pcall(...))
end

function base.xpcall(...)
  local body, handler = ...
  if select('#', ...) < 2 then misfit(2, 'value expected') end
  local handle = handler
  if type(handler) == 'function' then
    handle = function(problem) return handler(plain(problem)) end
  end
  if is_callable(body) then return told(xpcall(function() return packing(body) end, handle)) end
  return told(xpcall(body, handle))
end

function base.next(...)
  local value, key = ...
  if type(value) ~= 'table' then misfit(1, 'table', ...) end
  return next(walkable(value), key)
end

function base.pairs(...)
  local value = ...
  if type(value) ~= 'table' then misfit(1, 'table', ...) end
  return next, walkable(value), nil
end

function base.rawget(...)
  local value, key = ...
  if type(value) ~= 'table' then misfit(1, 'table', ...) end
  if select('#', ...) < 2 then misfit(2, 'value expected') end
  if not contents[value] then return rawget(value, key) end
  reveal()
  return rawget(contents[value], key)
end

function base.rawset(...)
  local value = ...
  if type(value) ~= 'table' then misfit(1, 'table', ...) end
  local count = select('#', ...)
  if count < 3 then misfit(count + 1, 'value expected') end
  if contents[value] then readonly() end
  return rawset(...)
end

function base.getmetatable(...)
  if select('#', ...) == 0 then misfit(1, 'value expected') end
  local metatable = getmetatable((...))
  if metatable == false and contents[(...)] then return nil end
  return metatable
end

function base.setmetatable(...)
  local value, metatable = ...
  if type(value) ~= 'table' then misfit(1, 'table', ...) end
  if type(metatable) ~= 'table' and (metatable ~= nil or select('#', ...) < 2) then
    misfit(2, 'nil or table expected')
  end
  if contents[value] then readonly() end
  local before = getmetatable(value)
  if before and (type(before) ~= 'table' or rawget(before, '__metatable') ~= nil) then
    refuse('cannot change a protected metatable')
  end
  return setmetatable(value, metatable)
end

-- Text only: what is compiled already is trusted by Lua's machine, and could crash it. A blank in front makes the
-- compiler see it as the text that it is not.
function base.loadstring(...)
  local text, name = ...
  if type(text) ~= 'string' and type(text) ~= 'number' then misfit(1, 'string', ...) end
  if type(text) == 'string' and byte(text) == 27 then return loadstring(' ' .. text, name or text) end
  return loadstring(text, name)
end

function base.load(...)
  local reader, name = ...
  if type(reader) ~= 'function' then misfit(1, 'function', ...) end
  local first = true
  return load(function()
    local piece = reader()
    if first and type(piece) == 'string' and piece ~= '' then
      first = false
      if byte(piece) == 27 then return ' ' .. piece end
    end
    return piece
  end, name)
end

-- What a script does to the collector ends with it.
local tampered = false
local collects = { collect = true, count = true, step = true }
local tampers = { stop = true, restart = true, setpause = true, setstepmul = true }
function base.collectgarbage(...)
  local option, value = ...
  if option ~= nil and type(option) ~= 'string' and type(option) ~= 'number' then misfit(1, 'string', ...) end
  if option ~= nil and not collects[option] then
    if not tampers[option] then misfit(1, "invalid option '" .. option .. "'") end
    tampered = true
  end
  return collectgarbage(option, value)
end

libraries.string, libraries.math, libraries.table = taken(string), taken(math), taken(table)
libraries.coroutine = taken(coroutine)
libraries.os = { clock = rust.clock }

local function check_walk(...)
  local value, body = ...
  if type(value) ~= 'table' then return 1, 'table', ... end
  if type(body) ~= 'function' then return 2, 'function', select(2, ...) end
end
function libraries.table.foreach(...)
  if check_walk(...) then misfit(check_walk(...)) end
  local value, body = ...
  return foreach(walkable(value), body)
end
function libraries.table.foreachi(...)
  if check_walk(...) then misfit(check_walk(...)) end
  local value, body = ...
  return foreachi(walkable(value), body)
end
libraries.table.insert = nil
setmetatable(libraries.table, { __index = function(_, name)
  if name ~= 'insert' then return nil end
  reveal()
  return insert
end })
libraries.math.random, libraries.math.randomseed = rust.random, rust.randomseed

-- A new coroutine may run a while before its first look at the meter, so it is charged for that at once.
local packed = setmetatable({}, { __mode = 'k' }) -- coroutines whose results come in a table
function libraries.coroutine.create(...)
  charge()
  local body = ...
  if not is_lua(body) then misfit(1, 'Lua function expected') end
  local made = create(function(...) return packing(body, ...) end)
  packed[made] = true
  return made
end
function libraries.coroutine.wrap(...)
  charge()
  local body = ...
  if not is_lua(body) then misfit(1, 'Lua function expected') end
  return wrap(body)
end
function libraries.coroutine.yield(...)
  local own = running()
  if own and packed[own] then return yield(pack(...)) end
  return yield(...)
end
local function resumed(...)
  if (...) then return ... end
  return false, plain((select(2, ...)))
end
function libraries.coroutine.resume(...)
  check()
  local other = ...
  if type(other) ~= 'thread' then misfit(1, 'coroutine expected') end
  if packed[other] then return told(resume(...)) end
  return resumed(resume(...))
end

for name, library in next, libraries do base[name] = shield(library) end
setmetatable(base, { __index = rust.refuse_read })
base._G = shield(base, shield({ __index = rust.refuse_read }))
getmetatable('').__index = libraries.string
getmetatable('').__metatable = shield({ __index = base.string })
base.KEYS, base.ARGV = {}, {}

local function tidy()
  if is_soiled then
    for i = 1, #faces do
      local face = faces[i]
      if next(face) ~= nil then for key in pairs(taken(face)) do rawset(face, key, nil) end end
    end
    libraries.table.insert = nil
    is_soiled = false
  end
  if tampered then
    tampered = false
    collectgarbage('setpause', 200)
    collectgarbage('setstepmul', 200)
    collectgarbage('restart')
  end
end

local chunk
local function first_result() return (chunk()) end

local describe = rust.describe
local function run(body, keys, argv)
  chunk, base.KEYS, base.ARGV = body, keys, argv
  local ok, value = xpcall(first_result, describe)
  -- short of memory, Lua asks no handler
  if not ok and type(value) ~= 'table' then value = plain(value) end
  tidy()
  return ok, value
end

return base._G, run, tidy

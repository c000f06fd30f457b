local function show(v)
  local t = type(v)
  if t == 'string' then return '"' .. v:gsub('[%z\1-\31"\\\127-\255]', function(c) return string.format('\\%03d', c:byte()) end) .. '"' end
  if t == 'number' then return string.format('%.17g', v) end
  if t == 'userdata' then return v == cjson.null and 'null' or t end
  if t ~= 'table' then return t == 'function' and t or tostring(v) end
  local keys, out = {}, {}
  for k in pairs(v) do keys[#keys + 1] = k end
  table.sort(keys, function(a, b) return show(a) < show(b) end)
  for i, k in ipairs(keys) do out[i] = show(k) .. '=' .. show(v[k]) end
  return '{' .. table.concat(out, ',') .. '}'
end
local function pack(...) return { n = select('#', ...), ... } end
local function all(...) return ... end
local r, out = pack(pcall(function() return all($) end)), {}
for i = 1, r.n do out[i] = show(r[i]) end
return table.concat(out, ' ')

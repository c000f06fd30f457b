pcall(table.insert, redis, 1) pcall(rawset, _G, 'x', 1) pcall(setmetatable, string, nil) collectgarbage('stop')
for k in pairs(_G) do pcall(function() _G[k] = nil end) end
getmetatable('').__index = nil

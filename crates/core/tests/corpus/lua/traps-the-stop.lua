local function again() return xpcall(again, again) end
redis.call('SET', KEYS[1], 'changed') while true do again() end

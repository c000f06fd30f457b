redis.call('SET', KEYS[1], 'changed') while true do pcall(string.rep, 'x', 2^30) end

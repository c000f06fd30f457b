redis.call('SET', KEYS[1], 'changed') while true do pcall(function() while true do end end) end

redis.call('SET', KEYS[1], 'changed') while true do end

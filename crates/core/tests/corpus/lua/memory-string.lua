redis.call('SET', KEYS[1], 'changed') local s = 'x' while true do s = s .. s end

while true do redis.pcall('INCR', KEYS[1]) redis.pcall('RPUSH', 'list', 'x') end

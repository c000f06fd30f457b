redis.call('SET', KEYS[1], 'changed') return string.rep('x', 2^30)

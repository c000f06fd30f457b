return {2^63, -2^63, 2^64, 0/0, 1/0, -1/0, 2^53 + 1, 1.9, -1.9, redis.call('SET', KEYS[1], 2^63), redis.call('SET', 0/0, 1e308)}

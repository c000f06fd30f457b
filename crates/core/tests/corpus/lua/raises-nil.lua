redis.call('SET', KEYS[1], 'kept') error()

redis.call('SET', KEYS[1], '\255\254') return {redis.call('GET', KEYS[1]), {ok = '\255'}, {err = '\255 \254'}, '\0'}

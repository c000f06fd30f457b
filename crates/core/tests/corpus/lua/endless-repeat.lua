redis.call('DEL', KEYS[1]) repeat local s = 'x' until false

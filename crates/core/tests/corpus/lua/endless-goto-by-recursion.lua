local function f() return f() end redis.call('SET', KEYS[1], 'changed') return f()

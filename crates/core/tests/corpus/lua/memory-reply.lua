redis.call('SET', KEYS[1], 'changed') local t = {'x'} for i = 1, 60 do t = {t, t} end return t

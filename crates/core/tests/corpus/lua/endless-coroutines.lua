redis.call('SET', KEYS[1], 'changed') while true do coroutine.wrap(function() local i = 0 while i < 900 do i = i + 1 end end)() end

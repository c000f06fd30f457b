while true do ('abc'):gsub('.', function(c) redis.call('APPEND', KEYS[1], c) end) end

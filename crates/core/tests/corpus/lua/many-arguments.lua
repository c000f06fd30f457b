return redis.call('MGET', unpack(cjson.decode('[' .. ('"k",'):rep(7000) .. '"k"]')))

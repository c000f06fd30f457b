redis.setresp(3) local t = {} t.map = {a = t, b = t} return t

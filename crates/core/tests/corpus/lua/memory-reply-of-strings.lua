local s, t = ('x'):rep(1e6), {} for i = 1, 1e5 do t[i] = s end return t

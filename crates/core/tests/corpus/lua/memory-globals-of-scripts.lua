for i = 1, 1e9 do rawset(KEYS, i, ('x'):rep(100) .. i) end

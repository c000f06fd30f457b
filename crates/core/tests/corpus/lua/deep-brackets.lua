return loadstring('return ' .. ('('):rep(1e4) .. '1' .. (')'):rep(1e4))

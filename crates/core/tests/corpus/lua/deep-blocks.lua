return loadstring(('do '):rep(1e4) .. ('end '):rep(1e4))

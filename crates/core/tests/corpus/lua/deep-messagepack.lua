return {pcall(cmsgpack.unpack, ('\145'):rep(1e5)), pcall(cmsgpack.unpack, ('\129\1'):rep(1e5))}

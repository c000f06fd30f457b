return {pcall(cjson.decode, ('['):rep(1e5)), pcall(cjson.decode, ('{"a":'):rep(1e5))}

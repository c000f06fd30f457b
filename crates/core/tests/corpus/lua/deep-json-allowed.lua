cjson.decode_max_depth(2^30) cjson.encode_max_depth(2^30)
local ok, t = pcall(cjson.decode, ('['):rep(2999) .. (']'):rep(2999))
return {ok, #cjson.encode(t), pcall(cjson.decode, ('['):rep(1e5))}

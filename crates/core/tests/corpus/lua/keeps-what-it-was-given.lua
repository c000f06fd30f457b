KEYS = nil ARGV = 5 redis = {} cjson = nil

local t = {} for i = 1, 1e4 do t = {t} end return t

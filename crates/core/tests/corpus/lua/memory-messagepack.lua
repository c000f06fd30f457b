local t = {1, 2, 3, 4, 5, 6, 7, 8, 9} for i = 1, 15 do t = {t, t, t, t, t, t, t, t} end return cmsgpack.pack(t)

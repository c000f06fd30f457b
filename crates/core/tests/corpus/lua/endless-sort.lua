local t = {} for i = 1, 200 do t[i] = i end
while true do pcall(table.sort, t, function(a, b) return a % 7 < b % 5 end) end

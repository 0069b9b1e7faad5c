-- Reads who is blocked.
-- KEYS[2]: blocked clients, with when that ends.
-- Returns the last number; then each client, and for how long it is blocked still, in ms.

local last, now = last_number()
local blocked = redis.call('ZRANGEBYSCORE', KEYS[2], '(' .. string.format('%.0f', now), '+inf', 'WITHSCORES')
local answer = {last}
for i = 1, #blocked, 2 do
  answer[#answer + 1] = blocked[i]
  answer[#answer + 1] = math.ceil((tonumber(blocked[i + 1]) - now) / 1000)
end
return answer

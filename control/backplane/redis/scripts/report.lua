-- A replica reports that it lives, by a message that it waits for to come back; and learns of the
-- others.
-- KEYS[2]: members, with when they last reported. KEYS[3]: their descriptions. KEYS[4]: the claim of
-- this replica's id.
-- ARGV[3]: channel. ARGV[4]: payload. ARGV[5]: replica id. ARGV[6]: prefix of replicas' own channels.
-- ARGV[7]: what tells this process from another with the same id. ARGV[8]: how long a claim lives
-- without a report, in ms. ARGV[9]: description.
-- Returns the number, the time, and four values a replica: id, last report, subscribers of its own
-- channel, description. Nothing (nil) when another process has the id.

local member_age_max = 3600 * 1000000

local holder = redis.call('GET', KEYS[4])
if holder and holder ~= ARGV[7] then return false end

return publish_numbered(ARGV[3], ARGV[4], function(number, now)
  redis.call('SET', KEYS[4], ARGV[7], 'PX', ARGV[8])
  for _, gone in ipairs(redis.call('ZRANGEBYSCORE', KEYS[2], '-inf', now - member_age_max)) do
    redis.call('ZREM', KEYS[2], gone)
    redis.call('HDEL', KEYS[3], gone)
  end
  redis.call('ZADD', KEYS[2], now, ARGV[5])
  redis.call('HSET', KEYS[3], ARGV[5], ARGV[9])
  local members = redis.call('ZRANGE', KEYS[2], 0, -1, 'WITHSCORES')
  local answer = {number, now}
  for i = 1, #members, 2 do
    answer[#answer + 1] = members[i]
    answer[#answer + 1] = tonumber(members[i + 1])
    answer[#answer + 1] = count_subscribers(ARGV[6] .. members[i])
    answer[#answer + 1] = redis.call('HGET', KEYS[3], members[i])
  end
  return answer
end)

-- Blocks a client for a while, and tells the client's channel.
-- KEYS[2]: members. KEYS[3]: blocked clients, with when that ends.
-- ARGV[3]: channel. ARGV[4]: payload. ARGV[5]: prefix of replicas' own channels. ARGV[6]: client id.
-- ARGV[7]: for how long, in ms. ARGV[8]: how many clients may be blocked.
-- Returns the number, receivers and deaf replicas; nothing (nil) when too many are blocked.

local now = time_us()
redis.call('ZREMRANGEBYSCORE', KEYS[3], '-inf', now)
if redis.call('ZCARD', KEYS[3]) >= tonumber(ARGV[8]) and not redis.call('ZSCORE', KEYS[3], ARGV[6]) then
  return false
end

return publish_numbered(ARGV[3], ARGV[4], function(number)
  redis.call('ZADD', KEYS[3], now + ARGV[7] * 1000, ARGV[6])
  return {number, count_subscribers(ARGV[3]), count_deaf(KEYS[2], now, ARGV[5])}
end)

-- Removes a client's record and tells the client's channel.
-- KEYS[2]: members. KEYS[3]: the record.
-- ARGV[3]: channel. ARGV[4]: payload. ARGV[5]: prefix of replicas' own channels.
-- Returns the number, receivers and deaf replicas.

return publish_numbered(ARGV[3], ARGV[4], function(number, now)
  redis.call('DEL', KEYS[3])
  return {number, count_subscribers(ARGV[3]), count_deaf(KEYS[2], now, ARGV[5])}
end)

-- Stores a client's record if it still has the version that the change was made from, and tells the
-- client's channel.
-- KEYS[2]: members. KEYS[3]: the record.
-- ARGV[3]: channel. ARGV[4]: payload. ARGV[6]: prefix of replicas' own channels. ARGV[7]: the version
-- that the record must have, 0 for none. ARGV[8], ARGV[9]: the new version and metadata. ARGV[10]:
-- its time to live in ms.
-- Returns the number, receivers and deaf replicas; nothing (nil) when the version differs.

local version = redis.call('HGET', KEYS[3], 'version') or '0'
if version ~= ARGV[7] then return false end

return publish_numbered(ARGV[3], ARGV[4], function(number, now)
  redis.call('HSET', KEYS[3], 'version', ARGV[8], 'metadata', ARGV[9])
  redis.call('PEXPIRE', KEYS[3], ARGV[10])
  return {number, count_subscribers(ARGV[3]), count_deaf(KEYS[2], now, ARGV[6])}
end)

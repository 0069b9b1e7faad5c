-- Publishes a message under the next number.
-- KEYS[2]: members. KEYS[3]: the claim of a request_id, if there is one.
-- ARGV[3]: channel. ARGV[4]: payload. ARGV[5]: 1 to count receivers. ARGV[6]: prefix of replicas'
-- own channels. ARGV[7], ARGV[8]: the claim's fingerprint and its time to live in ms.
-- Returns the number, receivers and deaf replicas; then, if the claim was taken before, its
-- fingerprint and answer, and nothing was published.

if KEYS[3] then
  local earlier = redis.call('HMGET', KEYS[3], 'fingerprint', 'number', 'answer')
  if earlier[1] then return {earlier[2], 0, 0, earlier[1], earlier[3]} end
end

return publish_numbered(ARGV[3], ARGV[4], function(number, now)
  if KEYS[3] then
    redis.call('DEL', KEYS[3])  -- An answer may be left of a claim that was lost.
    redis.call('HSET', KEYS[3], 'fingerprint', ARGV[7], 'number', number)
    redis.call('PEXPIRE', KEYS[3], ARGV[8])
  end
  if ARGV[5] ~= '1' then return {number, 0, 0} end
  return {number, count_subscribers(ARGV[3]), count_deaf(KEYS[2], now, ARGV[6])}
end)

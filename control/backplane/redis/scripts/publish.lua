-- Publishes a message under the next number, and keeps it for streams that come back.
-- KEYS[2]: members. KEYS[3]: the channel's history. KEYS[4]: the claim of a request_id, if there is
-- one.
-- ARGV[3]: channel. ARGV[4]: payload. ARGV[5]: 1 to count receivers. ARGV[6]: prefix of replicas'
-- own channels. ARGV[7], ARGV[8], ARGV[9]: how many messages are kept (0: not this one either), for
-- how long in ms, and how many bytes. ARGV[10], ARGV[11]: the claim's fingerprint and its time to
-- live in ms.
-- Returns the number, receivers and deaf replicas; then, if the claim was taken before, its
-- fingerprint and answer, and nothing was published.

if KEYS[4] then
  local earlier = redis.call('HMGET', KEYS[4], 'fingerprint', 'number', 'answer')
  if earlier[1] then return {earlier[2], 0, 0, earlier[1], earlier[3]} end
end

local function keep(message)
  local messages_max, bytes_max = tonumber(ARGV[7]), tonumber(ARGV[9])
  local head = redis.call('LINDEX', KEYS[3], 0)
  local trimmed_to, bytes = '0', 0
  local count
  if head then
    local space = string.find(head, ' ', 1, true)
    trimmed_to, bytes = string.sub(head, 1, space - 1), tonumber(string.sub(head, space + 1))
    count = redis.call('RPUSH', KEYS[3], message) - 1
  else
    count = redis.call('RPUSH', KEYS[3], '', message) - 1
  end
  bytes = bytes + #message
  while count > messages_max or (bytes > bytes_max and count > 1) do
    local oldest = redis.call('LPOP', KEYS[3], 2)[2]
    redis.call('LPUSH', KEYS[3], '')
    trimmed_to, bytes, count = sequence_of(oldest), bytes - #oldest, count - 1
  end
  redis.call('LSET', KEYS[3], 0, trimmed_to .. ' ' .. bytes)
  redis.call('PEXPIRE', KEYS[3], ARGV[8])
end

return publish_numbered(ARGV[3], ARGV[4], function(number, now)
  if ARGV[7] ~= '0' then keep(number .. ' ' .. ARGV[4]) end
  if KEYS[4] then
    redis.call('DEL', KEYS[4])  -- An answer may be left of a claim that was lost.
    redis.call('HSET', KEYS[4], 'fingerprint', ARGV[10], 'number', number)
    redis.call('PEXPIRE', KEYS[4], ARGV[11])
  end
  if ARGV[5] ~= '1' then return {number, 0, 0} end
  return {number, count_subscribers(ARGV[3]), count_deaf(KEYS[2], now, ARGV[6])}
end)

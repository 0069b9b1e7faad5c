-- Reads what channels' histories hold, and records, of one moment.
-- KEYS[2] and on: histories, then records.
-- ARGV[3]: how many bytes of messages are wanted at most, though one message at least. ARGV[4]: how
-- many of the keys are histories. Then two values a history: the sequence number above which
-- messages are wanted, and how old they may be in microseconds.
-- Returns the last number; the sequence number up to which messages are here; the time in
-- microseconds; then a list a history:
-- what was cut by size, what may have been cut by age, the messages; then for each record its
-- number, version, metadata, groups and left.

local chunk = 64

-- The newest first.
local function messages_above(key, after)
  local messages = {}
  local stop = redis.call('LLEN', key) - 1  -- The head is no message.
  while stop >= 1 do
    local start = math.max(1, stop - chunk + 1)
    local part = redis.call('LRANGE', key, start, stop)
    for i = #part, 1, -1 do
      if tonumber(sequence_of(part[i])) <= after then return messages end
      messages[#messages + 1] = part[i]
    end
    stop = start - 1
  end
  return messages
end

local last, now = last_number()
local bytes_max, histories = tonumber(ARGV[3]), tonumber(ARGV[4])
local complete_to = tonumber(string.sub(last, epoch_length + 2))
local answer, bytes, read = {last, '', string.format('%.0f', now)}, 0, {}
for i = 1, histories do
  local key, after, age = KEYS[i + 1], tonumber(ARGV[3 + 2 * i]), tonumber(ARGV[4 + 2 * i])
  local head = redis.call('LINDEX', key, 0)
  local expired_to = now - age
  local history = {'0', string.format('%.0f', expired_to)}
  local messages = {}
  if head then
    history[1] = string.match(head, '^%d+')
    messages = messages_above(key, math.max(after, expired_to))
  end
  for _, message in ipairs(messages) do bytes = bytes + #message end
  read[i] = messages
  answer[i + 3] = history
end

if bytes > bytes_max then
  local sizes = {}
  for i = 1, histories do
    for _, message in ipairs(read[i]) do
      sizes[#sizes + 1] = {tonumber(sequence_of(message)), #message}
    end
  end
  table.sort(sizes, function(a, b) return a[1] < b[1] end)
  local taken = 0
  for i, size in ipairs(sizes) do
    if i > 1 and taken + size[2] > bytes_max then break end
    taken, complete_to = taken + size[2], size[1]
  end
end

answer[2] = string.format('%.0f', complete_to)
for i = 1, histories do
  local messages, history = read[i], answer[i + 3]
  for j = #messages, 1, -1 do
    if tonumber(sequence_of(messages[j])) > complete_to then break end
    history[#history + 1] = messages[j]
  end
end
for i = histories + 2, #KEYS do
  answer[#answer + 1] =
    redis.call('HMGET', KEYS[i], 'number', 'version', 'metadata', 'groups', 'left')
end
return answer

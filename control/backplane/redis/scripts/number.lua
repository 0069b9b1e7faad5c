-- What the scripts share, behind `#!lua` and the words for pub/sub. Without flags Redis refuses a script before it begins when it could not
-- write (OOM, READONLY, MISCONF; Redis, "Lua scripts: script flags").
-- KEYS[1]: the cluster's number. ARGV[1]: run id of this Redis. ARGV[2]: the epoch to begin if one
-- must begin.

local run_id_length, epoch_length = 40, 8

local function time_us()
  local time = redis.call('TIME')
  return time[1] * 1000000 + time[2]
end

-- One sequence for the cluster: the time of Redis in microseconds, or the last number plus one. What
-- another run of Redis had may be lost, so its epoch ends with it.
local function next_number()
  local now = time_us()
  local state = redis.call('GET', KEYS[1])
  local epoch, sequence = ARGV[2], now
  if state then
    if string.sub(state, 1, run_id_length) == ARGV[1] then
      epoch = string.sub(state, run_id_length + 1, run_id_length + epoch_length)
    end
    sequence = math.max(now, tonumber(string.sub(state, run_id_length + epoch_length + 2)) + 1)
  end
  return epoch .. '-' .. string.format('%016.0f', sequence), now
end

-- The last number that was given. The first script of another run of Redis begins its epoch.
local function last_number()
  local state = redis.call('GET', KEYS[1])
  if state and string.sub(state, 1, run_id_length) == ARGV[1] then
    return string.sub(state, run_id_length + 1), time_us()
  end
  local number, now = next_number()
  redis.call('SET', KEYS[1], ARGV[1] .. number)
  return number, now
end

-- A channel's history is a list: first `TRIMMED_TO BYTES`, what was cut last and how large the rest
-- is, then the messages as they were published. An almost empty list takes a tenth of the memory of
-- an almost empty stream.
local function sequence_of(message)
  return string.match(message, '^%w+%-(%d+) ')
end

-- Publishes first and touches keys after it, so that a publish that is refused leaves no trace.
-- `finish` runs when the message is out: its errors are no proof that nothing was sent.
local function publish_numbered(channel, payload, finish)
  local number, now = next_number()
  redis.call(publish, channel, number .. ' ' .. payload)
  local is_ok, answer = pcall(function()
    redis.call('SET', KEYS[1], ARGV[1] .. number)
    return finish(number, now)
  end)
  if is_ok then return answer end
  local text = type(answer) == 'table' and answer.err or tostring(answer)
  return redis.error_reply('PUBLISHED ' .. text)
end

-- PUBLISH's own count would include patterns of strangers.
local function count_subscribers(channel)
  return redis.call('PUBSUB', numsub, channel)[2]
end

-- Replicas that reported within 5 s although nobody listens on their own channel, which is the last
-- that a replica subscribes: they hear nothing.
local function count_deaf(members_key, now, replica_prefix)
  local alive = redis.call('ZRANGEBYSCORE', members_key, now - 5000000, '+inf')
  if #alive == 0 then return 0 end
  for i, replica_id in ipairs(alive) do alive[i] = replica_prefix .. replica_id end
  local counts = redis.call('PUBSUB', numsub, unpack(alive))
  local deaf = 0
  for i = 2, #counts, 2 do
    if counts[i] == 0 then deaf = deaf + 1 end
  end
  return deaf
end

-- Stores a client's record if it is still what the change was made from, and tells the client's
-- channel. Groups are lines `NUMBER NAME`; names hold no space.
-- KEYS[2]: members. KEYS[3]: the record.
-- ARGV[3]: channel. ARGV[4]: payload. ARGV[5]: prefix of replicas' own channels. ARGV[6]: the number
-- of the change that the record must be of, empty for none. ARGV[7]: its time to live in ms.
-- ARGV[8], ARGV[9]: the metadata's version, and the metadata. ARGV[10], ARGV[11]: the groups and the
-- left ones whose numbers stay. ARGV[12]: how many groups are new; then these, then those newly left.
-- Returns the number, receivers and deaf replicas; nothing (nil) when the record is another.

local present = redis.call('HGET', KEYS[3], 'number') or ''
if present ~= ARGV[6] then return false end

local first, joined = 13, tonumber(ARGV[12])

local function lines(kept, from, to, number)
  local parts = {kept}
  for i = from, to do parts[#parts + 1] = number .. ' ' .. ARGV[i] .. '\n' end
  return table.concat(parts)
end

return publish_numbered(ARGV[3], ARGV[4], function(number, now)
  redis.call('HSET', KEYS[3], 'number', number, 'version', ARGV[8], 'metadata', ARGV[9],
    'groups', lines(ARGV[10], first, first + joined - 1, number),
    'left', lines(ARGV[11], first + joined, #ARGV, number))
  redis.call('PEXPIRE', KEYS[3], ARGV[7])
  return {number, count_subscribers(ARGV[3]), count_deaf(KEYS[2], now, ARGV[5])}
end)

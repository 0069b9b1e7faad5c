-- A replica ends: it is no member any more, and the others are told.
-- KEYS[2]: members. KEYS[3]: descriptions. KEYS[4]: the claim of its id.
-- ARGV[3]: channel. ARGV[4]: message. ARGV[5]: replica id. ARGV[6]: what tells this process from
-- another with the same id.

if redis.call('GET', KEYS[4]) ~= ARGV[6] then return 0 end
redis.call(publish, ARGV[3], ARGV[4])
redis.call('DEL', KEYS[4])
redis.call('ZREM', KEYS[2], ARGV[5])
redis.call('HDEL', KEYS[3], ARGV[5])
return 1

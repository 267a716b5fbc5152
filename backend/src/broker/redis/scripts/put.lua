-- Writes a record if it has the expected version.
-- KEYS: 1 record  2 index of its kind
-- ARGV: 1 expected version, empty for any  2 value  3 expiry in ms, empty for none  4 name
--       5 how many entries the room keeps, empty for any other record
-- Returns {1, new version} or {0, the version it has}.
local have = tonumber(redis.call('HGET', KEYS[1], 'r') or '0')
if ARGV[1] ~= '' and tonumber(ARGV[1]) ~= have then return {0, have} end
redis.call('HSET', KEYS[1], 'r', string.format('%.0f', have + 1), 'd', ARGV[2])
if ARGV[3] == '' then redis.call('PERSIST', KEYS[1]) else redis.call('PEXPIRE', KEYS[1], ARGV[3]) end
if ARGV[5] == '' then redis.call('HDEL', KEYS[1], 'm') else redis.call('HSET', KEYS[1], 'm', ARGV[5]) end
redis.call('ZADD', KEYS[2], 0, ARGV[4])
return {1, have + 1}
